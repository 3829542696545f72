#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `ipvs-iso run --jobs N --kernel uml`: several guests at once. What concerns sandboxes is in guest-sandbox.bats.

load helper

setup() {
	isolate_state
}

teardown() {
	end_background
}

needs_guest() {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
}

limited() {
	timeout --kill-after=5 40 "$@"
}

@test "jobs: guests run units at once, each one after another; output is kept together, results are in the plan's order" {
	needs_guest
	# Each of the first two waits for the other, in another kernel; the third and the fourth come in one of those.
	# shellcheck disable=SC2016
	capture limited ipvs-iso run --kernel uml --jobs 2 --unit 1 --unit 2 --unit 3 --unit 4 -- bash -c '
		wait_for() { until [ -e "$1" ]; do sleep 0.02; done; }
		echo "$1 begins"
		read -r _ && echo "somebody gave input"
		cat /proc/sys/kernel/random/boot_id >boot."$1"
		case $1 in
		1) wait_for boot.2; wait_for boot.3 ;; # which begins when 2 has ended
		2) wait_for boot.1 ;;
		4) ipvsadm -A -f 4 ;;
		esac
		echo "$1 ends"
		exit "$((3 - $1 < 0 ? 0 : 3 - $1))"' bash < <(echo input)
	assert_status 2 # of unit 1, though 2 failed before
	assert_same $'2 begins\n2 ends' "${output:0:15}"
	assert_same "$(printf '%s begins\n%s ends\n' 1 1 2 2 3 3 4 4)" "$(sort -s -k 1,1 <<<"$output")"
	assert_contains "$stderr" '4 units on uml ' '1: exit status 2' '2: exit status 1' '-A -f 4 -s wlc' \
		'4 units: 1 passed, 1 left residue, 2 failed'
	assert_same 2 "$(sort -u boot.? | wc -l)"
}

@test "jobs: of guests nothing is left when the run is killed, or ended by a signal" {
	needs_guest
	local signal kernels
	for signal in KILL TERM; do
		rm -f ready.*
		background ipvs-iso run --kernel uml --jobs 2 --unit 1 --unit 2 --unit 3 -- \
			sh -c 'echo >"ready.$1"; exec sleep 600' sh
		wait_until eval '[ -e ready.1 ] && [ -e ready.2 ]'
		kernels=$(kernel_processes "$job")
		[ -n "$kernels" ]
		kill -"$signal" "$job"
		wait_for_job
		assert_same $((128 + $(kill -l "$signal"))) "$status"
		# shellcheck disable=SC2086
		wait_until all_gone $kernels
		[ ! -e ready.3 ]
	done
}

@test "jobs: each guest keeps to a processor of its own while there are enough, also those of other runs" {
	needs_guest
	# Where no guest of another test has one: root's places are in /run, everybody else's here.
	local processors few process apart=()
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
	if [ "$(id -u)" -eq 0 ]; then
		apart=(unshare --mount sh -c 'mount -t tmpfs none /run && exec "$@"' sh)
		"${apart[@]}" true 2>/dev/null || skip 'no mount namespace can be made here'
	fi
	processors=$(/usr/bin/python3 -S -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')
	few=$(taskset -c "$processors" nproc)
	# shellcheck disable=SC2016 # for the shell inside
	background "${apart[@]}" taskset -c "$processors" sh -c '
		timeout 100 ipvs-iso run --kernel uml --unit alone -- sh -c "echo >ready.alone; exec sleep 600" &
		until [ -e ready.alone ]; do sleep 0.05; done
		exec ipvs-iso run --kernel uml --jobs "$1" --units-from "seq $1" -- sh -c "echo >ready.\$1; exec sleep 600" sh' \
		sh "$few"
	wait_until eval '[ "$(ls ready.* 2>/dev/null | wc -l)" -eq '$((few + 1))' ]'
	for process in $(kernel_processes "$job"); do
		sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$process/status"
	done | sort >kept
	# shellcheck disable=SC2046 # words on purpose: the other run is its child, as are its workers
	kill -TERM $(pgrep -P "$job") "$job"
	wait_for_job
	uniq -c kept
	# One has come too late and is anywhere.
	assert_same "$processors" "$(grep -x '[0-9]*' kept | uniq | paste -sd ,)"
	[ "$few" -eq 1 ] || assert_same 1 "$(grep -vx '[0-9]*' kept | uniq | wc -l)"
}

@test "jobs: a guest that dies takes only its own unit with it" {
	needs_guest
	capture limited ipvs-iso run --kernel uml --jobs 2 --unit crash --unit 2 --unit 3 -- \
		sh -c 'if [ "$1" = crash ]; then echo c >/proc/sysrq-trigger; sleep 60; fi; echo "$1 ran"' sh
	assert_status 125
	assert_same $'2 ran\n3 ran' "$output"
	assert_contains "$stderr" "crash: the guest's kernel died" '3 units: 2 passed, 1 could not be run'
}

@test "jobs, isolation and output: a value that is none is said to be none" {
	local option
	for option in --jobs=0 --jobs=two --jobs=2x --jobs=-1 --jobs=99999999999999999999; do
		capture ipvs-iso run "$option" true
		assert_status 125
		assert_contains "$stderr" "${option#*=}' is no number of jobs; write one from 1 to 4096"
	done
	capture ipvs-iso run -i net true
	assert_status 125
	assert_contains "$stderr" "there is no isolation 'net'; there are lock and netns"
	capture env IPVS_ISO_ISOLATION=net ipvs-iso run true
	assert_status 125
	assert_contains "$stderr" "IPVS_ISO_ISOLATION: there is no isolation 'net'"
	capture ipvs-iso run --output=maybe true
	assert_status 125
	assert_contains "$stderr" "not 'maybe'"
}
