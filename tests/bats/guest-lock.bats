#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The lock under pressure.

load helper

setup_file() {
	ipvs_iso_setup
	fill_table
}

teardown_file() {
	ipvs_iso_teardown
}

setup() {
	ipvs_iso_setup
	isolate_state
}

teardown() {
	end_background
	in_session_of_tests ipvs_iso_teardown
}

# IPVS_ISO_TEST_TURNS=4 lets each of them run so often.
@test "of 64 processes that run something no two are in their units together, and every one has its turns" {
	local before i turn jobs=() turns=${IPVS_ISO_TEST_TURNS:-1}
	before=$(table)
	echo 0 >count
	cat >unit <<-'UNIT'
		# A folder can be made only once: whoever finds it there is not alone.
		mkdir inside || echo not alone >>log
		read -r count <count
		echo $((count + 1)) >count # which would lose some of those at the same time
		echo "turn of $1" >>log
		rmdir inside
	UNIT
	for ((i = 0; i < 64; i++)); do
		for ((turn = 0; turn < turns; turn++)); do
			ipvs-iso run -- bash unit $i 2>"told.$i.$turn" || echo "failed: $?" >>log
		done 3>&- &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	assert_lacks "$(<log)" 'not alone' failed
	assert_same $((64 * turns)) "$(<count)"
	assert_same "64 $turns" "$(sort log | uniq -c | awk '{ counts[$1]++ } END { for (n in counts) print counts[n], n }')"
	# Each that waits says once, and nothing else, for whom; one that has just ended may not have been followed yet.
	assert_same 'ipvs-iso: waiting for the lock, held by SOMEBODY, since MOMENT' "$(sed -E '
		s/held by (process [0-9]+|a run whose own process is gone or out of sight) \(bash unit [0-9]+\)/held by SOMEBODY/
		s/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$/MOMENT/' told.* | sort -u)"
	assert_same 1 "$(awk 'FNR > most { most = FNR } END { print most }' told.*)"
	assert_same "$before" "$(table)"
}

@test "--wait is honoured to the second, and then nothing has been done" {
	local begun took dirty
	background_run -- 'ipvsadm -A -f 6'
	dirty=$(table)
	begun=${EPOCHREALTIME/./}
	capture ipvs-iso run --wait 2 -- touch ran
	took=$((${EPOCHREALTIME/./} - begun))
	assert_status 125
	assert_contains "$stderr" "was still held after 2.0 s by process $job ("
	[ $took -ge 2000000 ]
	[ $took -lt 30000000 ] # a machine may be slow
	[ ! -e ran ]
	assert_same "$dirty" "$(table)"
}

