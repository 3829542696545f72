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
	fill_table
	local spoil moment='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'
	background_run -- 'ipvsadm -A -f 6'
	capture ipvs-iso status
	assert_status 0
	assert_matches "$output" "lock           held by process $job \(bash -c ipvsadm -A -f 6.*\), since $moment
.*"
	assert_contains "$output" "
journal        $IPVS_ISO_STATE_DIR/" ": that of the run that is under way" \
		'the table in it: 2 services, 3 destinations, 0 sync daemons' \
		'works: 1 service, 0 destinations, 0 sync daemons'

	# A run that was killed leaves the journal.
	kill -KILL "$job" "$unit"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	capture ipvs-iso status
	assert_status 0
	assert_contains "$output" 'lock           free
journal        ' ": a run was killed before it could put the table back
               to put it back: ipvs-iso recover
               the table in it: 2 services, 3 destinations, 0 sync daemons
kernel host    works: 1 service, 0 destinations, "

	# Whatever has become of it, status tells what recover will say.
	local journal what
	journal=$(echo "$IPVS_ISO_STATE_DIR"/*/journal.json)
	while IFS='|' read -r spoil what; do
		cp -p "$journal" kept
		eval "$spoil"
		capture ipvs-iso status
		assert_status 0
		assert_contains "$output" "
               it cannot be read, and until it can, nothing will change the table: " "$what"
		mv kept "$journal"
	done <<-'WAYS'
		:>"$journal"|journal.json does not end with the checksum of what is before it: it was changed or cut short
		truncate -s 300 "$journal"|journal.json does not end with the checksum
		sed -i s/sloppy_tcp/sloppy_tcq/ "$journal"|journal.json does not end with the checksum
		chown 65534 "$journal"|is not a regular file of ours
		ln -sf /etc/passwd "$journal"|Too many levels of symbolic links
	WAYS
	capture ipvs-iso recover
	assert_status 0
}

@test "status of a state directory that cannot be trusted says so, and what to do" {
	mkdir "$IPVS_ISO_STATE_DIR"
	chmod 777 "$IPVS_ISO_STATE_DIR"
	capture ipvs-iso status
	assert_status 0
	assert_contains "$output" "lock           no: others may write to $IPVS_ISO_STATE_DIR, so nothing in it can be trusted
               see that what is in it is yours, then: chmod 700 $IPVS_ISO_STATE_DIR"
	chmod 700 "$IPVS_ISO_STATE_DIR"
	chown 65534 "$IPVS_ISO_STATE_DIR"
	capture ipvs-iso status
	assert_status 0
	assert_contains "$output" "lock           no: $IPVS_ISO_STATE_DIR belongs to user 65534, not to user 0, who runs this
               run as the user that it belongs to"
	capture setpriv --reuid 65533 --clear-groups ipvs-iso status
	assert_status 0
	assert_contains "$output" "lock           no: cannot open the folder $IPVS_ISO_STATE_DIR: Permission denied
               run as the user that it belongs to, or set IPVS_ISO_STATE_DIR to a folder of your own" \
		"kernel host    no: no permission for this kernel's IPVS"
}
