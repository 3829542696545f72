#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The reports of real runs: `run --report` and IPVS_ISO_REPORT_DIR.

load helper

setup() {
	export IPVS_ISO_KERNEL=host
	isolate_state
	clean_table
}

teardown() {
	[ -z "${full-}" ] || umount "$full"
	clean_table
}

# What the kernel leaves to its connections, and how long it all took, is not looked at.
leave_things='ipvsadm -A -f 7 -s rr; ipvsadm -a -f 7 -r 10.0.0.1 -w 3; ipvsadm --set 60 10 30'

@test "run --report: every format of one run, written with the caller's umask, also with --user" {
	umask 027
	capture ipvs-iso run --user nobody --unit clean --unit fails --report run.json --report run.xml --report run.tap \
		--report run.md --report run.html --report run.txt --report github -- sh -c 'echo said by {}; test {} = clean'
	assert_status 1
	assert_contains "$stderr" '::error title=FAIL fails::exit status 1'
	assert_same $'640 root run.html\n640 root run.json\n640 root run.md\n640 root run.tap\n640 root run.txt\n640 root run.xml' \
		"$(stat -c '%a %U %n' run.*)"
	assert_same $'said by clean\nsaid by fails' "$output"
	assert_contains "$(<run.txt)" $'exit status 1\n         | said by fails\n'
	# What the run wrote is what its result makes.
	local format
	for format in text:txt junit:xml tap:tap html:html; do
		ipvs-iso report -f "${format%:*}" run.json | cmp - "run.${format#*:}"
	done
}

@test "run --report: to standard output, to a pipe, and to one whose reader comes late" {
	capture ipvs-iso run --report - --report tap:/dev/stderr -- echo said
	assert_status 0
	assert_matches "$output" $'said\n    PASS \\[[^]]*] echo said\n SUMMARY 1 unit: 1 passed; [0-9.]+ s'
	assert_contains "$stderr" $'TAP version 14\n1..1\n'
	mkfifo pipe.json
	(until [ -e ran ]; do :; done; exec cat pipe.json >received.json) &
	ipvs-iso run --report pipe.json --report run.json -- touch ran
	wait $!
	cmp received.json run.json
	[ -p pipe.json ]
}

@test "run --report: a signal ends the wait for a pipe's reader, and what is not written is named" {
	mkfifo pipe.json slow.json
	# Once another report is there, nothing but the reader is waited for.
	background ipvs-iso run --report tap:first.tap --report pipe.json --report last.json -- sh -c 'exit 7'
	wait_until test -s first.tap
	kill -TERM "$job"
	wait_for_job
	assert_status 143
	assert_contains "$stderr" 'ipvs-iso: cannot write pipe.json: nobody reads this pipe: a signal ended the wait'
	[ -p pipe.json ]
	ipvs-iso report -f text last.json

	# One that takes nothing, where the pipe has no room for all.
	exec 8<>slow.json
	background ipvs-iso run -q --report tap:second.tap --report slow.json -- seq 40000
	wait_until test -s second.tap
	kill -INT "$job"
	wait_for_job
	exec 8>&-
	assert_status 130
	assert_same 'ipvs-iso: cannot write all of slow.json: its reader takes no more: a signal ended the wait' "$stderr"

	# Trouble counts more, and each is named.
	mkdir gone
	background ipvs-iso run -q --report tap:third.tap --report pipe.json --report gone/a.json --report gone/b.json \
		-- rm -r gone
	wait_until test -s third.tap
	kill -TERM "$job"
	wait_for_job
	assert_status 125
	assert_matches "$stderr" 'ipvs-iso: cannot write pipe.json: .*
ipvs-iso: cannot write gone/a.json: .*
ipvs-iso: cannot write gone/b.json: .*'
}

@test "run --report: residue in the words of ipvsadm, and whether it fails the run" {
	capture ipvs-iso run --fail-on timeouts --report run.json -- sh -c "$leave_things"
	assert_status 123
	capture ipvs-iso report -f junit run.json
	assert_contains "$output" 'message="left residue:&#10;timeouts changed: --set 60 10 30 (was: --set 900 120 300)"' \
		$'does not fail the run:\nservices left: -A -f 7 -s rr\ndestinations left: -a -f 7 -r 10.0.0.1:0 -g -w 3</system-err>'
}

