#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# With real traffic: a TCP client talks through a virtual service to a server that sends back what it gets.

load helper

setup() {
	isolate_state
	start_server
	ipvsadm -R <<-'RULES'
		-A -t 127.0.0.1:5401 -s rr
		-a -t 127.0.0.1:5401 -r 127.0.0.1:5402 -m -w 1
		-A -t 127.0.0.1:5411 -s rr
		-a -t 127.0.0.1:5411 -r 127.0.0.1:5402 -m -w 1
	RULES
}

teardown() {
	exec {client}<&- 2>/dev/null || true
	end_background
	echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn
	clean_table
	ipvs-iso flush
}

start_server() {
	mkfifo ready
	background /usr/bin/python3 -c '
import socket, threading
def echo(connection):
    while data := connection.recv(100):
        connection.sendall(data)
server = socket.create_server(("127.0.0.1", 5402))
open("ready", "w").close()
while True:
    threading.Thread(target=echo, args=(server.accept()[0],), daemon=True).start()'
	: <ready
}

# Opens a connection to the service.
connect() {
	exec {client}<>/dev/tcp/127.0.0.1/"$1"
}

# say WORD: sends it over the connection; true when it comes back within seconds.
say() {
	local answer
	echo "$1" >&"$client" && read -r -t "${2-10}" answer <&"$client" && [ "$answer" = "$1" ]
}

# counted SERVICE CONNECTIONS: ipvsadm shows so many for it. The kernel adds them up every other second.
counted() {
	ipvsadm -Ln --stats --exact | grep -Eq "^TCP  $1 +$2 "
}

# The counters of both services and their destinations: connections, packets and bytes in and out, as ipvsadm shows them...
counters_of_ipvsadm() {
	ipvsadm -Ln --stats --exact | awk '/:54/ { print $(NF - 4), $(NF - 3), $(NF - 2), $(NF - 1), $NF }'
}

# ...and as the snapshot has them.
counters_of_snapshot() {
	/usr/bin/python3 -c '
import json, sys
for service in json.load(open(sys.argv[1]))["services"]:
    for thing in [service] + service["destinations"]:
        s = thing["stats"]
        print(s["connections"], s["packets_in"], s["packets_out"], s["bytes_in"], s["bytes_out"])' "$1"
}

@test "snapshot --stats has the counters that ipvsadm shows; restore, diff and check pass over them" {
	ipvs-iso snapshot --stats -o before.json
	connect 5401
	say hello
	say again
	wait_until counted 127.0.0.1:5401 1
	# Nothing moves any more, so both read the same, once what was under way has been counted.
	same_counters() {
		ipvs-iso snapshot --stats -o after.json
		[ "$(counters_of_ipvsadm)" = "$(counters_of_snapshot after.json)" ]
	}
	wait_until same_counters
	assert_contains "$(counters_of_snapshot after.json)" '1 ' $'\n0 0 0 0 0'
	assert_contains "$(<after.json)" '"active": 1, "inactive": 0, "persistent": 0'
	/usr/bin/python3 -m jsonschema -i after.json "$BATS_TEST_DIRNAME/../../share/schema/snapshot.schema.json" 2>&1

	capture cmp before.json after.json
	assert_status 1
	ipvs-iso diff before.json after.json
	ipvs-iso check before.json
	ipvsadm -D -t 127.0.0.1:5411
	ipvs-iso restore after.json
	ipvs-iso check before.json
	capture ipvs-iso snapshot --stats -f ipvsadm
	assert_status 125
	assert_contains "$stderr" 'rules of ipvsadm hold no counters'
}

@test "a connection and its service's counters survive restore, where ipvsadm -C and -R lose them" {
	echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn
	ipvs-iso snapshot -o before.json
	connect 5401
	say one
	wait_until counted 127.0.0.1:5401 1
	ipvsadm -E -t 127.0.0.1:5411 -s wlc
	ipvsadm -A -f 9
	ipvsadm --set 400 0 0

	ipvs-iso restore before.json
	ipvs-iso check before.json
	say two
	counted 127.0.0.1:5401 1
	local packets line
	line=$(ipvsadm -Ln --stats --exact | grep 'TCP  127.0.0.1:5401')
	read -r _ _ _ packets _ <<<"$line"
	[ "$packets" -ge 3 ]
	read_whole line /proc/net/ip_vs_stats
	[[ $line =~ Bytes$'\n'\ +([0-9A-F]+) ]]
	[ "${BASH_REMATCH[1]}" != 0 ]

	# The usual way: what comes between the two commands meets no service.
	ipvsadm -Sn >saved
	ipvsadm -C
	capture say three
	assert_status 1
	assert_contains "$stderr" 'Connection reset by peer'
	ipvsadm -R <saved
	assert_contains "$(counters_of_ipvsadm)" '0 0 0 0 0'
	counted 127.0.0.1:5401 0
}
