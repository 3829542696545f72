#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
}

teardown() {
	end_background
	clean_table
}

# status would boot the embedded kernel to see whether it works, and inside of itself that takes long. So it runs where there
# is none: where its program is a file that cannot be executed.
status_without_uml() {
	capture unshare --mount sh -c '
		mount --bind /dev/null "$(readlink -f "$(command -v linux.uml)")" && exec ipvs-iso status'
	assert_status 0
	assert_same '' "$stderr"
}

@test "status of a host at rest: the lock is free, there is no journal, IPVS works" {
	fill_table
	local before
	before=$(table)
	status_without_uml
	assert_contains "$output" 'lock           free
journal        none: no run owes this host its table
kernel host    works: 2 services, 3 destinations, 0 sync daemons
kernel uml     no: the embedded kernel is not here: there is no /usr/bin/linux.uml
               install the package user-mode-linux: '
	assert_same "$before" "$(table)"
}

@test "status says why the host's IPVS cannot be used, and what would help" {
	capture unshare --mount sh -c '
		mount --bind /dev/null "$(readlink -f "$(command -v linux.uml)")" &&
		exec setpriv --bounding-set -net_admin ipvs-iso status'
	assert_status 0
	assert_contains "$output" "kernel host    no: no permission for this kernel's IPVS: CAP_NET_ADMIN" '
               run it as root'
}

@test "status says who holds the lock, since when, and that there is a journal" {
	background_run -- 'ipvsadm -A -f 6'
	status_without_uml
	assert_matches "$output" "lock           held by process $job since [0-9-]+ [0-9:]+: bash -c ipvsadm -A -f 6.*"
	assert_contains "$output" "
journal        there is one, in $IPVS_ISO_STATE_DIR/" \
		'works: 1 service, 0 destinations, 0 sync daemons'

	# A run that was killed leaves the journal.
	kill -KILL "$job" "$unit"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	status_without_uml
	assert_contains "$output" 'lock           free
journal        there is one, in ' 'ipvs-iso recover'
}
