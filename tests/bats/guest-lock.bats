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
