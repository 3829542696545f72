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

# start_rival COUNT: a program that adds that many services, 10.66.0.1:1 and so on, about ten
# a second. Its process is $rival.
start_rival() {
	cat >rival <<-'SCRIPT'
		#!/bin/bash
		for ((port = 1; port <= $1; port++)); do
			ipvsadm -A -t "10.66.0.1:$port"
			sleep 0.05
		done
	SCRIPT
	chmod +x rival
	background ./rival "$1"
	rival=$job
	wait_until rival_wrote
}

rival_wrote() {
	[[ $(services) == *' 0A420001:'* || $(services) == *'TCP  0A420001'* ]]
}

# Removes what the rival wrote; what is left is as it would be without it.
undo_rival() {
	local service
	for service in $(ipvsadm -Sn | sed -nE 's/^-A -t (10\.66\.0\.1:[0-9]+) .*/\1/p'); do
		ipvsadm -D -t "$service"
	done
}

end_rival() {
	kill "$rival"
	wait "$rival" || true
}

@test "a rival that goes on writing ends the run with 125, is named, and the host's table comes back" {
	start_rival 300
	capture ipvs-iso run --unit 1 --unit 2 -- bash -c 'touch ran.{}; sleep 0.3'
	end_rival
	assert_status 125
	assert_contains "$stderr" 'somebody else is changing the table: ' '  + -A -t 10.66.0.1:' 'stop who does it' TROUBLE
	# No unit after the one at which it was seen.
	[ ! -e ran.2 ]
	undo_rival
	assert_same "$before" "$(table)"
	if compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"; then
		return 1
	fi
}

@test "a unit's own changes are not taken for a rival's" {
	capture ipvs-iso run --unit 1 --unit 2 -- ipvsadm -A -f
	assert_status 123
	assert_lacks "$stderr" 'somebody else'
	assert_same "$before" "$(table)"
}
