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

# in_all_orders HEAD OPTION...: prints HEAD with the options behind it in every order, one a line.
in_all_orders() {
	local head=$1 i
	shift
	[ $# -gt 0 ] || printf '%s\n' "$head"
	for ((i = 1; i <= $#; i++)); do
		in_all_orders "$head ${!i}" "${@:1:i-1}" "${@:i+1}"
	done
}

# each_its_own: gives each rule a service of its own: N becomes 1, 2, ..., and two numbers in an address.
each_its_own() {
	local line count=0
	while IFS= read -r line; do
		count=$((count + 1))
		line=${line//.N/.$((count / 250)).$((count % 250))}
		printf '%s\n' "${line//N/$count}"
	done
}

definitions_in_all_orders() {
	{
		in_all_orders -A '-t 10.15.N:80' '-s sh' '-p 60' '-M 255.255.255.0' '-b sh-port'
		in_all_orders --add-service '-u 10.25.N:domain' -o '--scheduler=rr' '-p9'
		in_all_orders -A '--sctp-service [fd00:5::N]:9' '-s wrr' -p
		in_all_orders -A '-u 10.35.N:5060' '--pe sip' '-p 60'
	} | each_its_own
	# With the exceptions that ipvsadm makes; see below.
	in_all_orders -A '-f N' -6 '-s rr' '-p 7' '-M 64' | grep -e '-f N .*-6.*-M' | each_its_own
}

destinations_in_all_orders() {
	{
		in_all_orders -a '-t 10.6.N:80' '-r 10.6.1.1:8080' -m '-w 3'
		in_all_orders -a '-t 10.6.N:80' '-r 10.6.1.2' -m '-x 9' '-y 4'
		in_all_orders -a '-t 10.6.N:80' '-r 10.6.1.3:81' -g '-w 0'
		in_all_orders -a '-t 10.6.N:80' '-r [fd00:6::4]:80' --ipip '--tun-type gue' '--tun-port 6080' | sed -n '1~3p'
		in_all_orders -a '-t 10.6.N:80' '-r 10.6.1.5' -i '--tun-type=gre' --tun-csum
	} | each_its_own
	in_all_orders -a '-f N' '-r [fd00:6::6]:70' -g -6 | grep -e '-f.*-6' | each_its_own
	in_all_orders -a '-f N' '-r fd00:6::7' -m -6 '-w 2' | grep -e '-f.*-6' | each_its_own
}

@test "options stand in every order that ipvsadm takes, and mean the same" {
	definitions_in_all_orders >definitions
	destinations_in_all_orders >destinations
	[ "$(wc -l <definitions)" -gt 150 ]
	[ "$(wc -l <destinations)" -gt 200 ]
	# A service for each of those: all that can be named.
	{
		cat definitions
		sed -nE 's/^-a.* (-t [^ ]+).*/-A \1 -s wlc/p; s/^-a.* (-f [0-9]+).*/-A 100\1/p' destinations | sort -u |
			sed -E 's/^-A 100-f ([0-9]+)/-A -f 100\1 -6 -s wlc/'
		sed 's/-f /-f 100/' destinations
	} >rules

	ipvsadm -R <rules
	local wanted
	wanted=$(ipvsadm -Sn | sort)
	ipvs-iso snapshot -o wanted.json
	[ "$(wc -l <<<"$wanted")" -eq "$(wc -l <rules)" ]
	capture ipvs-iso check rules
	assert_same '' "$output$stderr"
	assert_status 0

	clean_table
	ipvs-iso restore rules
	assert_same "$wanted" "$(ipvsadm -Sn | sort)"
	ipvs-iso snapshot -o actual.json
	cmp wanted.json actual.json
}

@test "orders that ipvsadm does not take, or where it loses an option, are refused with the reason" {
	local rule reason
	ipvsadm -A -t 10.5.0.1:80
	while IFS='|' read -r rule reason; do
		! ipvsadm -R <<<"$rule" || return 1
		printf '%s\n' '-A -t 10.5.0.1:80' "$rule" >rules
		capture ipvs-iso check rules
		assert_status 125
		assert_contains "$stderr" "$reason"
	done <<-'RULES'
		-A -6 -f 7|ipvsadm takes -6 only behind -f
		-a -r 10.5.1.1:http -t 10.5.0.1:80 -m|looks the port 'http' up only behind the service
		-t 10.5.0.2:80 -A|a rule begins with what to do
	RULES
	# ipvsadm takes it, and forgets the mask.
	ipvsadm -R <<<'-A -M 64 -t [fd00:5::1]:80 -p 60'
	assert_same '-A -t [fd00:5::1]:80 -s wlc -p 60' "$(ipvsadm -Sn | grep fd00)"
	capture ipvs-iso check - <<<'-A -M 64 -t [fd00:5::1]:80 -p 60'
	assert_status 125
	assert_contains "$stderr" 'ipvsadm forgets the -M of an IPv6 service when it stands before -t'
}

@test "a rule file says nothing of the order of destinations, a snapshot does" {
	ipvsadm -R <<-'RULES'
		-A -t 10.5.0.1:80 -s rr
		-a -t 10.5.0.1:80 -r 10.5.1.2 -m
		-a -t 10.5.0.1:80 -r 10.5.1.1 -m
		-a -t 10.5.0.1:80 -r 10.5.1.3 -m
	RULES
	local there
	there=$(services)
	ipvsadm -Sn >saved
	ipvs-iso snapshot -o saved.json
	capture ipvs-iso check saved
	assert_same '' "$output$stderr"
	assert_status 0
	capture ipvs-iso diff saved
	assert_status 0
	capture ipvs-iso restore --plan saved
	assert_same 'nothing to change' "$output"
	ipvs-iso restore saved
	assert_same "$there" "$(services)"
	ipvs-iso wait --until equals=saved --timeout 30s

	# What is new comes first, as the kernel has it; the rest stays in its place.
	echo '-a -t 10.5.0.1:80 -r 10.5.1.9 -m' >>saved
	ipvs-iso restore saved
	assert_same "$there" "$(services | grep -v ' 0A050109:')"
	assert_contains "$(services | sed -n /0A050001/,+1p)" 0A050109

	# The snapshot has an order.
	ipvsadm -d -t 10.5.0.1:80 -r 10.5.1.9
	ipvsadm -d -t 10.5.0.1:80 -r 10.5.1.2
	ipvsadm -a -t 10.5.0.1:80 -r 10.5.1.2 -m
	capture ipvs-iso check saved.json
	assert_status 1
	assert_contains "$output" '(in another place)'
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
