#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A package with a common mistake: what setup makes, no teardown takes away. The tests pass all the same; it is the next
# package that would find a service it knows nothing of.

setup() {
	PATH=$PATH:/usr/sbin:/sbin # ordinary users may lack them
	ipvsadm -C
	ipvsadm -A -u 10.2.0.1:53 -s wrr
	ipvsadm -a -u 10.2.0.1:53 -r 10.2.1.1:53 -m -w 3
	ipvsadm -a -u 10.2.0.1:53 -r 10.2.1.2:53 -m -w 1
}

@test "both name servers stand behind the service" {
	run ipvsadm -Ln -u 10.2.0.1:53
	[ "$status" -eq 0 ]
	[[ $output == *"UDP  10.2.0.1:53 wrr"* ]]
	[[ $output == *"-> 10.2.1.1:53"*"Masq    3"* ]]
	[[ $output == *"-> 10.2.1.2:53"*"Masq    1"* ]]
}

@test "the same name server cannot be added twice" {
	run ipvsadm -a -u 10.2.0.1:53 -r 10.2.1.1:53 -m
	[ "$status" -ne 0 ]
	[[ $output == *"already exists"* ]]
}
