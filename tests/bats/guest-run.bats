#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
	fill_table
}

teardown() {
	end_background
	clean_table
}

# isolated [OPTION...] -- COMMAND...: captures such a run, and asserts that the host's table is exactly the same
# afterwards and that no journal is left.
isolated() {
	local before
	before=$(table)
	capture ipvs-iso run "$@"
	assert_same "$before" "$(table)"
	if compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"; then
		return 1
	fi
}

# An executable file `name` with a bash script, for units that are programs of different kinds.
script() {
	printf '#!/bin/bash\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# ---- units ----

@test "the command runs on a clean table, gets its input, and writes to the two outputs what it likes" {
	isolated -- bash -c 'ipvsadm -Sn; ipvsadm -L --timeout; echo out; echo err >&2' <<<'unread'
	assert_status 0
	assert_same $'Timeout (tcp tcpfin udp): 900 120 300\nout' "$output"
	assert_same err "$stderr"

	isolated -- cat <<<$'two\nlines'
	assert_same $'two\nlines' "$output"
}

@test "--stdin none: nothing of the input is read, so that a loop over it reads on; but the fixture may come from it" {
	local unit units=''
	while read -r unit; do
		isolated --stdin none --units-from 'cat; echo a' --unit "$unit" -- sh -c 'cat; echo $0'
		assert_status 0
		units+="$output "
	done <<<$'one\ntwo\nthree'
	assert_same $'one\na two\na three\na ' "$units"

	isolated --stdin none --fixture - -- sh -c 'ipvsadm -Sn; cat' <<<'-A -f 3 -s wlc'
	assert_status 0
	assert_same '-A -f 3 -s wlc' "$output"

	isolated --stdin none --stdin inherit -- cat <<<'two words'
	assert_same 'two words' "$output"
}

@test "arguments reach the command as they are" {
	isolated -- printf '<%s>' 'two words' '' $'new\nline' "it's" '"$HOME"' '{}' '--keep' 'žluť'
	assert_same $'<two words><><new\nline><it\'s><"$HOME"><{}><--keep><žluť>' "$output"
}

@test "a unit that is root finds root's programs, whatever PATH its caller has; another user has the caller's" {
	local path=/usr/bin:/bin
	PATH=$path capture "$IPVS_ISO" run -- /bin/sh -c 'echo "$PATH"; ipvsadm -Ln >/dev/null'
	assert_status 0
	assert_same "$path:/usr/local/sbin:/usr/sbin:/sbin" "$output"
	# What is there stays where it is.
	PATH=/sbin:$path:/usr/local/sbin capture "$IPVS_ISO" run ipvsadm -Ln
	assert_status 0
	PATH=/sbin:$path:/usr/local/sbin capture "$IPVS_ISO" run --unit 1 --unit 2 -- /bin/sh -c 'echo "$PATH"'
	assert_same "$(yes "/sbin:$path:/usr/local/sbin:/usr/sbin" | head -n 2)" "$output"
	capture env -u PATH "$IPVS_ISO" run ipvsadm -Ln
	assert_status 0
	PATH=$path capture "$IPVS_ISO" run --user nobody -- /bin/sh -c 'echo "$PATH"'
	assert_same "$path" "$output"
}

@test "--unit: the command runs for each name, which stands for every {} in it, or is appended where there is none" {
	isolated --unit one --unit 'two words' -- bash -c 'echo "$1 and {}/$2"' {} '<{}>' '{}{}'
	assert_status 0
	assert_same $'<one> and one/oneone\n<two words> and two words/two wordstwo words' "$output"
	assert_matches "$stderr" "ipvs-iso: 2 units on this host's kernel
    PASS \[ *[0-9.]+s\] one
    PASS \[ *[0-9.]+s\] two words
 SUMMARY 2 units: 2 passed; [0-9.]+ s"

	capture ipvs-iso run --unit one --unit two -- echo unit
	assert_same $'unit one\nunit two' "$output"
}

@test "--units-from: a unit for each line that a shell command prints" {
	isolated --units-from "printf 'a b\n\n'; echo c" --unit z -- echo
	assert_status 0
	assert_same $'z\na b\nc' "$output"
}

@test "a unit finds nothing of what the one before it did" {
	isolated --unit 1 --unit 2 -- bash -c '
		ipvsadm -Sn; ipvsadm -L --timeout; ipvsadm -L --daemon
		cat /proc/sys/net/ipv4/vs/sloppy_tcp; wc -l </proc/net/ip_vs_conn
		ipvsadm -R <<<"-A -u 127.0.0.1:5301
			-a -u 127.0.0.1:5301 -r 127.0.0.1:5302 -m"
		echo hello >/dev/udp/127.0.0.1/5301
		ipvsadm --set 1 2 3
		ipvsadm --start-daemon backup --mcast-interface lo
		echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp'
	assert_status 123
	assert_same 'Timeout (tcp tcpfin udp): 900 120 300
0
1
Timeout (tcp tcpfin udp): 900 120 300
0
1' "$output"
	assert_same 0 "$(</proc/sys/net/ipv4/vs/sloppy_tcp)"
	assert_same 0 "$(connections)"
}

@test "-q says nothing but why a unit could not be run; -v says more" {
	isolated -q --unit 5 --unit 6 -- ipvsadm -A -f
	assert_status 123
	assert_same '' "$output$stderr"

	capture ipvs-iso run -q -- ./missing
	assert_status 127
	assert_contains "$stderr" ' ./missing: cannot run ./missing: command not found'

	capture ipvs-iso run -v -- true
	assert_status 0
	assert_matches "$stderr" "ipvs-iso: 1 unit on this host's kernel
   START true
    PASS \[ *[0-9.]+s\] true
 +ready after [0-9.]+ s"
}

# ---- residue ----

@test "residue: services, destinations, timeouts, daemons and sysctls are named with the unit that left them" {
	ipvs-iso snapshot -o fixture.json
	isolated --fixture fixture.json --unit tidy --unit untidy -- bash -c '
		[ {} = untidy ] || exit 0
		ipvsadm -R <<-RULES
			-A -t 10.5.0.1:80 -s rr
			-a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 2
			-D -u [fd00:9::1]:53
			-a -t 10.9.0.1:443 -r 10.9.1.4:8443 -m
			-e -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 6
			-d -t 10.9.0.1:443 -r 10.9.1.3:8443
		RULES
		ipvsadm --set 1 2 3
		ipvsadm --start-daemon master --mcast-interface lo --syncid 4 --sync-maxlen 1000
		echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp'
	assert_status 123
	assert_matches "$stderr" '.*
    PASS \[.*\] tidy
 RESIDUE \[.*\] untidy
.*'
	assert_same 'services     removed  -A -u [fd00:9::1]:53 -s rr -o
services     left     -A -t 10.5.0.1:80 -s rr
destinations left     -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 2
destinations removed  -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
destinations changed  -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 6 (was: -w 1)
destinations left     -a -t 10.9.0.1:443 -r 10.9.1.4:8443 -m -w 1
timeouts     changed  --set 1 2 3 (was: --set 800 90 200)
sysctl       changed  net.ipv4.vs.sloppy_tcp = 1 (was: 0)
daemons      left     --start-daemon master --mcast-interface lo --syncid 4 --sync-maxlen 1000' \
		"$(sed -n '/^--------/q; s/^ \{21\}//p' <<<"$stderr")"
	assert_contains "$stderr" ' SUMMARY 2 units: 1 passed, 1 left residue'
	assert_same 0 "$(</proc/sys/net/ipv4/vs/sloppy_tcp)"
}

@test "residue: processes are named by number and command line, and ended, however they hid" {
	isolated --kill-after 0.1 -- bash -c '
		sleep 601 & echo $! >pids
		setsid sleep 602 </dev/null >/dev/null 2>&1 & echo $! >>pids
		(trap "" TERM; exec sleep 603) & echo $! >>pids
		(setsid bash -c "sleep 604 & echo \$! >>pids") </dev/null >/dev/null 2>&1'
	assert_status 123
	local pids pid
	mapfile -t pids <pids
	for pid in 0 1 2 3; do
		# On a busy machine setsid may not have become sleep yet.
		assert_contains "${stderr//setsid sleep/sleep}" \
			"processes    left     process ${pids[pid]}: sleep 60$((pid + 1))"
		assert_ended "${pids[pid]}"
	done
}

@test "residue: processes are found and ended, and the table is read, also where a unit hides /proc" {
	local before
	before=$(table)
	capture ipvs-iso run -- bash -c 'setsid sleep 605 & echo $! >pid; mount -t tmpfs none /proc'
	umount /proc
	assert_same "$before" "$(table)"
	assert_status 123
	assert_contains "$stderr" "processes    left     process $(<pid): sleep 605"
	assert_ended "$(<pid)"
}

@test "residue: connections are counted, fail the run only on demand, and the next unit has none" {
	script connect '
		mapfile -t lines </proc/net/ip_vs_conn; echo $((${#lines[@]} - 1))
		ipvsadm -R <<<"-A -$1 127.0.0.1:5301 -s rr
			-a -$1 127.0.0.1:5301 -r 127.0.0.1:5302 -m"
		if [ $1 = u ]; then
			echo hello >/dev/udp/127.0.0.1/5301
		else
			/usr/bin/python3 -S -c "if True:
				import socket
				server = socket.create_server((\"127.0.0.1\", 5302))
				client = socket.create_connection((\"127.0.0.1\", 5301))
				peer = server.accept()[0]
				peer.send(b\"through IPVS\")
				print(client.recv(20).decode())"
		fi
		ipvsadm -C'
	isolated --unit t --unit u -- ./connect
	assert_status 0
	assert_same $'0\nthrough IPVS\n0' "$output"
	assert_matches "$stderr" '.* PASS \[.*\] t
 +connections  left     1 connection
 +PASS \[.*\] u
 +connections  left     1 connection
.*'
	assert_same 0 "$(connections)"

	capture ipvs-iso run --fail-on connections -- ./connect u
	assert_status 123
}

@test "--fail-on: only the classes named fail the run, all residue is reported" {
	local classes
	for classes in services,timeouts=123 timeouts=123 daemons,sysctl=0 none=0 all=123; do
		capture ipvs-iso run --fail-on "${classes%=*}" -- ipvsadm --set 1 2 3
		assert_status "${classes#*=}"
		assert_contains "$stderr" 'timeouts     changed  --set 1 2 3 (was: --set 900 120 300)'
	done
}

# ---- exit statuses ----

@test "the exit status is the command's own, 128 + its signal, or what the contract says, and the table is back" {
	: >not-executable
	script no-interpreter ''
	sed -i '1s/.*/#!\/no\/such/' no-interpreter
	local before before_services wanted options
	before=$(table)
	before_services=$(services)
	while read -r wanted options; do
		eval "capture ipvs-iso run $options"
		assert_status "$wanted"
		assert_same "$before_services" "$(services)"
	done <<-'RUNS'
		0    -- true
		7    -- bash -c 'ipvsadm -A -f 5; exit 7'
		4    --timeout 1m -- bash -c 'exit 4'
		255  -- bash -c 'exit 255'
		143  -- bash -c 'ipvsadm -A -f 5; kill -TERM $$'
		137  -- bash -c 'kill -KILL $$'
		123  -- ipvsadm -A -f 5
		124  --timeout 0.1 -- sleep 60
		125  --no-such-option -- true
		126  -- ./not-executable
		126  -- /
		127  -- no-such-command
		127  -- ./no-interpreter
	RUNS
	assert_same "$before" "$(table)"
}

@test "the worst exit status wins: 126 and 127, the first unit's own, 124, 123" {
	script leaves 'ipvsadm -A -f 5'
	script slow 'exec sleep 60'
	script fails 'exit 9'
	script fails-too 'exit 125'
	: >not-executable
	local wanted units arguments unit
	while read -r wanted units; do
		arguments=()
		for unit in $units; do
			arguments+=(--unit "./$unit")
		done
		capture ipvs-iso run --timeout 0.5 "${arguments[@]}" -- {}
		assert_status "$wanted"
	done <<-'RUNS'
		124  leaves slow
		9    slow leaves fails fails-too
		125  fails-too fails
		127  leaves fails missing slow not-executable
		126  fails not-executable missing
	RUNS
	assert_contains "$stderr" ' SUMMARY 3 units: 1 failed, 2 could not be run'
}

@test "125 wins over everything: a unit before which the table cannot be made clean" {
	ip link add gone0 type dummy
	ip link set gone0 up
	echo '{"format": "ipvs-iso.snapshot", "version": 1,
		"daemons": [{"role": "master", "interface": "gone0", "sync_id": 1}]}' >fixture.json
	isolated --fixture fixture.json --unit 1 --unit 2 -- bash -c 'touch ran.{}; ip link del gone0; exit 9'
	assert_status 125
	assert_contains "$stderr" ' 1: exit status 9' ' TROUBLE ' ' 2: cannot make the table clean: ' \
		"there is no network interface 'gone0'" '1 failed, 1 could not be run'
	assert_same ran.1 "$(echo ran.*)"
}

# ---- time limits ----

@test "--timeout: a unit that runs longer is ended with all that it started, and the next one runs" {
	isolated --timeout 2 --unit sleep --unit echo -- bash -c '
		[ {} = echo ] && exec echo ran
		sleep 605 & echo $! >pid
		ipvsadm -A -f 5
		wait'
	assert_status 124
	assert_same ran "$output"
	assert_contains "$stderr" ' sleep: ran past its time of 2 s' 'services     left     -A -f 5 -s wlc' ' PASS ' \
		'1 passed, 1 timed out'
	assert_ended "$(<pid)"
}

@test "--kill-after: a unit that does not obey SIGTERM is killed" {
	isolated --timeout 1 --kill-after 0.2 -- bash -c 'trap "" TERM; echo $$ >pid; while :; do sleep 1; done'
	assert_status 124
	assert_matches "$stderr" ' TIMEOUT \[ +[0-9]\.[0-9]+s\] bash .*'
	assert_ended "$(<pid)"
}

# ---- where units start from ----

@test "--keep: the unit runs on the host's table as it is, what it changes is residue, and the table comes back" {
	isolated --keep -- bash -c 'cat /proc/net/ip_vs; ipvsadm -D -u [fd00:9::1]:53; ipvsadm -e -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 8'
	assert_status 123
	assert_same "$(services)" "$(sort_services <<<"$output")"
	assert_contains "$stderr" 'services     removed  -A -u [fd00:9::1]:53 -s rr -o' \
		'destinations changed  -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 8 (was: -w 1)'
}

@test "--fixture: each unit starts from it, and what is in it is no residue" {
	fill_fixture
	isolated --fixture fixture.json --unit 1 --unit 2 -- bash -c '
		ipvsadm -Ln --thresholds; ipvsadm -L --timeout; ipvsadm -L --daemon; cat /proc/sys/net/ipv4/vs/sloppy_tcp
		[ {} = 2 ] || { ipvsadm -C; ipvsadm --set 7 7 7; ipvsadm --stop-daemon master; }'
	assert_status 123
	assert_same "$fixture"$'\n'"$fixture" "$output"
	assert_contains "$stderr" 'services     removed  -A -t 10.6.0.1:80 -s rr' \
		'daemons      removed  --start-daemon master' '1 passed, 1 left residue'
	assert_same 0 "$(</proc/sys/net/ipv4/vs/sloppy_tcp)"
}

@test "--fixture: one with a mistake is met before anything runs; one may come from standard input" {
	local snapshot='{"format": "ipvs-iso.snapshot", "version": 1'
	echo "$snapshot, \"servces\": []}" >mistake.json
	echo "$snapshot, \"sysctl\": {\"nosuch\": 1}}" >unknown.json
	isolated --fixture mistake.json -- touch ran
	assert_status 125
	assert_contains "$stderr" 'ipvs-iso: mistake.json:1:47: unknown key "servces"'
	isolated --fixture unknown.json -- touch ran
	assert_status 125
	assert_contains "$stderr" 'ipvs-iso: this kernel has no sysctl net.ipv4.vs.nosuch'
	[ ! -e ran ]
	isolated --fixture - -- ipvsadm -Sn <<<"$snapshot, \"services\": [{\"fwmark\": 3, \"family\": \"ipv4\"}]}"
	assert_status 0
	assert_same '-A -f 3 -s wlc' "$output"
}

# Makes fixture.json, and sets $fixture to what a unit that starts from it sees.
fill_fixture() {
	cat >fixture.json <<-'JSON'
		{"format": "ipvs-iso.snapshot", "version": 1, "timeouts": {"udp": 20}, "sysctl": {"sloppy_tcp": 1},
		 "daemons": [{"role": "master", "interface": "lo", "sync_id": 2, "max_length": 1000}],
		 "services": [{"protocol": "tcp", "address": "10.6.0.1", "port": 80, "scheduler": "rr",
		   "destinations": [{"address": "10.6.1.1", "port": 80, "upper_threshold": 5}]}]}
	JSON
	fixture='IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.6.0.1:80 rr
  -> 10.6.1.1:80                  5          0          0          0         
Timeout (tcp tcpfin udp): 900 120 20
master sync daemon (mcast=lo, syncid=2, maxlen=1000, group=224.0.0.81, port=8848, ttl=1)
1'
}

# ---- nested runs ----

@test "a run inside of a run has a clean table, and puts back the one of the unit around it; three deep" {
	export list='ipvsadm -Sn | sed "s/^/$0: /"'
	isolated -- bash -c '
		ipvsadm -A -t 10.5.0.1:80; ipvsadm -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m; ipvsadm --set 5 5 5
		ipvs-iso run -q --wait 0 -- bash -c '\''
			eval "$list"
			ipvsadm -A -f 2; ipvsadm -A -f 22
			ipvs-iso run -q --wait 0 -- bash -c "
				eval \"\$list\"; ipvsadm -A -f 3; eval \"\$list\"" third
			echo "second: $?"; eval "$list"'\'' second
		echo "first: $?"; eval "$list"; ipvsadm -L --timeout' first
	assert_status 123
	assert_same 'third: -A -f 3 -s wlc
second: 123
second: -A -f 2 -s wlc
second: -A -f 22 -s wlc
first: 123
first: -A -t 10.5.0.1:80 -s wlc
first: -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 1
Timeout (tcp tcpfin udp): 5 5 5' "$output"
	# What the inner runs' units left is gone, and no residue of the outer one's.
	assert_same 'services     left     -A -t 10.5.0.1:80 -s wlc
destinations left     -a -t 10.5.0.1:80 -r 10.5.1.1:80 -m -w 1
timeouts     changed  --set 5 5 5 (was: --set 900 120 300)' "$(sed -n 's/^ \{21\}//p' <<<"$stderr")"
}

# ---- the lock ----

@test "runs at the same time take turns, each with a clean table" {
	local before i jobs=()
	before=$(table)
	for i in 1 2 3 4; do
		ipvs-iso run -q -- bash -c '
			echo enter >>log
			cat /proc/net/ip_vs >seen.'$i'
			ipvsadm -A -f '$i'; ipvsadm -D -f '$i'
			echo leave >>log' 3>&- &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i"
	done
	assert_same 'enter leave enter leave enter leave enter leave ' "$(tr '\n' ' ' <log)"
	assert_same "$before" "$(table)"
	ipvsadm -C
	for i in 1 2 3 4; do
		assert_same "$(services)" "$(<seen.$i)"
	done
}

@test "--wait 0 fails at once where the lock is held, and names the holder; --wait N after so long" {
	background_run -- 'ipvsadm -A -f 6'
	capture ipvs-iso run --wait 0 -- touch ran
	assert_status 125
	assert_matches "$stderr" "ipvs-iso: the lock is held by process $job \(bash -c ipvsadm -A -f 6.*\), since [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}
          wait longer for it \(--wait\), or end what holds it; 'ipvs-iso status' names it"

	capture ipvs-iso run --wait 0.3 -- touch ran
	assert_status 125
	assert_contains "$stderr" "waiting for the lock, held by process $job (" \
		"ipvs-iso: the lock was still held after 0.3 s by process $job ("
	[ ! -e ran ]
	assert_contains "$(services)" 'FWM  00000006'
}

@test "--wait N gets the lock when it is free in time" {
	background_run -- :
	local run=$job
	background ipvs-iso run --wait 60 -- ipvsadm -Sn
	wait_until grep -q "waiting for the lock, held by process $run " job.stderr
	kill "$unit"
	wait_for_job
	assert_status 0
}

@test "a forged IPVS_ISO_LOCK_FD does not get anybody past the lock" {
	background_run -- :
	local lock=("$IPVS_ISO_STATE_DIR"/*/lock) forged
	for forged in 8 9 0 99 -1 x ''; do
		# shellcheck disable=SC2094 # nothing is read or written
		IPVS_ISO_LOCK_FD=$forged capture ipvs-iso run --wait 0 -- touch ran 8<"${lock[0]}" 9>>"${lock[0]}"
		assert_status 125
		assert_contains "$stderr" 'the lock is held by process '
	done
	[ ! -e ran ]
}

@test "a run inside of a run is nested also in a PID namespace of its own that has the /proc of the one around it" {
	isolated --wait 0 -- bash -c 'ipvsadm -A -f 6
		unshare --pid --fork timeout 20 ipvs-iso run --wait 0 -- sh -c "
			setsid sleep 606 & echo \$! >pid
			ipvsadm -Sn; ipvsadm -A -f 7; echo inner"
		echo "status $?"
		ipvsadm -Sn
		ipvsadm -C'
	assert_status 0
	assert_same $'inner\nstatus 123\n-A -f 6 -s wlc' "$output"
	# By the number that it has there.
	assert_matches "$(<pid)" "[1-9][0-9]?"
	assert_contains "${stderr//setsid sleep/sleep}" "processes    left     process $(<pid): sleep 606"
}

# inner COMMAND...: runs it in a unit with something in its table; all that it starts is given up after a while.
inner() {
	isolated --wait 0 -- bash -c 'ipvsadm -A -f 6; timeout 60 "$@"; echo "status $?"; ipvsadm -Sn; ipvsadm -C' - "$@"
	assert_status 0
	assert_same $'status 125\n-A -f 6 -s wlc' "$output"
	[ ! -e ran ]
}

@test "a run inside of a run where /proc is not mounted, or not whole, or another PID namespace's is refused at once" {
	local remedy='          mount it: mount -t proc proc /proc'
	inner unshare --mount sh -c 'umount -l /proc; exec ipvs-iso run -- touch ran'
	assert_same "ipvs-iso: /proc does not show this process"$'\n'"$remedy" "$stderr"

	inner unshare --mount sh -c 'mount -t proc -o subset=pid proc /proc; exec ipvs-iso run -- touch ran'
	assert_contains "$stderr" 'sysctls cannot be seen, as /proc is not mounted, or not whole' "$remedy"

	# Where the kernel gives it one of its own, it is not.
	inner unshare --pid --fork setpriv --bounding-set=-sys_admin ipvs-iso run -- touch ran
	assert_same "ipvs-iso: /proc is that of another PID namespace than this process's"$'\n'"$remedy" "$stderr"
}

# without_lock COMMAND...: without the descriptors that a run hands down.
without_lock() {
	local descriptor
	for descriptor in ${IPVS_ISO_LOCK_FD//,/ }; do
		exec {descriptor}>&-
	done
	exec "$@"
}
export -f without_lock

@test "below a run, who has lost its descriptor or IPVS_ISO_LOCK_FD does not wait for it" {
	local below='and this process runs below it, but IPVS_ISO_LOCK_FD, or the descriptor that it names, was lost on the way'
	local perhaps='and this process may run below it: the descriptor that IPVS_ISO_LOCK_FD names was closed on the way'
	local own_namespace=(unshare --pid --fork --mount-proc)
	inner bash -c 'without_lock ipvs-iso run -- touch ran'
	assert_contains "$stderr" 'the lock is held by process ' "$below"
	inner env -u IPVS_ISO_LOCK_FD "${own_namespace[@]}" ipvs-iso run -- touch ran
	assert_contains "$stderr" 'the lock is held by a run whose own process is gone or out of sight (' "$below"
	inner bash -c 'without_lock "$@"' - "${own_namespace[@]}" ipvs-iso run -- touch ran
	assert_contains "$stderr" 'the lock is held by a run whose own process is gone or out of sight (' "$perhaps" \
		'or unset IPVS_ISO_LOCK_FD'
	inner bash -c 'without_lock ipvs-iso savepoint a'
	assert_contains "$stderr" "$below"
}

# shellcheck disable=SC2016 # the unit expands it
@test "a run inside of a run that sees another state directory is refused, and one with another table is not" {
	local remedy="          start it where it finds that run's state directory: with the same /run and the same IPVS_ISO_STATE_DIR"
	echo -C >table.rules
	isolated --wait 0 -- bash -c 'ipvsadm -A -f 6
		elsewhere() {
			unshare --mount sh -c "mount -t tmpfs -o mode=0700 other \"\$IPVS_ISO_STATE_DIR\" && exec \"\$@\"" - "$@"
		}
		for command in "run --wait 0 -- touch ran" flush "restore table.rules" recover "savepoint a"; do
			elsewhere ipvs-iso $command
			echo "status $?"
		done
		IPVS_ISO_STATE_DIR=$PWD/other ipvs-iso run --wait 0 -- touch ran
		echo "status $?"
		ipvsadm -Sn
		elsewhere unshare --net ipvs-iso run --wait 0 -- ipvsadm -A -f 7
		echo "status $?"
		elsewhere ipvs-iso run -q -i netns -- ipvs-iso run -- ipvsadm -Sn
		echo "status $?"
		ipvsadm -C'
	assert_status 0
	assert_same "$(printf 'status 125\n%.0s' {1..6})
-A -f 6 -s wlc
status 123
status 0" "$output"
	assert_same 6 "$(grep -cF 'this process is inside of a run on the same table, whose lock is not the one in this folder' \
		<<<"$stderr")"
	assert_same 6 "$(grep -cxF "$remedy" <<<"$stderr")"
	assert_contains "$stderr" "ipvs-iso: $PWD/other/"
	[ ! -e ran ]
}

# ---- signals ----

# signalled SIGNAL: sends it to a run whose unit has changed the table; then the table is back and all has ended.
signalled() {
	local before
	before=$(table)
	background_run --unit 1 --unit 2 -- 'ipvsadm -A -f {}; sleep 607 & echo $! >child; touch ran.{}'
	kill "-$1" "$job"
	wait_for_job
	assert_same "$before" "$(table)"
	assert_ended "$unit" "$(<child)"
	[ -e ran.1 ]
	[ ! -e ran.2 ]
	assert_contains "$stderr" '1 not reached'
}

@test "SIGINT and SIGTERM end the unit and the run, after the table has been put back: 130 and 143" {
	signalled INT
	assert_status 130
	rm ran.1
	signalled TERM
	assert_status 143
}

@test "a signal while waiting for the lock ends the wait, and nothing was changed" {
	background_run -- 'ipvsadm -A -f 6'
	background ipvs-iso run -- touch ran
	wait_until grep -q 'waiting for the lock' job.stderr
	kill -INT "$job"
	wait_for_job
	assert_status 130
	[ ! -e ran ]
	assert_contains "$(services)" 'FWM  00000006'
}
