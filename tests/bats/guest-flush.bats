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

@test "flush leaves no services, no sync daemons and the default timeouts" {
	local empty
	empty=$(table)
	fill_table
	ipvsadm --start-daemon master --mcast-interface lo
	ipvsadm --start-daemon backup --mcast-interface lo
	capture ipvs-iso flush
	assert_status 0
	assert_same '' "$output$stderr"
	assert_same "$empty" "$(table)"
}

@test "flush of an empty table is no error" {
	capture ipvs-iso flush
	assert_status 0
	assert_same '' "$output$stderr"
}

@test "flush drops connections, also those whose service is gone, and puts expire_nodest_conn back" {
	ipvsadm -R <<-'RULES'
		-A -u 127.0.0.1:5301 -s rr
		-a -u 127.0.0.1:5301 -r 127.0.0.1:5302 -m
	RULES
	echo hello >/dev/udp/127.0.0.1/5301
	assert_same 1 "$(connections)"
	ipvsadm -C
	assert_same 1 "$(connections)"

	ipvs-iso flush
	assert_same 0 "$(connections)"
	assert_same 0 "$(</proc/sys/net/ipv4/vs/expire_nodest_conn)"
}

@test "flush leaves sysctls as they are" {
	local file=/proc/sys/net/ipv4/vs/sloppy_tcp after
	echo 1 >$file
	capture ipvs-iso flush
	read_whole after $file
	echo 0 >$file
	assert_same 1 "$after"
}

@test "flush waits for the lock, and comes after the run has put the table back" {
	fill_table
	background_run -- 'ipvsadm -A -f 6'
	background ipvs-iso flush
	wait_until grep -q 'waiting for the lock' job.stderr
	assert_contains "$(services)" 'FWM  00000006'
	kill "$unit"
	wait_for_job
	assert_status 0
	assert_same '' "$(ipvsadm -Sn)"
}

@test "flush inside of a run does not wait for that run" {
	capture ipvs-iso run -- bash -c 'ipvsadm -A -f 6; ipvs-iso flush'
	assert_status 0
}
