#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A package that cleans up its services, and forgets the rest: the timeouts of the whole table, a sync daemon, and a
# process that it started.

setup() {
	PATH=$PATH:/usr/sbin:/sbin # ordinary users may lack them
}

@test "idle connections can be made to end sooner" {
	ipvsadm --set 60 10 30
	run ipvsadm -L --timeout
	[[ $output == *"60 10 30"* ]]
}

@test "a director tells its backup about connections" {
	ipvsadm --start-daemon master --mcast-interface lo --syncid 7
	run ipvsadm -L --daemon
	[[ $output == *"master sync daemon (mcast=lo, syncid=7"* ]]
}

@test "a health checker runs beside the director" {
	# With every descriptor of bats closed: bats itself waits for those who hold one, and would notice.
	setsid sleep 600 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	kill -0 $!
	ipvsadm -A -t 10.3.0.1:443 -s wlc
	run ipvsadm -Ln
	[[ $output == *"TCP  10.3.0.1:443 wlc"* ]]
	ipvsadm -D -t 10.3.0.1:443
}
