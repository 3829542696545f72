#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# --isolation netns and --jobs: a table for each unit. SANDBOXES says how many at once the largest test has.

load helper

setup() {
	isolate_state
	mount --make-rshared / # as systemd makes it on hosts: what is mounted in one namespace appears in others
	namespaces_before=$(namespaces)
	mounts_before=$(</proc/self/mountinfo)
}

teardown() {
	end_background
	clean_table
}

# The namespaces that processes are in, by kind and number.
namespaces() {
	readlink /proc/[0-9]*/ns/{net,mnt,pid} 2>/dev/null | sort -u
}

processes() {
	local all=(/proc/[0-9]*)
	echo ${#all[@]}
}

assert_nothing_left() {
	assert_same "$namespaces_before" "$(namespaces)"
	assert_same "$mounts_before" "$(</proc/self/mountinfo)"
	assert_same '' "$(find "$IPVS_ISO_STATE_DIR" -mindepth 1)"
}

# Two meeting points: units that say `meet` wait until the test says `go N`.
make_meeting() {
	mkfifo arrived leave
	exec 8<>arrived 9<>leave
	export MEET='echo >arrived; read -r _ <leave'
}

wait_for_units() {
	local i
	for ((i = 0; i < $1; i++)); do read -r -t 60 -u 8; done
}

let_go() {
	local i
	for ((i = 0; i < $1; i++)); do echo >&9; done
}

@test "netns: a unit has a table, sysctls, links and processes of its own; the host's busy table is not touched" {
	fill_table
	local before
	before=$(table)
	echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn
	make_meeting
	cat >unit.sh <<-'SCRIPT'
		ipvsadm -Sn
		cat /proc/sys/net/ipv4/vs/expire_nodest_conn
		echo /sys/class/net/* $$
		ipvsadm -A -f 5
		ipvsadm -a -f 5 -r 127.0.0.1
		echo 1 >/proc/sys/net/ipv4/vs/expire_quiescent_template
		ip link add dummy7 type dummy
		mount -t tmpfs none /mnt
		setsid sleep 600 &
		eval "$MEET"
	SCRIPT
	background ipvs-iso run --isolation netns sh unit.sh
	wait_for_units 1
	# Somebody else may write to the host's table meanwhile: it is none of the run's business.
	ipvsadm -A -f 99
	ipvsadm -D -f 99
	capture ipvs-iso status
	assert_contains "$output" 'free'
	let_go 1
	wait_for_job
	assert_status 123
	assert_matches "$output" $'0\n/sys/class/net/lo [0-9]+'
	assert_contains "$stderr" 'services     left     -A -f 5 -s wlc' 'sysctl       changed ' \
		'processes    left     process ' ': sleep 600'
	assert_lacks "$stderr" 'fwmark 99' 'dummy'
	assert_same "$before" "$(table)"
	assert_same 1 "$(</proc/sys/net/ipv4/vs/expire_nodest_conn)"
	echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn
	[ ! -e /sys/class/net/dummy7 ]
	assert_nothing_left
}

@test "netns: many sandboxes at once, each with its own services only, and nothing is left of them" {
	local count=${SANDBOXES:-32}
	make_meeting
	background ipvs-iso run --quiet --isolation netns --jobs "$count" --fail-on none --units-from "seq $count" -- \
		bash -c 'ipvsadm -A -f "$1"; eval "$MEET"; while read -r kind mark rest; do
			[ "$kind" != FWM ] || echo "$1 sees $((16#$mark))"; done </proc/net/ip_vs' bash
	wait_for_units "$count" # all of them are there at this time
	assert_same $((count + 1)) "$(namespaces | grep -c ^net:)"
	let_go "$count"
	wait_for_job
	assert_status 0
	assert_same "$(seq "$count" | sed 's/.*/& sees &/')" "$(sort -n <<<"$output")"
	assert_nothing_left
}

@test "netns: more at once than the limit of open files seems to allow; units keep that limit; a lower one is told" {
	capture bash -c 'ulimit -Sn 40 && exec timeout -k 1 60 ipvs-iso run -q -i netns -j 8 --units-from "seq 8" -- \
		sh -c "ulimit -Sn"'
	assert_status 0
	assert_same "$(yes 40 | head -n 8)" "$output"
	capture bash -c 'ulimit -n 40 && exec timeout -k 1 60 ipvs-iso run -q -i netns -j 8 --units-from "seq 8" -- true'
	assert_status 125
	assert_contains "$stderr" '8 units at once cannot be had: ' 'no more than 40 may be' 'fewer jobs'
}

@test "netns: a run that is killed leaves nothing, whatever its units started" {
	local before
	before=$(processes)
	make_meeting
	background ipvs-iso run --isolation netns --jobs 16 --units-from 'seq 16' -- \
		bash -c 'ipvsadm -A -f "$1"; trap "" TERM HUP; (setsid sleep 600 &) ; eval "$MEET"' bash
	wait_for_units 16
	[ "$(processes)" -gt $((before + 40)) ]
	kill -KILL "$job"
	wait_for_job
	assert_status 137
	wait_until eval '[ "$(processes)" -le "$before" ]'
	assert_nothing_left
}

@test "netns: output of units that run at once is kept together, results are in the plan's order" {
	make_meeting
	mkfifo last
	exec 7<>last
	# The first one ends last.
	background ipvs-iso run --isolation netns -j 2 --unit 3 --unit 4 -- bash -c '
		echo "$1 begins"
		echo "$1 complains" >&2
		eval "$MEET"
		if [ "$1" = 3 ]; then read -r _ <last; fi
		echo "$1 ends"
		exit "$1"' bash
	wait_for_units 2
	let_go 2
	wait_until grep -q 'exit status 4' job.stderr
	assert_same $'4 begins\n4 ends' "$(<job.stdout)"
	echo >&7
	wait_for_job
	assert_status 3 # the first that failed, not the first that ended
	assert_same $'4 begins\n4 ends\n3 begins\n3 ends' "$output"
	assert_matches "$stderr" '.*
4 complains
    FAIL .* 4: exit status 4
3 complains
    FAIL .* 3: exit status 3
.*'
}

# Interrupts the last background job; whether it has ended.
ended_by_interrupts() {
	! kill -INT "$job" 2>/dev/null
}

@test "netns: a signal reaches all units, and ends the run with 128 + n; the second one kills" {
	make_meeting
	# bash can miss a signal that comes just before it begins to read; sleep gets it too, and wait ends with that.
	background ipvs-iso run --isolation netns -j 3 --units-from 'seq 9' -- \
		bash -c 'trap "echo \"\$1 got it\"; exit 0" TERM; sleep 600 & echo >arrived; wait' bash
	wait_for_units 3
	kill -TERM "$job"
	wait_for_job
	assert_status 143
	assert_same $'1 got it\n2 got it\n3 got it' "$(sort <<<"$output")"
	assert_contains "$stderr" '3 passed, 6 not reached'

	background ipvs-iso run --isolation netns -j 2 --units-from 'seq 2' -- bash -c 'trap "" INT; eval "$MEET"' bash
	wait_for_units 2
	# Two that come before the first is seen are one.
	wait_until ended_by_interrupts
	wait_for_job
	assert_status 130
	assert_nothing_left
}

@test "netns: time limits, fixtures, --user, missing commands and runs inside work as on a shared table" {
	capture ipvs-iso run -i netns --timeout 0.3 sleep 600
	assert_status 124
	capture ipvs-iso run -i netns no-such-command
	assert_status 127
	fill_table
	ipvs-iso snapshot -o fixture.json
	ipvsadm -C
	capture ipvs-iso run -i netns --fixture fixture.json -- ipvsadm -Sn
	assert_status 0
	assert_contains "$output" '-A -t 10.9.0.1:443 -s wrr'
	capture ipvs-iso run -i netns --user nobody -- sh -c 'id -un; ipvsadm -A -f 1'
	assert_status 2
	assert_same nobody "$output"
	# A run inside of a sandbox is nested in its session; a sandbox inside of a run is not.
	capture ipvs-iso run -i netns -- ipvs-iso run -- sh -c 'echo "$IPVS_ISO_LOCK_FD"'
	assert_matches "$output" '[0-9]+,[0-9]+'
	capture ipvs-iso run -- ipvs-iso run -i netns -- sh -c 'echo "$IPVS_ISO_LOCK_FD"'
	assert_matches "$output" '[0-9]+'
	capture ipvs-iso run -i netns -- ipvs-iso run -i netns -j 2 --unit a --unit b -- sh -c 'ipvsadm -Sn; echo'
	assert_status 0
	capture env IPVS_ISO_ISOLATION=netns ipvs-iso run -- sh -c 'echo $$'
	assert_matches "$output" '[0-9]{1,2}'
}

@test "netns: /run is the unit's own, but for the system's daemons and what the unit is told to use there" {
	mkdir -p /run/test/{work,bin,home,state} /run/test-other /run/dbus
	ip netns add ns0
	echo 4711 >/run/test.pid
	ln -sfn /run/test/bin /run/test-link
	echo here >/run/dbus/test
	printf '#!/bin/sh\necho "program $*"\n' >/run/test/bin/program
	chmod +x /run/test/bin/program
	cat >/run/test/work/unit.sh <<-'SCRIPT'
		echo 1 >file
		[ "$(cat file)" = 1 ] && [ "$PWD" = /run/test/work ]
		[ ! -e /run/test.pid ] && [ ! -e /run/test-other ] && [ ! -e /run/test/state ]
		echo $$ >/run/test.pid
		! ip netns | grep . || exit 1
		! ip netns del ns0 2>/dev/null || exit 1
		ip netns add ns1
		ip netns exec ns1 true
		[ "$(stat -c %a /run /run/lock | tr '\n' ' ')" = '755 1777 ' ]
		[ "$(stat -f -c %T /run/lock)" = tmpfs ]
		[ "$(cat /run/dbus/test)" = here ]
		[ "$(cd /var/run && pwd -P)" = /run ]
		[ "$(readlink /run/test-link)" = /run/test/bin ]
		[ "$(program)" = 'program ' ]
		ipvs-iso run -- true
		ipvs-iso run -i netns -- test -e /run/dbus/test
	SCRIPT
	cd /run/test/work
	PATH=/run/test/bin:$PATH capture ipvs-iso run -i netns -- bash -e unit.sh
	assert_status 0
	capture ipvs-iso run -i netns -- /run/test/bin/program called
	assert_same 'program called' "$output"
	capture env IPVS_ISO_STATE_DIR=/run/test/state/of-it ipvs-iso run -i netns -- ipvs-iso status
	assert_status 0
	assert_same 4711 "$(</run/test.pid)"
	assert_same 1 "$(</run/test/work/file)"
	ip netns exec ns0 true
	[ ! -e /run/netns/ns1 ]
	ip netns del ns0
	cd / && rm -r /run/test /run/test-other /run/test.pid /run/test-link /run/dbus/test
	mounts_before=$(grep -v ' /run/netns ' <<<"$mounts_before")
	umount /run/netns || :
}

@test "netns: what cannot be had is refused, with the reason and what would help" {
	capture ipvs-iso run --jobs 2 true
	assert_status 125
	assert_contains "$stderr" 'with --isolation lock the units share one table' '--isolation netns' '--kernel uml'
	capture ipvs-iso run -i netns --keep true
	assert_status 125
	capture setpriv --bounding-set -sys_admin ipvs-iso run -k host -i netns true
	assert_status 125
	assert_contains "$stderr" 'cannot make namespaces for a unit: Operation not permitted' '--kernel uml'
}

@test "output: shown always, on failure or never; what a survivor or a gone reader does to it" {
	local when
	for when in always on-failure never; do
		capture ipvs-iso run -q --output $when --unit 0 --unit 1 -- \
			sh -c 'echo "out $1"; echo "err $1" >&2; exit $1' sh
		assert_status 1
		case $when in
		always) assert_same $'out 0\nout 1 err 0\nerr 1' "$output $stderr" ;;
		on-failure) assert_same 'out 1 err 1' "$output $stderr" ;;
		never) assert_same ' ' "$output $stderr" ;;
		esac
	done
	# Residue is a failure, too, and what is left running does not keep the output open.
	capture ipvs-iso run -q --output on-failure --kill-after 0.2 sh -c 'echo out; (trap "" TERM; sleep 600) & :'
	assert_status 123
	assert_same out "$output"
	head -c 300000 /dev/urandom >bytes
	ipvs-iso run -q --output on-failure --fail-on none -- sh -c 'cat bytes; cat bytes >&2; exit 3' >got 2>got.err || status=$?
	assert_same 3 "$status"
	cmp bytes got
	cmp bytes got.err
	status=0
	ipvs-iso run -q --output on-failure sh -c 'echo x; exit 4' >/dev/full 2>stderr || status=$?
	assert_same 125 "$status"
	assert_contains "$(<stderr)" 'cannot write what the unit printed: No space left on device'
}
