#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Units with real traffic: a client and real servers in network namespaces of their own, and this one between them.

load helper

setup() {
	isolate_state
	client=${BATS_SUITE_TEST_NUMBER-0}-client
	server=${client/client/server}
	join "$client" 10.7.1
	join "$server" 10.7.2
	forward=$(</proc/sys/net/ipv4/ip_forward)
	echo 1 >/proc/sys/net/ipv4/ip_forward
	write_programs
	ip netns exec "$server" /usr/bin/python3 -S serve.py 3>&- &
	jobs_started+=($!)
	wait_until test -e serving
}

teardown() {
	end_background
	echo "$forward" >/proc/sys/net/ipv4/ip_forward
	ip netns del "$client"
	ip netns del "$server"
	clean_table
}

# join NAMESPACE NETWORK: makes it, with the address NETWORK.2, and us at NETWORK.1 as its way to everywhere.
join() {
	ip netns add "$1"
	ip link add "to-${1#*-}" type veth peer name eth0 netns "$1"
	ip address add "$2.1/24" dev "to-${1#*-}"
	ip link set "to-${1#*-}" up
	ip -n "$1" -batch - <<-COMMANDS
		link set lo up
		address add $2.2/24 dev eth0
		link set eth0 up
		route add default via $2.1
	COMMANDS
}

write_programs() {
	# Two real servers, on the ports 8001 and 8002, TCP and UDP: each answers with its port.
	cat >serve.py <<-'PYTHON'
		import selectors, socket
		ready = selectors.DefaultSelector()
		for port in (8001, 8002):
		    ready.register(socket.create_server(("", port)), selectors.EVENT_READ)
		    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    datagrams.bind(("", port))
		    ready.register(datagrams, selectors.EVENT_READ)
		open("serving", "w").close()
		peers = []
		while True:
		    for key, _ in ready.select():
		        port = str(key.fileobj.getsockname()[1]).encode()
		        if key.fileobj.type == socket.SOCK_DGRAM:
		            key.fileobj.sendto(port, key.fileobj.recvfrom(9)[1])
		        else:
		            peers.append(key.fileobj.accept()[0]) # not closed
		            peers[-1].send(port)
	PYTHON
	# Both to the virtual address, always from the same port, and what answered.
	cat >ask.py <<-'PYTHON'
		import socket
		stream = socket.socket()
		stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
		stream.settimeout(20)
		stream.bind(("10.7.1.2", 5001))
		stream.connect(("10.7.0.1", 80))
		print("TCP", stream.recv(9).decode())
		datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		datagrams.settimeout(20)
		datagrams.bind(("10.7.1.2", 5002))
		datagrams.sendto(b"?", ("10.7.0.1", 80))
		print("UDP", datagrams.recv(9).decode())
	PYTHON
	# unit PORT CLIENT: the virtual services, persistent and masqueraded, with one real server each; and a client of both, that
	# is cut off before it can say that its connections end.
	cat >unit <<-'UNIT'
		mapfile -t lines </proc/net/ip_vs_conn
		echo "$((${#lines[@]} - 1)) connections before"
		[ "$(</proc/sys/net/ipv4/vs/expire_nodest_conn)" = 0 ] || echo 'a sysctl of another unit'
		for protocol in t u; do
			ipvsadm -A -$protocol 10.7.0.1:80 -s rr -p 600
			ipvsadm -a -$protocol 10.7.0.1:80 -r "10.7.2.2:$1" -m
		done
		echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn
		ip netns exec "$2" /usr/bin/python3 -S ask.py
		sed 's/ *[0-9]*$//' /proc/net/ip_vs_conn >"connections.$1"
		# With that sysctl the kernel would drop the connections as the services go.
		[ "$3" != tidy ] || { echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn; ipvsadm -C; }
	UNIT
	ip address add 10.7.0.1/32 dev to-client
}

@test "connections and persistence templates of a unit, TCP and UDP, are counted and do not reach the next" {
	local before
	fill_table
	before=$(table)
	capture ipvs-iso run --unit 8001 --unit 8002 -- bash unit {} "$client"
	assert_status 123
	# The same client is sent to the other real server, which persistence would not have done.
	assert_same '0 connections before
TCP 8001
UDP 8001
0 connections before
TCP 8002
UDP 8002' "$output"
	# A connection and a template for each of the two.
	local count
	for count in 8001 8002; do
		assert_same 4 "$(grep -c 0A070102 "connections.$count")"
		assert_contains "$(<"connections.$count")" 'TCP 0A070102 1389 0A070001 0050 0A070202' \
			'UDP 0A070102 138A 0A070001 0050 0A070202' 'TCP 0A070102 0000 0A070001 0050 0A070202'
	done
	assert_matches "$stderr" '.* RESIDUE \[.*\] 8001
.* connections  left     4 connections
.* RESIDUE \[.*\] 8002
.* connections  left     4 connections
.*'
	assert_contains "$stderr" 'sysctl       changed  net.ipv4.vs.expire_nodest_conn = 1 (was: 0)'
	assert_same 0 "$(</proc/sys/net/ipv4/vs/expire_nodest_conn)"
	assert_same 0 "$(connections)"
	assert_same "$before" "$(table)"

	# Who removes the services and not the connections has left these all the same.
	capture ipvs-iso run --fail-on connections --unit 8001 --unit 8002 -- bash unit {} "$client" tidy
	assert_status 123
	assert_contains "$output" $'0 connections before\nTCP 8002\nUDP 8002'
	# Behind the line of dashes they are told once more.
	assert_same 2 "$(sed '/^---/q' <<<"$stderr" | grep -c 'connections  left ')"
	assert_same 2 "$(sed '/^---/q' <<<"$stderr" | grep -c 'left  ')"
	assert_same 0 "$(connections)"
	assert_same "$before" "$(table)"
}
