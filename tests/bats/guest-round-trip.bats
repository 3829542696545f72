#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Tables made by ipvsadm with every option that it has, and every scheduler and persistence engine that the kernel has:
# snapshot, flush, restore, and ipvsadm sees no difference.

load helper

setup() {
	isolate_state
	schema=$BATS_TEST_DIRNAME/../../share/schema/snapshot.schema.json
}

teardown() {
	clean_table
}

# All that can be seen of the table.
everything() {
	services
	ipvsadm -Ln --nosort | sort_services
	ipvsadm -Ln --nosort --thresholds | sort_services
	ipvsadm -Sn
	ipvsadm -L --timeout
	ipvsadm -L --daemon
}

# Snapshot, flush, restore: the table is the same, another snapshot is the same to the byte, and it follows the schema.
assert_round_trip() {
	local before
	before=$(everything)
	ipvs-iso snapshot -o first.json
	ipvs-iso flush
	assert_same '' "$(ipvsadm -Sn)"
	assert_same 'Timeout (tcp tcpfin udp): 900 120 300' "$(ipvsadm -L --timeout)"
	assert_same '' "$(ipvsadm -L --daemon)"

	capture ipvs-iso restore first.json
	assert_same '' "$stderr"
	assert_status 0
	assert_same "$before" "$(everything)"
	ipvs-iso snapshot -o second.json
	cmp first.json second.json
	/usr/bin/python3 -m jsonschema -i first.json "$schema" 2>&1
}

@test "services by all protocols, addresses of both families and firewall marks come back" {
	ipvsadm -R <<-'RULES'
		-A -t 10.1.0.1:80 -s rr
		-A -u 10.1.0.1:80 -s rr
		-A --sctp-service 10.1.0.1:80 -s rr
		-A -t [fd00:1::1]:80 -s rr
		-A -u [fd00:1::1]:80 -s rr
		-A --sctp-service [fd00:1::1]:80 -s rr
		-A -f 1 -s rr
		-A -f 1 -6 -s rr
		-A -f 4294967295 -s rr
		-A -t 10.1.0.2:65535 -s rr
		-A -t 10.1.0.3:0 -s rr -p 60
	RULES
	assert_same 11 "$(ipvsadm -Sn | grep -c ^-A)"
	assert_round_trip
}

@test "persistence with its timeout, its mask or prefix and its engine, and one-packet scheduling come back" {
	ipvsadm -R <<-'RULES'
		-A -t 10.2.0.1:80 -s rr -p
		-A -t 10.2.0.2:80 -s rr -p 1
		-A -t 10.2.0.3:80 -s rr -p 86400 -M 255.255.255.0
		-A -t 10.2.0.4:80 -s rr -p 60 -M 255.0.0.0
		-A -t [fd00:2::1]:80 -s rr -p 60
		-A -t [fd00:2::2]:80 -s rr -p 60 -M 64
		-A -t [fd00:2::3]:80 -s rr -p 60 -M 1
		-A -f 2 -6 -s rr -p 60 -M 48
		-A -u 10.2.0.5:5060 -s rr -p 60 --pe sip -o
		-A -u [fd00:2::5]:5060 -s rr -p 60 --pe sip -M 96
		-A -u 10.2.0.6:53 -s rr -o
		-A -f 3 -s rr -o
	RULES
	assert_contains "$(ipvsadm -Sn)" '--pe sip' '-M 255.0.0.0' '-M 48' '-o'
	assert_round_trip
}

@test "every scheduler that the kernel has, and every flag of those, come back" {
	local module name mark=100
	for module in "/lib/modules/$(uname -r)"/kernel/net/netfilter/ipvs/ip_vs_*.ko*; do
		name=${module##*/ip_vs_}
		name=${name%%.*}
		case $name in
		ftp | pe_*) continue ;; # these are no schedulers
		esac
		echo "-A -f $((mark++)) -s $name"
	done >rules
	[ "$mark" -gt 110 ]
	cat >>rules <<-'RULES'
		-A -f 1 -s sh -b sh-fallback
		-A -f 2 -s sh -b sh-port
		-A -f 3 -s sh -b sh-fallback,sh-port,flag-3
		-A -f 4 -s mh -b mh-fallback
		-A -f 5 -s mh -b mh-port
		-A -f 6 -s mh -b mh-fallback,mh-port
		-A -f 7 -s wlc -b flag-1
		-A -f 8 -s wlc -b flag-2
		-A -f 9 -s wlc -b flag-3
		-A -f 10 -6 -s wlc -b flag-1,flag-2,flag-3
	RULES
	ipvsadm -R <rules
	assert_same "$((mark - 100 + 10))" "$(ipvsadm -Sn | grep -c ^-A)"
	assert_round_trip
}

