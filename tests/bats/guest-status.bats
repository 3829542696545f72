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

@test "status of a host at rest: the lock is free, there is no journal, IPVS works" {
	fill_table
	local before
	before=$(table)
	capture ipvs-iso status
	assert_status 0
	assert_matches "$output" 'lock           free
journal        none: no run owes this host its table
kernel host    works: 2 services, 3 destinations, 0 sync daemons
  lock         works
  netns        works: ready in [0-9.]+ s
kernel uml     no: this is the embedded kernel already, and it does not run inside itself
               use the IPVS that it has: --kernel host'
	assert_same '' "$stderr"
	assert_same "$before" "$(table)"
	# It has only looked.
	[ ! -e "$IPVS_ISO_STATE_DIR" ]
}

@test "status says why the host's IPVS cannot be used, and what would help" {
	capture setpriv --bounding-set -net_admin ipvs-iso status
	assert_status 0
	assert_contains "$output" "kernel host    no: no permission for this kernel's IPVS: CAP_NET_ADMIN" '
               run it as root'

	# Without CAP_SYS_ADMIN there is IPVS, but no namespace.
	capture setpriv --bounding-set -sys_admin ipvs-iso status
	assert_contains "$output" 'kernel host    works' '
  lock         works' '
  netns        no: cannot make namespaces for a unit: Operation not permitted
               run it as root with CAP_SYS_ADMIN'
}

@test "status says who holds the lock, since when, and that there is a journal" {
	local moment='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'
	background_run -- 'ipvsadm -A -f 6'
	capture ipvs-iso status
	assert_status 0
	assert_matches "$output" "lock           held by process $job \(bash -c ipvsadm -A -f 6.*\), since $moment
.*"
	assert_contains "$output" "
journal        $IPVS_ISO_STATE_DIR/" ": that of the run that is under way" \
		'works: 1 service, 0 destinations, 0 sync daemons'

	# A run that was killed leaves the journal.
	kill -KILL "$job" "$unit"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	capture ipvs-iso status
	assert_status 0
	assert_contains "$output" 'lock           free
journal        ' ": a run was killed before it could put the table back
               to put it back: ipvs-iso recover
"
}
