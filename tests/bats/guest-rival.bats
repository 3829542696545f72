#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Another program that changes the table without asking for the lock.

load helper

setup() {
	isolate_state
	fill_table
	before=$(table)
}

teardown() {
	end_background
	clean_table
}

# start_rival COUNT: a program that adds that many services, 10.66.0.1:1 and so on, five a second: between two of them
# the table can be read on a busy machine, too. Its process is $rival. One ipvsadm does it all: to start one for each
# takes longer than ipvs-iso watches, where the machine is busy.
start_rival() {
	mkfifo nothing
	cat >keepalived <<-'SCRIPT'
		#!/bin/bash
		exec > >(exec ipvsadm -R)
		for ((port = 1; port <= $1; port++)); do
			echo "-A -t 10.66.0.1:$port"
			read -r -t 0.2 _ <>nothing
		done
	SCRIPT
	chmod +x keepalived
	background ./keepalived "$1"
	rival=$job
	wait_until rival_wrote
}

# A program with a name that nobody knows, which listens to generic netlink. Its process is $listener.
start_listener() {
	background /usr/bin/python3 -S -c 'if True:
		import socket, time
		listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
		listener.bind((0, 0))
		open("listening", "w").close()
		time.sleep(600)'
	listener=$job
	wait_until test -e listening
}

rival_wrote() {
	[[ $(services) == *' 0A420001:'* || $(services) == *'TCP  0A420001'* ]]
}

# Removes what the rival wrote; what is left is as it would be without it.
undo_rival() {
	ipvsadm -Sn | sed -nE 's/^-A (-t 10\.66\.0\.1:[0-9]+) .*/-D \1/p' | ipvsadm -R
}

end_rival() {
	kill "$rival" || true # its ipvsadm may have found nothing to write to
	wait "$rival" || true
}

