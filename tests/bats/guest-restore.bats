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

# snapshot_with KEYS: a snapshot with the keys that all have, and these.
snapshot_with() {
	printf '{"format": "ipvs-iso.snapshot", "version": 1%s}\n' "${1:+,$1}"
}

# counted SERVICE: its counters say one connection, one packet.
counted() {
	ipvsadm -Ln --stats | grep -Eq "UDP  $1 +1 +1 "
}

@test "restore makes the live table equal the file" {
	snapshot_with '
		"timeouts": {"tcp": 60, "tcp_fin": 10},
		"daemons": [{"role": "master", "interface": "lo", "sync_id": 9}],
		"services": [
			{"protocol": "tcp", "address": "10.8.0.1", "port": 80, "scheduler": "rr", "destinations": [
				{"address": "10.8.1.2", "port": 8080, "forward": "masquerade", "weight": 5},
				{"address": "10.8.1.1", "port": 8080, "forward": "masquerade", "upper_threshold": 7}]},
			{"fwmark": 3, "family": "ipv6"}]' >wanted.json
	ipvsadm -A -t 10.8.0.2:80
	capture ipvs-iso restore wanted.json
	assert_status 0
	assert_same '' "$output$stderr"
	assert_same '-A -t 10.8.0.1:80 -s rr
-a -t 10.8.0.1:80 -r 10.8.1.1:8080 -m -w 1
-a -t 10.8.0.1:80 -r 10.8.1.2:8080 -m -w 5
-A -f 3 -6 -s wlc' "$(ipvsadm -Sn)"
	assert_matches "$(ipvsadm -Ln --thresholds)" '.*10\.8\.1\.1:8080 +7 +0 .*'
	assert_same 'Timeout (tcp tcpfin udp): 60 10 300' "$(ipvsadm -L --timeout)"
	assert_contains "$(ipvsadm -L --daemon)" 'master sync daemon (mcast=lo, syncid=9,'
}

@test "restore gives destinations the order that they have in the file" {
	ipvsadm -R <<-'RULES'
		-A -t 10.8.0.1:80 -s rr
		-a -t 10.8.0.1:80 -r 10.8.1.1:80 -m
		-a -t 10.8.0.1:80 -r 10.8.1.2:80 -m
	RULES
	snapshot_with '"services": [
		{"protocol": "tcp", "address": "10.8.0.1", "port": 80, "scheduler": "rr", "destinations": [
			{"address": "10.8.1.1", "port": 80, "forward": "masquerade"},
			{"address": "10.8.1.3", "port": 80, "forward": "masquerade"},
			{"address": "10.8.1.2", "port": 80, "forward": "masquerade"}]}]' >wanted.json
	ipvs-iso restore wanted.json
	assert_same $'10.8.1.1\n10.8.1.3\n10.8.1.2' "$(ipvsadm -Ln --nosort | grep -o '10\.8\.1\.[0-9]')"
}

@test "restore changes only what differs: services that stay keep their connections and counters" {
	ipvsadm -R <<-'RULES'
		-A -u 127.0.0.1:5301 -s rr
		-a -u 127.0.0.1:5301 -r 127.0.0.1:5302 -m
	RULES
	ipvs-iso snapshot -o before.json
	echo hello >/dev/udp/127.0.0.1/5301
	ipvsadm -A -t 10.8.0.2:80
	wait_until counted 127.0.0.1:5301 # the kernel adds its counters up every other second

	ipvs-iso restore before.json
	assert_same 1 "$(connections)"
	counted 127.0.0.1:5301
	assert_lacks "$(services)" TCP
	ipvs-iso flush
}

@test "restore reads standard input where the file is -" {
	snapshot_with '"services": [{"protocol": "sctp", "address": "10.8.0.3", "port": 9}]' >wanted.json
	capture ipvs-iso restore - <wanted.json
	assert_status 0
	assert_same '-A --sctp-service 10.8.0.3:9 -s wlc' "$(ipvsadm -Sn)"
}

@test "restore sets the sysctls that the file names, and leaves the others" {
	local folder=/proc/sys/net/ipv4/vs one other
	echo 1 >$folder/sloppy_tcp
	snapshot_with '"sysctl": {"sync_threshold": [4, 70]}' >wanted.json
	capture ipvs-iso restore wanted.json
	read_whole one $folder/sync_threshold
	read_whole other $folder/sloppy_tcp
	echo 3 50 >$folder/sync_threshold
	echo 0 >$folder/sloppy_tcp
	assert_status 0
	assert_same $'4\t70' "$one"
	assert_same 1 "$other"
}

@test "restore refuses a sysctl that this kernel does not have: no setting is lost in silence" {
	fill_table
	local before
	before=$(table)
	snapshot_with '"sysctl": {"no_such_setting": 1}' >wanted.json
	capture ipvs-iso restore wanted.json
	assert_status 125
	assert_contains "$stderr" 'this kernel has no sysctl net.ipv4.vs.no_such_setting'
	assert_same "$before" "$(table)"
}

@test "restore that the kernel stops half way puts back the table as it was" {
	fill_table
	local before
	before=$(table)
	snapshot_with '
		"services": [{"protocol": "tcp", "address": "10.8.0.1", "port": 80}],
		"daemons": [{"role": "master", "interface": "lo", "sync_id": 1, "group": "ff02::5"}]' >wanted.json
	capture ipvs-iso restore wanted.json
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: the table is as it was: the kernel refused to add \
'--start-daemon master --mcast-interface lo --syncid 1 --mcast-group ff02::5': Network is unreachable" "
          the network interface 'lo' has no route to ff02::5: add one, or take another interface"
	assert_same "$before" "$(table)"
}

@test "restore waits for the lock, says who holds it, and comes after the run" {
	snapshot_with '"services": [{"protocol": "tcp", "address": "10.8.0.1", "port": 80}]' >wanted.json
	fill_table
	background_run -- :
	local run=$job
	background ipvs-iso restore wanted.json
	wait_until grep -q "waiting for the lock, held by process $run (bash -c :" job.stderr
	assert_lacks "$(services)" 0A080001 0A090001
	kill "$unit"
	wait_for_job
	assert_status 0
	assert_same '-A -t 10.8.0.1:80 -s wlc' "$(ipvsadm -Sn)"
}