@test "report --verdict: shards of real runs end as the one run of all" {
	local units=(--unit a --unit b --unit c --unit d --unit e --unit f) shard
	# b fails before d in the given order, whatever order they ran in; and failures come before residue.
	local work='case {} in b) exit 4 ;; d) exit 5 ;; e) ipvsadm -A -f 1 ;; esac'
	capture ipvs-iso run -q --order shuffle:3 "${units[@]}" -- sh -c "$work"
	assert_status 4
	for shard in 1 2 3; do
		capture ipvs-iso run -q --order shuffle --shard $shard/3 "${units[@]}" --report $shard.json -- sh -c "$work"
	done
	capture ipvs-iso report --verdict 3.json 1.json 2.json
	assert_status 4
	assert_contains "$stderr" 'ipvs-iso: 6 units: 3 passed, 1 left residue, 2 failed'
	capture ipvs-iso report --verdict 3.json 2.json
	assert_status 125
	assert_contains "$stderr" 'ipvs-iso: shard 1 of 3 is missing'
}

@test "run: with --order shuffle the status is that of the first in the given order, and what was not reached is named" {
	local seed
	for seed in 1 2 3 4; do
		capture ipvs-iso run -q --order shuffle:$seed --unit 3 --unit 4 --unit 5 -- sh -c 'exit {}'
		assert_status 3
	done
	capture ipvs-iso run --fail-fast --unit 0 --unit 1 --unit 2 --report run.json -- sh -c 'exit {}'
	assert_status 1
	assert_contains "$stderr" $'--------\n    SKIP [   0.000s] 2: not reached: a unit did not pass, with which the run was to end\n    FAIL'
	capture ipvs-iso report -f junit run.json
	assert_contains "$output" 'tests="3" failures="1" errors="0" skipped="1"' '<skipped message="not reached: a unit did not pass'
}

@test "IPVS_ISO_REPORT_DIR: each run adds its result, and report makes one of them" {
	export IPVS_ISO_REPORT_DIR=$PWD/results
	ipvs-iso run -- true
	capture ipvs-iso run -- sh -c "$leave_things"
	assert_status 123
	unset IPVS_ISO_REPORT_DIR
	capture ipvs-iso report results
	assert_status 0
	assert_matches "$output" "    PASS \[ *[0-9.]+s\] true
 RESIDUE \[ *[0-9.]+s\] sh -c .*
                     services     left     -A -f 7 -s rr
                     destinations left     -a -f 7 -r 10.0.0.1:0 -g -w 3
                     timeouts     changed  --set 60 10 30 \(was: --set 900 120 300\)
 SUMMARY 2 units: 1 passed, 1 left residue; [0-9.]+ s
         residue: services 1, destinations 1, timeouts 1"
}

@test "IPVS_ISO_REPORT_DIR: of 'go test -exec' each package is a unit, and those of one that ran twice are kept apart" {
	mkdir -p module/api/store module/store build
	echo 'module example.org/balancer' >module/go.mod
	printf '#!/bin/sh\n%s\n' '[ "$(basename "$PWD")" = store ] || exit 1' >build/store.test
	chmod +x build/store.test
	local folder
	# As go test starts them: built elsewhere, in the folder of the package.
	for folder in module/api/store module/store module/store module; do
		(cd "$folder" && IPVS_ISO_REPORT_DIR=$OLDPWD/results ipvs-iso run -q -- "$OLDPWD/build/store.test" -test.v) || :
	done
	capture ipvs-iso report results
	assert_matches "$output" "    PASS \[[^]]*] example.org/balancer/api/store
    PASS \[[^]]*] example.org/balancer/store
    PASS \[[^]]*] example.org/balancer/store
    FAIL \[[^]]*] example.org/balancer: exit status 1
 SUMMARY 4 units: 3 passed, 1 failed; [0-9.]+ s"
	capture ipvs-iso report -f junit results
	assert_contains "$output" 'name="example.org/balancer/api/store"' 'name="example.org/balancer/store"' \
		'name="example.org/balancer/store (2)"' 'name="example.org/balancer"'
}

@test "what a unit prints and finds no room to be kept: 125, the directory and what chooses it are named" {
	full=$PWD/full
	mkdir full
	mount -t tmpfs -o size=8k tmpfs full
	export TMPDIR=$full
	capture ipvs-iso run --output on-failure -- head -c 100000 /dev/zero
	assert_status 125
	assert_contains "$stderr" "cannot keep what the unit printed in $full: No space left on device" 'TMPDIR'
	TMPDIR=$PWD ipvs-iso run --output on-failure -- head -c 100000 /dev/zero
}

@test "a report that finds no room: 125, the old one stays, and the table is back" {
	full=$PWD/full
	mkdir full
	mount -t tmpfs -o size=8k tmpfs full
	echo old >full/run.html
	fill_table
	ipvs-iso snapshot -o before.json
	capture ipvs-iso run --report full/run.html --report run.json -- ipvsadm -C
	assert_status 125
	assert_contains "$stderr" 'cannot write full/run.html: No space left on device'
	ipvs-iso check before.json
	assert_same $'old\nrun.html' "$(cat full/run.html; ls -A full)"
	# The other one is there all the same.
	ipvs-iso report run.json
}