@test "destinations with all forwarding methods, tunnels, weights and thresholds come back in the kernel's order" {
	ipvsadm -R <<-'RULES'
		-A -t 10.3.0.1:80 -s wrr
		-a -t 10.3.0.1:80 -r 10.3.1.9:80 -g -w 1
		-a -t 10.3.0.1:80 -r 10.3.1.1:8080 -m -w 0
		-a -t 10.3.0.1:80 -r 10.3.1.5:80 -i -w 65535
		-a -t 10.3.0.1:80 -r 10.3.1.2:80 -i --tun-type ipip
		-a -t 10.3.0.1:80 -r 10.3.1.8:80 -i --tun-type gue --tun-port 6080
		-a -t 10.3.0.1:80 -r 10.3.1.3:80 -i --tun-type gue --tun-port 6080 --tun-nocsum
		-a -t 10.3.0.1:80 -r 10.3.1.7:80 -i --tun-type gue --tun-port 6081 --tun-csum
		-a -t 10.3.0.1:80 -r 10.3.1.4:80 -i --tun-type gue --tun-port 6082 --tun-remcsum
		-a -t 10.3.0.1:80 -r 10.3.1.6:80 -i --tun-type gre
		-a -t 10.3.0.1:80 -r 10.3.2.1:80 -i --tun-type gre --tun-csum
		-a -t 10.3.0.1:80 -r 127.0.0.1:80 -g
		-a -t 10.3.0.1:80 -r fd00:3::7 -i
		-A -t [fd00:3::1]:80 -s lc
		-a -t [fd00:3::1]:80 -r [fd00:3::3]:80 -g -x 2147483647 -y 2147483646
		-a -t [fd00:3::1]:80 -r [fd00:3::2]:8080 -m -w 7 -x 100
		-a -t [fd00:3::1]:80 -r [fd00:3::4]:80 -i -x 20 -y 10
		-A --sctp-service 10.3.0.2:36412 -s rr
		-a --sctp-service 10.3.0.2:36412 -r 10.3.1.1:36412 -m
		-A -f 7 -s lblc
		-a -f 7 -r 10.3.1.2:0 -g -w 3
		-a -f 7 -r 10.3.1.1:0 -g -w 4
		-A -f 7 -6 -s rr
		-a -f 7 -6 -r [fd00:3::9]:0 -g
	RULES
	assert_same 19 "$(ipvsadm -Sn | grep -c ^-a)"
	ipvsadm -Ln --tun-info >tunnels.before
	assert_round_trip
	ipvsadm -Ln --tun-info | diff -u tunnels.before -
}

@test "timeouts and both sync daemons with every setting come back" {
	ipvsadm --set 1 31536 2678400
	ipvsadm --start-daemon master --mcast-interface lo --syncid 255 --sync-maxlen 1000 \
		--mcast-group 239.1.2.3 --mcast-port 9000 --mcast-ttl 42
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 1 --sync-maxlen 2000 \
		--mcast-group ff02::1:2 --mcast-port 65535 --mcast-ttl 255
	assert_contains "$(ipvsadm -L --daemon)" 'syncid=255, maxlen=1000, group=239.1.2.3, port=9000, ttl=42' \
		'syncid=1, maxlen=2000, group=ff02::1:2, port=65535, ttl=255'
	assert_round_trip
}

@test "a table that a snapshot was restored to needs no changes: restore leaves the sync daemons running" {
	ipvsadm --start-daemon master --mcast-interface lo --syncid 3
	local thread same
	thread=$(pgrep ipvs-m)
	ipvs-iso snapshot | ipvs-iso restore -
	same=$(pgrep ipvs-m)
	assert_same "$thread" "$same"
}
