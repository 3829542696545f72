#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
}

@test "check of a clean table says nothing and exits with 0" {
	capture ipvs-iso check
	assert_status 0
	assert_same '' "$output$stderr"
}

@test "check lists what is in the table, by class, and exits with 1" {
	ipvsadm -R <<-'RULES'
		-A -t 10.7.0.1:80 -s rr
		-a -t 10.7.0.1:80 -r 10.7.1.1:80 -g -w 4
	RULES
	ipvsadm --set 900 120 301
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 3 --sync-maxlen 1400
	local before
	before=$(table)
	capture ipvs-iso check
	assert_status 1
	assert_same 'services     left     -A -t 10.7.0.1:80 -s rr
destinations left     -a -t 10.7.0.1:80 -r 10.7.1.1:80 -g -w 4
timeouts     changed  --set 900 120 301 (was: --set 900 120 300)
daemons      left     --start-daemon backup --mcast-interface lo --syncid 3 --sync-maxlen 1400' "$output"
	assert_same '' "$stderr"
	assert_same "$before" "$(table)"
}

@test "check FILE exits with 0 when the table equals the file, and with 1 and the difference when not" {
	local file=/proc/sys/net/ipv4/vs/sloppy_tcp
	fill_table
	ipvs-iso snapshot -o wanted.json
	capture ipvs-iso check wanted.json
	assert_status 0
	assert_same '' "$output$stderr"

	ipvsadm -D -u '[fd00:9::1]:53'
	echo 1 >$file
	capture ipvs-iso check wanted.json
	echo 0 >$file
	assert_status 1
	assert_same 'services     removed  -A -u [fd00:9::1]:53 -s rr -o
sysctl       changed  net.ipv4.vs.sloppy_tcp = 1 (was: 0)' "$output"
}

@test "check --quiet tells by its exit status alone" {
	ipvsadm -A -f 5
	capture ipvs-iso check -q
	assert_status 1
	assert_same '' "$output$stderr"
}

@test "check FILE and diff complain about a sysctl that this kernel does not have, as restore does" {
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "sysctl": {"sloppy_tpc": "0"}}' >misspelt.json
	local command
	for command in 'check misspelt.json' 'diff misspelt.json' 'diff live misspelt.json' 'restore misspelt.json'; do
		# shellcheck disable=SC2086 # words on purpose
		capture ipvs-iso $command
		assert_status 125
		assert_same 'ipvs-iso: this kernel has no sysctl net.ipv4.vs.sloppy_tpc
          correct its name or leave it out of the snapshot, or use a kernel that has it' "$stderr"
	done
	# Files are compared as they are: they may be of another kernel.
	capture ipvs-iso diff misspelt.json misspelt.json
	assert_status 0
}
