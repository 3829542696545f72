#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Rule files, there and back between ipvsadm and ipvs-iso: what one writes, the other reads, and the kernel has the
# same.

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
	echo 0 >/proc/sys/net/ipv4/vs/sloppy_tcp
}

# Every option in every spelling, edits and removals, and the order of destinations.
hand_written_rules() {
	cat <<-'RULES'
		-C
		ipvsadm -A -t 10.5.0.1:80 -s rr
		-a -t 10.5.0.1:80 -r 10.5.1.3:80 -m -w 3 -x 10 -y 5
		--add-server --tcp-service=10.5.0.1:80 --real-server 10.5.1.1 --masquerading --weight=0

		  -a  -t 10.5.0.1:80	-r 10.5.1.2:8080 -mw 7
		-a -t 10.5.0.1:http -r 10.5.1.9:8080
		-a -t 10.5.0.1:80 -r 10.5.1.10:http -i --tun-type=gue --tun-port 6080 --tun-remcsum
		-a -t 10.5.0.1:80 -r 10.5.1.11 --ipip --tun-type gre --tun-csum --u-threshold 2147483647
		-a -t 10.5.0.1:80 -r fd00:5::7 -i
		-At 10.5.0.2 -p
		-A --udp-service 10.5.0.2:domain -o -p=9 -M 255.255.255.0
		-A --sctp-service [fd00:5::1]:9 --scheduler=sh --sched-flags sh-port,sh-fallback -p30 --netmask 64
		-A -f 4294967295 -6 -b flag-3
		-a -f 4294967295 -6 -r [fd00:5::2]:http -g
		-a -f 4294967295 -6 -r fd00:5::3 -m
		-A -u 10.5.0.3:5060 --pe sip -p 60
		-a -u 10.5.0.3:5060 -r 10.5.1.1 -w 5
		-A -f 9 -s wlc
		-E -t 10.5.0.2:0 -s wrr --persistent=77
		-e -t 10.5.0.1:80 -r 10.5.1.3 -m -w 30
		-d -t 10.5.0.1:80 -r 10.5.1.1:80
		-a -t 10.5.0.1:80 -r 10.5.1.1:80 -m
		-D -f 9
		--set 0 77 0
	RULES
}

@test "restore makes of a rule file exactly what ipvsadm -R makes of it" {
	hand_written_rules >rules
	ipvsadm -R <rules
	local wanted
	wanted=$(table)
	ipvs-iso snapshot -o wanted.json
	assert_contains "$(ipvsadm -Sn)" '-r [fd00:5::7]:80 -i' '-b sh-fallback,sh-port' '-p 77' '--pe sip'

	# Without the -C also by difference from another table: a rule file says what the table is.
	clean_table
	ipvsadm -A -t 10.5.0.1:80 -s wlc
	ipvsadm -a -t 10.5.0.1:80 -r 10.5.1.2:8080 -g
	ipvsadm -A -f 77
	capture ipvs-iso restore rules
	assert_same '' "$output$stderr"
	assert_status 0
	assert_same "$wanted" "$(table)"
	ipvs-iso snapshot -o actual.json
	cmp wanted.json actual.json
}

@test "what ipvsadm -S saves is restored; timeouts and daemons, which it does not save, stay" {
	hand_written_rules | sed s/4294967295/7/ | ipvsadm -R
	ipvsadm -Sn >saved
	local wanted
	wanted=$(ipvsadm -Sn)
	clean_table
	ipvsadm --set 111 112 113
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 4
	sed -i '/fd00:5::7/d' saved # not beside a daemon
	wanted=${wanted/-a -t 10.5.0.1:80 -r \[fd00:5::7\]:80 -i -w 1 --tun-type ipip$'\n'/}
	capture ipvs-iso restore - <saved
	assert_same '' "$output$stderr"
	assert_same "$wanted" "$(ipvsadm -Sn)"
	assert_same 'Timeout (tcp tcpfin udp): 111 112 113' "$(ipvsadm -L --timeout)"
	assert_contains "$(ipvsadm -L --daemon)" 'backup sync daemon (mcast=lo, syncid=4'
	ipvs-iso check saved

	# A mark that ipvsadm -S writes as it does not read it.
	ipvsadm -A -f 4294967295
	ipvsadm -Sn >saved
	capture ipvs-iso check saved
	assert_status 125
	assert_contains "$stderr" "'-1' is not a whole number" 'add 4294967296 to it'
}

@test "snapshot -f ipvsadm writes what ipvsadm -R takes, whole, and so does restore" {
	hand_written_rules | sed /fd00:5::7/d | ipvsadm -R
	ipvsadm --start-daemon master --mcast-interface lo --syncid 7 --sync-maxlen 1000 --mcast-group 224.1.2.3 \
		--mcast-port 99 --mcast-ttl 3
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 8
	local wanted
	wanted=$(table)
	ipvs-iso snapshot -o wanted.json
	capture ipvs-iso snapshot -f ipvsadm -o rules
	assert_status 0
	assert_same 'ipvs-iso: ipvsadm has no words for sysctls' "$stderr"

	clean_table
	capture ipvsadm -R <rules
	assert_status 0
	assert_same '' "$output$stderr"
	assert_same "$wanted" "$(table)"
	ipvs-iso snapshot -o actual.json
	cmp wanted.json actual.json

	clean_table
	ipvs-iso restore rules
	assert_same "$wanted" "$(table)"
	capture ipvs-iso snapshot --format=ipvsadm --quiet
	assert_same "$(<rules)" "$output"
	assert_same '' "$stderr"
}

@test "rules have their place wherever a snapshot has one: diff, check, --fixture, --plan, --merge" {
	printf '%s\n' '-A -t 10.5.0.1:80 -s rr' '-a -t 10.5.0.1:80 -r 10.5.1.1 -m' >rules
	capture ipvs-iso diff live rules
	assert_status 1
	assert_same $'+ -A -t 10.5.0.1:80 -s rr\n+ -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 1' "$output"
	capture ipvs-iso check rules
	assert_status 1
	capture ipvs-iso run -q --fixture rules -- ipvsadm -Sn
	assert_same $'-A -t 10.5.0.1:80 -s rr\n-a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 1' "$output"
	assert_status 0
	ipvsadm -A -f 1
	ipvsadm --set 500 0 0
	capture ipvs-iso restore --plan --merge rules
	assert_same $'+ -A -t 10.5.0.1:80 -s rr\n+ -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 1
2 to add, 0 to change, 0 to remove' "$output"
}

@test "a mistake in a rule file changes nothing" {
	fill_table
	local before
	before=$(table)
	printf '%s\n' '-A -t 10.5.0.1:80 -s rr' '-a -t 10.5.0.1:80 -r www.example.org -m' >rules
	capture ipvs-iso restore rules
	assert_status 125
	assert_same "ipvs-iso: rules:2:22: 'www.example.org' is no address, and names of hosts are not looked up
          write the address (getent ahosts tells it); 'ipvsadm -Sn' saves addresses, not names" "$stderr"
	assert_same "$before" "$(table)"
}
