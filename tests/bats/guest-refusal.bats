#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A kernel that refuses, at the restore, what it had before.

load helper

blacklist=/etc/modprobe.d/ipvs-iso-test.conf

setup() {
	isolate_state
	fill_table
}

teardown() {
	rm -f "$blacklist"
	clean_table
}

@test "a scheduler that is gone: all else is put back, the rest is said in words, and recover finishes the work" {
	local before rest journal
	ipvsadm -A -t 10.9.0.9:80 -s rr
	ipvsadm -a -t 10.9.0.9:80 -r 10.9.1.9:80 -m
	echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp
	before=$(table)
	# What must be there although wrr is not: all but its service, which comes first.
	ipvsadm -D -t 10.9.0.1:443
	rest=$(table)
	fill_service
	assert_same "$before" "$(table)"

	mkdir -p "${blacklist%/*}"
	echo 'install ip_vs_wrr /bin/false' >"$blacklist"
	capture ipvs-iso run -- bash -c 'rmmod ip_vs_wrr; echo 0 >/proc/sys/net/ipv4/vs/sloppy_tcp'
	assert_status 125
	journal=$(echo "$IPVS_ISO_STATE_DIR"/*/journal.json)
	assert_contains "$stderr" "
ipvs-iso: the table could not be put back whole; what it shall be stays in the journal $journal: \
the kernel refused to add '-A -t 10.9.0.1:443 -s wrr -p 300': No such file or directory (and 3 more that followed); \
all else was done, and this remains to be done:
  + -A -t 10.9.0.1:443 -s wrr -p 300
  + -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
  + -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1
  + -a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 2
          the kernel has no scheduler 'wrr': load the module ip_vs_wrr; then: ipvs-iso recover"
	assert_same "$rest" "$(table)"
	assert_same 1 "$(</proc/sys/net/ipv4/vs/sloppy_tcp)"

	# Nothing else begins while the host is owed its table.
	capture ipvs-iso run -- touch ran
	assert_status 125
	assert_contains "$stderr" 'then: ipvs-iso recover'
	[ ! -e ran ]
	assert_same "$rest" "$(table)"

	rm "$blacklist"
	capture ipvs-iso recover
	assert_status 0
	assert_same "$before" "$(table)"
	[ ! -e "$journal" ]
	echo 0 >/proc/sys/net/ipv4/vs/sloppy_tcp
}

# The one of fill_table with the scheduler wrr, again.
fill_service() {
	ipvsadm -R <<-'RULES'
		-A -t 10.9.0.1:443 -s wrr -p 300
		-a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
		-a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1
		-a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 2
	RULES
}