# waits_as_told HOLDER COMMAND...: it says for whom it waits, and not longer than --wait, and changes nothing.
waits_as_told() {
	local holder=$1 before
	before=$(table)
	capture ipvs-iso "${@:2}" --wait 0
	assert_status 125
	assert_matches "$stderr" "ipvs-iso: the lock is held by process $holder \\(bash -c .*\\), since [0-9: -]{19}
          wait longer for it \\(--wait\\), or end what holds it; 'ipvs-iso status' names it"
	capture ipvs-iso "${@:2}" --wait 200ms
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: waiting for the lock, held by process $holder (bash -c " \
		"ipvs-iso: the lock was still held after 0.2 s by process $holder (bash -c "
	assert_same '' "$output"
	assert_same "$before" "$(table)"
}

@test "flush, restore and recover wait as long as --wait says, and say for whom" {
	ipvs-iso snapshot -o other.json
	background_run -- 'ipvsadm -A -f 6'
	waits_as_told "$job" flush
	waits_as_told "$job" restore other.json
	waits_as_told "$job" recover
	# In time, they do their work.
	background ipvs-iso flush -w 60
	wait_until grep -q 'waiting for the lock' job.stderr
	kill "$unit"
	wait_for_job
	assert_status 0
	assert_same '' "$(ipvsadm -Sn)"
	fill_table
}

@test "savepoint, rollback and release wait as long as --wait says for a run in the same unit" {
	export -f waits_as_told capture read_whole assert_status assert_matches assert_contains assert_same show_captured \
		table services sort_services sync_daemon_runs
	cat >unit <<-'UNIT'
		set -e
		ipvs-iso savepoint before
		mkfifo ready
		ipvs-iso run -q -- bash -c 'ipvsadm -A -f 6; echo >ready; exec sleep 600' &
		read -r _ <ready
		for command in savepoint rollback release; do
			waits_as_told $! $command before
		done
		kill $!
		wait $! || true
		ipvs-iso rollback --wait 60 before
	UNIT
	capture ipvs-iso run -q -- bash unit 3>&1
	assert_status 0
}

@test "waiting for the lock takes no processor time" {
	local waiter ticks before
	mkfifo go
	ipvs-iso run -q -- bash -c 'touch started; read -r _ <go' 3>&- &
	local holder=$!
	wait_until test -e started
	ipvs-iso run -- true 2>waiting 3>&- &
	waiter=$!
	wait_until test -s waiting
	# utime and stime, in ticks of 10 ms: of a process that sleeps they stand still, however long it is looked at.
	before=$(cut -d' ' -f14,15 "/proc/$waiter/stat")
	for ((ticks = 0; ticks < 20; ticks++)); do
		services >/dev/null
	done
	assert_same "$before" "$(cut -d' ' -f14,15 "/proc/$waiter/stat")"
	assert_same 'S' "$(cut -d' ' -f3 "/proc/$waiter/stat")"
	echo >go
	wait "$holder"
	wait "$waiter"
}

@test "a program that locks the file itself, shared or not, is waited for as a run is, and named" {
	local how holder waiter before
	ipvs-iso run -- true
	for how in --shared --exclusive; do
		background flock $how --no-fork "$IPVS_ISO_STATE_DIR"/*/lock sleep 600
		holder=$job
		wait_until grep -qs sleep "/proc/$holder/cmdline"
		for command in flush 'run -- touch ran'; do
			# shellcheck disable=SC2086 # words
			capture ipvs-iso ${command%% *} --wait 700ms ${command#"${command%% *}"}
			assert_status 125
			assert_contains "$stderr" "ipvs-iso: waiting for the lock, held by process $holder (sleep 600), which is no run" \
				"ipvs-iso: the lock was still held after 0.7 s by process $holder (sleep 600), which is no run"
		done
		[ ! -e ran ]
		capture ipvs-iso status
		assert_contains "$output" "lock           held by process $holder (sleep 600), which is no run"$'\n'

		# It sleeps meanwhile, and obeys.
		background ipvs-iso flush
		waiter=$job
		wait_until test -s job.stderr
		wait_until grep -q '^State:.S' "/proc/$waiter/status"
		before=$(cut -d' ' -f14,15 "/proc/$waiter/stat")
		services >/dev/null
		services >/dev/null
		assert_same "$before" "$(cut -d' ' -f14,15 "/proc/$waiter/stat")"
		kill "$waiter"
		wait_for_job
		assert_status 143
		kill "$holder"
		wait "$holder" || true
	done
	# Below such a program one would wait for ever.
	capture flock "$IPVS_ISO_STATE_DIR"/*/lock ipvs-iso run -- touch ran
	assert_status 125
	assert_matches "$stderr" "ipvs-iso: the lock is held by process [0-9]+ \\(flock .*\\), which is no run, and this process runs below it
          have it lock a file of its own: ipvs-iso takes its lock itself"
	[ ! -e ran ]
}

@test "status takes no lock, not for an instant, whoever holds it: stopped, it holds up nobody" {
	ipvs-iso run -- true
	# Not those of the process in which it tries a sandbox, which has a lock of its own.
	capture strace -qqq -o calls -e trace=flock ipvs-iso status
	assert_contains "$output" 'lock           free' 'netns        works'
	assert_same '' "$(<calls)"
	background_run -- :
	capture strace -qqq -o calls -e trace=flock ipvs-iso status
	assert_contains "$output" "lock           held by process $job (bash -c :"
	assert_same '' "$(<calls)"
}

@test "status sees the lock of a run in another PID namespace, and that of one whose own process is gone" {
	[ -p started ] || mkfifo started
	background ipvs-iso run -- bash -c 'echo $$ >started; exec sleep 600'
	read -r -t 30 unit <>started
	jobs_started+=("$unit")
	local see=(unshare --pid --fork --mount-proc ipvs-iso status)
	capture "${see[@]}"
	assert_contains "$output" 'lock           held by a run whose own process is gone or out of sight (bash -c '
	kill -KILL "$job"
	wait "$job" || true
	capture ipvs-iso status
	assert_contains "$output" 'lock           the run that took it was killed'
	capture "${see[@]}"
	assert_contains "$output" 'lock           held by a run whose own process is gone or out of sight (bash -c '
	kill "$unit"
	capture ipvs-iso recover
	assert_status 0
}

@test "runs at once inside of one unit take turns on its table, and leave the unit what it had" {
	cat >inner <<-'INNER'
		for turn in 1 2; do
			ipvs-iso run -q -- bash -c "mkdir inside || echo not alone >>log
				ipvsadm -A -t 9.9.9.$1:80; ipvsadm -D -t 9.9.9.$1:80; rmdir inside" || echo "failed: $?" >>log
		done
	INNER
	capture ipvs-iso run -q --fail-on none -- bash -c \
		'touch log; ipvsadm -A -t 8.8.8.8:8; bash inner 1 & bash inner 2 & wait; cat log; ipvsadm -Sn'
	assert_status 0
	assert_same '-A -t 8.8.8.8:8 -s wlc' "$output"
}
