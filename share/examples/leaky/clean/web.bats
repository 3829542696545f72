#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A package that behaves: each test starts on an empty table, and teardown takes away what it made.

setup() {
	PATH=$PATH:/usr/sbin:/sbin # ordinary users may lack them
	ipvsadm -A -t 10.1.0.1:80 -s rr
}

teardown() {
	ipvsadm -D -t 10.1.0.1:80
}

@test "a new service has its scheduler and no destinations" {
	run ipvsadm -Ln -t 10.1.0.1:80
	[ "$status" -eq 0 ]
	[[ $output == *"TCP  10.1.0.1:80 rr"* ]]
	[[ $output != *"  -> 10."* ]]
}

@test "a destination is drained by giving it weight 0" {
	ipvsadm -a -t 10.1.0.1:80 -r 10.1.1.1:80 -m -w 5
	ipvsadm -e -t 10.1.0.1:80 -r 10.1.1.1:80 -m -w 0
	run ipvsadm -Sn
	[ "${lines[1]}" = "-a -t 10.1.0.1:80 -r 10.1.1.1:80 -m -w 0" ]
}
