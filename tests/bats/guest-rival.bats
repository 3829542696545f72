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

# start_rival COUNT: a program that adds that many services, 10.66.0.1:1 and so on, twenty a second. Its process
# is $rival. One ipvsadm does it all: to start one for each takes longer than ipvs-iso watches, where the machine is busy.
start_rival() {
	mkfifo nothing
	cat >keepalived <<-'SCRIPT'
		#!/bin/bash
		exec > >(exec ipvsadm -R)
		for ((port = 1; port <= $1; port++)); do
			echo "-A -t 10.66.0.1:$port"
			read -r -t 0.05 _ <>nothing
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
	start_listener
	start_rival 3000
	capture ipvs-iso run --unit 1 --unit 2 -- bash -c '
		touch ran.{}
		lines() { mapfile -t all </proc/net/ip_vs; echo ${#all[@]}; }
		before=$(lines)
		until [ "$(lines)" -gt "$before" ]; do :; done'
	end_rival
	assert_status 125
	assert_contains "$stderr" 'somebody else is changing the table: ' '  + -A -t 10.66.0.1:' 'stop who does it; it may be ' TROUBLE \
		"keepalived (process $rival)" "python3 (process $listener)"
	assert_lacks "$stderr" "ipvs-iso (process " "bash (process "
	# No unit after the one at which it was seen.
	if [ -e ran.2 ]; then
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

@test "a rival that writes while a restore reads the table back is noticed, at any moment" {
	local requests at restore
	ipvs-iso snapshot -o wanted.json
	ipvsadm -C
	strace -qqq -o requests -e trace=sendmsg ipvs-iso restore wanted.json
	requests=$(wc -l <requests)
	mkfifo nothing
	# The last request is the one after which nobody looks any more. Before it come the sysctls, timeouts, daemons, and the
	# destinations of one service after another.
	for ((at = requests - 1; at > requests - 6; at--)); do
		ipvsadm -C
		background strace -qqq -o /dev/null -e trace=sendmsg -e inject=sendmsg:signal=STOP:when=$at \
			ipvs-iso restore wanted.json
		wait_until pgrep -P "$job" -x ipvs-iso >/dev/null
		restore=$(pgrep -P "$job" -x ipvs-iso)
		wait_until has_stopped "$restore"
		ipvsadm -A -f 66
		kill -CONT "$restore"
		wait_for_job
		echo "at request $at of $requests"
		assert_status 125
		assert_contains "$stderr" 'somebody else is changing the table' '+ -A -f 66 -s wlc'
	done
}

@test "a unit's own changes are not taken for a rival's" {
	capture ipvs-iso run --unit 1 --unit 2 -- ipvsadm -A -f
	assert_status 123
	assert_lacks "$stderr" 'somebody else'
	assert_same "$before" "$(table)"
}
