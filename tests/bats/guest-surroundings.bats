#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a unit may do to the ground that ipvs-iso stands on, and what the kernel may leave unsaid: the table comes back.

load helper

setup() {
	isolate_state
	fill_table
	before=$(table)
}

teardown() {
	end_background
	echo /sbin/modprobe >/proc/sys/kernel/modprobe
	clean_table
}

assert_nothing_owed() {
	assert_same "$before" "$(table)"
	! compgen -G "$IPVS_ISO_STATE_DIR/*/journal*.json"
}

@test "a unit that removes all modules of IPVS: they are loaded again, the table and the sysctls are as they were" {
	ipvsadm -A -f 5 -s sh
	before=$(table)
	echo 1 >/proc/sys/net/ipv4/vs/nat_icmp_send
	# shellcheck disable=SC2016 # for the shell inside
	capture ipvs-iso run --fail-on none -- sh -c '
		rmmod $(sed -n "s/^\(ip_vs[^ ]*\) .*/\1/p" /proc/modules) && ! grep ^ip_vs /proc/modules'
	assert_status 0
	assert_same 1 "$(</proc/sys/net/ipv4/vs/nat_icmp_send)"
	echo 0 >/proc/sys/net/ipv4/vs/nat_icmp_send
	assert_nothing_owed
}

@test "where the kernel does not load ip_vs itself, libkmod does; where that is missing it is named" {
	# shellcheck disable=SC2016 # for the shell inside
	local hidden='for library in $(ldconfig -p | sed -n "/libkmod\.so\.2/s/.*=> //p"); do
		mount --bind /dev/null "$library"; done; exec ipvs-iso snapshot'
	clean_table
	before=$(table)
	echo /bin/false >/proc/sys/kernel/modprobe
	# shellcheck disable=SC2046 # words on purpose
	rmmod $(sed -n 's/^\(ip_vs[^ ]*\) .*/\1/p' /proc/modules)
	capture unshare --mount sh -c "$hidden"
	assert_status 125
	assert_contains "$stderr" 'this kernel has no IPVS: cannot load the kernel module ip_vs: ' libkmod.so.2 'modprobe ip_vs'
	capture ipvs-iso snapshot
	assert_status 0
	assert_nothing_owed
}

@test "a unit that changes a sysctl and unmounts /proc: that is told, and all is as it was" {
	capture unshare --mount ipvs-iso run -- sh -c '
		echo 3 >/proc/sys/net/ipv4/vs/sync_retries; ipvsadm -C; umount -l /proc'
	assert_status 123
	assert_contains "$stderr" 'sysctl       changed  net.ipv4.vs.sync_retries = 3 (was: 0)'
	assert_same 0 "$(</proc/sys/net/ipv4/vs/sync_retries)"
	assert_nothing_owed
}

@test "a request that the kernel never answers, to stop a daemon that has just begun, does not hang anything" {
	# The kernel refuses the destination after the daemon was started, which is stopped again at once. It does so for a
	# route that no address of an interface tells of.
	ip route add broadcast 10.77.0.9 dev lo table local
	echo '{"format": "ipvs-iso.snapshot", "version": 1,
		"daemons": [{"role": "master", "interface": "lo", "sync_id": 3}],
		"services": [{"protocol": "tcp", "address": "10.9.0.5", "port": 80,
			"destinations": [{"address": "10.77.0.9", "port": 80}]}]}' >refused.json
	local i
	for i in 1 2 3; do
		capture timeout 20 ipvs-iso run --fixture refused.json -- touch ran
		assert_status 125
		assert_contains "$stderr" "the kernel refused to add '-a -t 10.9.0.5:80 -r 10.77.0.9:80"
		assert_nothing_owed
	done
	[ ! -e ran ]
	ip route del broadcast 10.77.0.9 dev lo table local
}