@test "a rival that goes on writing ends the run with 125, is named, and the host's table comes back" {
	local seen
	start_listener
	start_rival 3000
	capture ipvs-iso run --units-from 'seq 20' -- bash -c '
		touch ran.{}
		lines() { mapfile -t all </proc/net/ip_vs; echo ${#all[@]}; }
		before=$(lines)
		until [ "$(lines)" -gt "$before" ]; do :; done'
	end_rival
	assert_status 125
	assert_contains "$stderr" 'somebody else is changing the table: ' '  + -A -t 10.66.0.1:' 'stop who does it; it may be ' TROUBLE \
		"keepalived (process $rival)" "python3 (process $listener)"
	assert_lacks "$stderr" "ipvs-iso (process " "bash (process "
	# No unit after the one at which it was seen, which is a later one where the rival gets no processor for long.
	seen=$(sed -nE 's/^ *TROUBLE \[.*\] ([0-9]+): .*/\1/p' <<<"$stderr" | head -n 1)
	if [ -e "ran.$((seen + 1))" ]; then
		show_captured
		return 1
	fi
	undo_rival
	assert_same "$before" "$(table)"
	if compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"; then
		return 1
	fi
}

@test "a rival that changes one service back and forth is noticed, whichever way that stands when the unit ends" {
	cat >keepalived <<-'SCRIPT'
		#!/bin/bash
		exec > >(exec ipvsadm -R)
		echo "-A -t 10.66.0.1:1 -s rr"
		# That is more than the pipe holds: once it has been written, ipvsadm is at work.
		while printf -- '-E -t 10.66.0.1:1 -s %s\n' wrr rr; do
			[ $((++count)) -ne 2000 ] || : >flips
		done
	SCRIPT
	chmod +x keepalived
	capture ipvs-iso run -- bash -c './keepalived & until [ -e flips ]; do sleep 0.02; done'
	# It was the unit's own, and has been ended with it.
	assert_status 123
	assert_lacks "$stderr" 'somebody else'
	rm flips
	# This one is nobody's.
	mkfifo go
	background bash -c 'read -r _ <>go; exec ./keepalived'
	capture ipvs-iso run -- bash -c 'echo >go; until [ -e flips ]; do sleep 0.02; done'
	rival=$job
	end_rival
	assert_status 125
	assert_contains "$stderr" 'somebody else is changing the table: ' '  ~ -A -t 10.66.0.1:1 -s ' "keepalived (process $rival)"
	undo_rival
	assert_same "$before" "$(table)"
}

@test "a table that changes while it is read is read again: a snapshot lacks nothing and has nothing twice, or is refused" {
	local i wrong=
	for i in {1..700}; do echo "-A -t 10.77.$((i / 200)).$((i % 200)):80 -s rr"; done >many
	ipvsadm -R <many
	# The kernel lists services by a hash; each of these stands before some of them.
	mkfifo nothing
	cat >keepalived <<-'SCRIPT'
		#!/bin/bash
		exec > >(exec ipvsadm -R)
		while :; do
			printf -- "-A -t 10.66.0.$((i % 250)):1 -s rr\n-D -t 10.66.0.$((i++ % 250)):1\n"
			read -r -t 0.002 _ <>nothing
		done
	SCRIPT
	chmod +x keepalived
	background ./keepalived
	rival=$job
	for i in {1..4}; do
		capture ipvs-iso snapshot -f ipvsadm
		if [ "$status" -ne 0 ]; then
			assert_contains "$stderr" 'cannot read the IPVS table: somebody else changes it all the time'
		else
			wrong+=$(grep '^-A -t 10\.77\.' <<<"$output" | sort | diff <(sort many) -) || true
		fi
	done
	end_rival
	assert_same '' "$wrong"
	# With nobody in the way it is whole.
	capture ipvs-iso snapshot -f ipvsadm
	assert_same 700 "$(grep -c '^-A -t 10\.77\.' <<<"$output")"
}

# Whether a process that is traced has been stopped: it would have gone on meanwhile.
has_stopped() {
	local before
	before=$(grep -e '^State:.t' -e ctxt "/proc/$1/status") || return
	read -r -t 0.1 _ <>nothing
	[[ $before == State:*$'\n'*$'\n'* && $before == "$(grep -e '^State:.t' -e ctxt "/proc/$1/status")" ]]
}

# stop_at CALL N COMMAND...: starts an `ipvs-iso` in the background that stops after its Nth system call CALL. Its
# process is $stopped; `go_on` waits for its end.
stop_at() {
	background strace -qqq -o /dev/null -e "trace=$1" -e "inject=$1:signal=STOP:when=$2" "${@:3}"
	wait_until pgrep -P "$job" -x ipvs-iso >/dev/null
	stopped=$(pgrep -P "$job" -x ipvs-iso)
	[ -p nothing ] || mkfifo nothing
	wait_until has_stopped "$stopped"
}

go_on() {
	kill -CONT "$stopped"
	wait_for_job
}

# count_requests COMMAND...: how many an `ipvs-iso` sends to the kernel, in $requests.
count_requests() {
	strace -qqq -o requests -e trace=sendmsg "$@" 2>told || true
	requests=$(wc -l <requests)
}

@test "a rival that writes while a restore reads the table back is noticed, at any moment, and what it wrote stays" {
	local at
	ipvs-iso snapshot -o wanted.json
	ipvsadm -C
	count_requests ipvs-iso restore wanted.json
	# The last request is the one after which nobody looks any more. Before it come the sysctls, timeouts, daemons, and the
	# destinations of one service after another.
	for ((at = requests - 1; at > requests - 6; at--)); do
		ipvsadm -C
		ipvsadm -A -f 7
		stop_at sendmsg "$at" ipvs-iso restore wanted.json
		ipvsadm -A -f 66
		go_on
		echo "at request $at of $requests"
		assert_status 125
		assert_contains "$stderr" 'somebody else is changing the table' '+ -A -f 66 -s wlc' \
			'the table is put back, and what was added stays; stop who does it'
		assert_same $'-A -f 66 -s wlc\n-A -f 7 -s wlc' "$(ipvsadm -Sn | sort)"
	done
}

# What a rival may do to the table of setup: more, less, and other.
meddle() {
	ipvsadm -R <<-'RULES'
		-A -f 66
		-a -f 66 -r 10.66.0.1
		-a -t 10.9.0.1:443 -r 10.66.0.2:8443 -m
		-e -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 66
		-D -u [fd00:9::1]:53
	RULES
	ipvsadm --set 801 91 201
	# Not all that can be running is known for it.
	ipvsadm --start-daemon backup --mcast-interface lo
}

@test "what a rival does after the host's table was read and before it is changed stays, is said, and no unit begins" {
	local theirs option
	for option in --unit=1 --keep; do
		# The journal is synced then.
		stop_at fsync 1 ipvs-iso run "$option" -- touch ran
		meddle
		theirs=$(table)
		go_on
		assert_status 125
		assert_contains "$stderr" 'somebody else is changing the table: when the unit had not begun, it changed:' \
			'  + -A -f 66 -s wlc' '  ~ -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 66 (was: -w 1)' \
			'  - -A -u [fd00:9::1]:53 -s rr -o' '  ~ --set 801 91 201 (was: --set 800 90 200)' \
			'  + --start-daemon backup --mcast-interface lo'
		assert_same "$theirs" "$(table)"
		[ ! -e ran ]
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
		clean_table
		fill_table
	done
}

# IPVS_ISO_TEST_EVERY=1 tries every request, which takes long.
@test "what a rival adds while the host's table is away and put back stays, is said, and so is the host's table" {
	local at
	count_requests ipvs-iso run -- true
	# Of the last 19 some look at the table again after the unit, flush it, put the other back, and read that.
	for ((at = requests - 1; at > requests - 19; at -= ${IPVS_ISO_TEST_EVERY:-6})); do
		stop_at sendmsg "$at" ipvs-iso run -- true
		ipvsadm -A -f 66
		# The host has that one, too.
		ipvsadm -R <<<'-A -t 10.9.0.1:443
			-a -t 10.9.0.1:443 -r 10.66.0.2:8443 -m' 2>/dev/null || ipvsadm -a -t 10.9.0.1:443 -r 10.66.0.2:8443 -m
		go_on
		echo "at request $at of $requests"
		assert_status 125
		assert_contains "$stderr" 'somebody else is changing the table: ' '  + -A -f 66 -s wlc' \
			'the table is put back, and what was added stays; stop who does it'
		ipvsadm -D -f 66
		ipvsadm -d -t 10.9.0.1:443 -r 10.66.0.2:8443
		assert_same "$before" "$(table)"
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
	done
}

@test "what a rival takes away while the host's table is put back is put back, and said" {
	count_requests ipvs-iso run -- true
	stop_at sendmsg $((requests - 1)) ipvs-iso run -- true
	ipvsadm -D -u '[fd00:9::1]:53'
	ipvsadm -e -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 66
	ipvsadm --set 801 91 201
	go_on
	assert_status 125
	assert_contains "$stderr" 'somebody else is changing the table: ' '  - -A -u [fd00:9::1]:53 -s rr -o' \
		'  ~ -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 66 (was: -w 1)' '  ~ --set 801 91 201 (was: --set 800 90 200)'
	assert_same "$before" "$(table)"
}

# shellcheck disable=SC2016 # the unit expands it
@test "what a rival adds during a run inside of a run stays in the unit's table" {
	export -f stop_at go_on has_stopped background wait_until wait_for_job read_whole
	capture ipvs-iso run --fail-on none -- bash -c '
		ipvsadm -A -f 7
		stop_at fsync 1 ipvs-iso run -q -- true
		ipvsadm -A -f 66
		go_on
		echo $status
		ipvsadm -Sn | sort'
	assert_status 0
	assert_same $'125\n-A -f 66 -s wlc\n-A -f 7 -s wlc' "$output"
	assert_same "$before" "$(table)"
}

@test "what a rival adds while a change is taken back that failed stays: restore and rollback" {
	local at
	cat >wanted.json <<-'JSON'
		{"format": "ipvs-iso.snapshot", "version": 1,
		"services": [{"protocol": "tcp", "address": "10.8.0.1", "port": 80}],
		"daemons": [{"role": "master", "interface": "lo", "sync_id": 1, "group": "ff02::5"}]}
	JSON
	count_requests ipvs-iso restore wanted.json
	for ((at = requests - 1; at > requests - 20; at -= ${IPVS_ISO_TEST_EVERY:-9})); do
		stop_at sendmsg "$at" ipvs-iso restore wanted.json
		ipvsadm -A -f 66
		go_on
		echo "at request $at of $requests"
		assert_status 125
		ipvsadm -D -f 66
		assert_same "$before" "$(table)"
	done
}

@test "what a rival adds while the table of a killed run is put back stays, and is said" {
	local at
	for at in 1 2; do
		background_run -- 'ipvsadm -A -f 6'
		kill -KILL "$job" "$unit"
		wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
		# What is in the table is saved, then put back.
		stop_at fsync "$at" ipvs-iso recover
		ipvsadm -A -f 66
		go_on
		assert_status 125
		assert_contains "$stderr" 'ipvs-iso: a run was killed: somebody else is changing the table: ' '  + -A -f 66 -s wlc' \
			'the table is put back, and what was added stays; stop who does it'
		ipvsadm -D -f 66
		assert_same "$before" "$(table)"
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
	done
}

@test "what a rival adds stays, or is said to be gone, and nothing else, where a request of ours fails just then" {
	local at
	count_requests ipvs-iso run -- true
	# The first one only loads IPVS, and may fail. In steps of seven the read after the unit is met, too.
	for ((at = requests - 1; at > 1; at -= ${IPVS_ISO_TEST_EVERY:-7})); do
		stop_at sendmsg "$at:error=ENOMEM" ipvs-iso run -- true
		ipvsadm -A -f 66
		go_on
		echo "at request $at of $requests"
		assert_status 125
		# Where the table cannot be read after the unit, what is there cannot be told from the unit's own.
		ipvsadm -D -f 66 2>no || assert_contains "$stderr" 'services     left     -A -f 66'
		assert_same "$before" "$(table)"
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
	done
}

@test "what a rival adds while the table is flushed stays, is said, and the table is back" {
	local at
	count_requests ipvs-iso flush
	fill_table
	# Before these the host's table is read: what comes then is the host's.
	for ((at = requests - 1; at > requests - 6; at -= ${IPVS_ISO_TEST_EVERY:-3})); do
		stop_at sendmsg "$at" ipvs-iso flush
		ipvsadm -A -f 66
		go_on
		echo "at request $at of $requests"
		assert_status 125
		assert_contains "$stderr" 'somebody else is changing the table: ' '  + -A -f 66 -s wlc' \
			'the table is put back, and what was added stays; stop who does it'
		ipvsadm -D -f 66
		assert_same "$before" "$(table)"
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
	done
}

@test "a unit's own changes are not taken for a rival's" {
	capture ipvs-iso run --unit 1 --unit 2 -- ipvsadm -A -f
	assert_status 123
	assert_lacks "$stderr" 'somebody else'
	assert_same "$before" "$(table)"
}
