#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The lock under pressure.

load helper

setup() {
	isolate_state
	fill_table
}

teardown() {
	clean_table
}

@test "of 64 runs at once no two are in their units together, every one has its turn, and the table is as before" {
	local before i jobs=()
	before=$(table)
	for ((i = 0; i < 64; i++)); do
		# A folder can be made only once: whoever finds it there is not alone.
		ipvs-iso run -q -- bash -c 'mkdir inside || echo not alone >>log; echo turn >>log; rmdir inside' 3>&- &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i"
	done
	assert_same 64 "$(grep -c '^turn$' log)"
	assert_lacks "$(<log)" 'not alone'
	assert_same "$before" "$(table)"
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
