#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
}

@test "snapshot of an empty table has the default timeouts, no sync daemons and no services" {
	capture ipvs-iso snapshot
	assert_status 0
	assert_same '' "$stderr"
	assert_contains "$output" $'{\n  "format": "ipvs-iso.snapshot",\n  "version": 1,\n' \
		'"timeouts": {"tcp": 900, "tcp_fin": 120, "udp": 300}' '"daemons": []' '"services": []'
}

@test "snapshot has every service with all that was set, a service a line" {
	fill_table
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 7
	local before
	before=$(table)
	capture ipvs-iso snapshot
	assert_status 0
	assert_contains "$output" '"timeouts": {"tcp": 800, "tcp_fin": 90, "udp": 200}' \
		'{"role": "backup", "interface": "lo", "sync_id": 7,' \
		'
    {"protocol": "tcp", "address": "10.9.0.1", "port": 443, "scheduler": "wrr", "flags": ["persistent"], "persistence_timeout": 300, "destinations": [' \
		'
    {"protocol": "udp", "address": "fd00:9::1", "port": 53, "scheduler": "rr", "flags": ["one-packet"], "destinations": []}' \
		'
      {"address": "10.9.1.3", "port": 8443, "forward": "masquerade", "weight": 3, "upper_threshold": 100, "lower_threshold": 50}'
	assert_same "$before" "$(table)"
}

@test "snapshot keeps the kernel's order of destinations, newest first" {
	fill_table
	local in_kernel in_snapshot
	in_kernel=$(ipvsadm -Ln --nosort | grep -o '10\.9\.1\.[0-9]')
	assert_same $'10.9.1.2\n10.9.1.1\n10.9.1.3' "$in_kernel"
	in_snapshot=$(ipvs-iso snapshot | grep -o '10\.9\.1\.[0-9]')
	assert_same "$in_kernel" "$in_snapshot"
}

@test "snapshot has the sysctls of IPVS" {
	local file=/proc/sys/net/ipv4/vs/sync_threshold before
	read_whole before "$file"
	echo 5 60 >"$file"
	capture ipvs-iso snapshot
	echo "$before" >"$file"
	assert_contains "$output" '"sync_threshold": [5, 60]'
}

@test "a snapshot where /proc does not show the sysctls is refused, and not taken for a kernel without" {
	local mounts
	for mounts in 'mount -t tmpfs nothing /proc' 'mount -t proc -o subset=pid proc /proc'; do
		capture unshare --mount sh -c "$mounts; exec ipvs-iso snapshot"
		assert_status 125
		assert_same '' "$output"
		assert_contains "$stderr" 'ipvs-iso: sysctls cannot be seen, as /proc is not mounted, or not whole' \
			'mount it: mount -t proc proc /proc'
	done
}

@test "a sysctl that the kernel derives from the memory is in a snapshot only where somebody set it" {
	local file=/proc/sys/net/ipv4/vs/sync_qlen_max derived
	read_whole derived "$file"
	capture ipvs-iso snapshot
	assert_same '' "$stderr"
	assert_contains "$output" '"sync_threshold":' '"sync_sock_size":'
	assert_lacks "$output" sync_qlen_max
	echo $((derived + 1)) >"$file"
	capture ipvs-iso snapshot
	assert_contains "$output" "\"sync_qlen_max\": $((derived + 1)),"
	# Where it cannot be seen, that is said.
	capture setpriv --bounding-set -sys_admin ipvs-iso snapshot
	echo "$derived" >"$file"
	assert_status 0
	assert_lacks "$output" sync_qlen_max
	assert_contains "$stderr" "ipvs-iso: sysctls that depend on the machine's size, such as sync_qlen_max, are left out, " \
		': cannot make a network namespace: Operation not permitted'
}

@test "snapshot --output writes to a file what it otherwise prints, with the modes that the umask allows" {
	fill_table
	capture ipvs-iso snapshot
	local printed=$output written
	umask 027
	capture ipvs-iso snapshot -o written.json
	assert_status 0
	assert_same '' "$output$stderr"
	read_whole written written.json
	assert_same "$printed" "$written"
	assert_same 640 "$(stat -c %a written.json)"
}

@test "snapshot --output replaces a file whole or not at all" {
	echo precious >kept.json
	local kept
	capture setpriv --bounding-set -net_admin ipvs-iso snapshot -o kept.json
	assert_status 125
	read_whole kept kept.json
	assert_same precious "$kept"

	capture ipvs-iso snapshot --output=kept.json
	assert_status 0
	read_whole kept kept.json
	assert_contains "$kept" '"services": []'
	assert_same kept.json "$(ls)"
}
