#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup_file() {
	ipvs_iso_setup
	fill_table
}

teardown_file() {
	ipvs_iso_teardown
}

setup() {
	ipvs_iso_setup
	isolate_state
	ipvs-iso snapshot -o wanted.json
}

teardown() {
	end_background
	in_session_of_tests ipvs_iso_teardown
}

# waits EXPR CHANGE: `wait` goes on waiting until CHANGE is done, and then succeeds silently.
waits() {
	background ipvs-iso wait --timeout 60s --until "$1"
	local looks
	for looks in 1 2 3; do
		ipvsadm -Sn >/dev/null
	done
	kill -0 "$job"
	assert_same '' "$(<job.stderr)"
	eval "$2"
	wait_for_job
	assert_status 0
	assert_same '' "$output$stderr"
}

# too_late EXPR STDERR DIFFERENCE [OPTION...]
too_late() {
	capture ipvs-iso wait --timeout 0 --until "$1" "${@:4}"
	assert_status 124
	assert_same "${2:+ipvs-iso: $1: $2}" "$stderr"
	assert_same "$3" "$output"
}

@test "wait: until the table equals a file" {
	ipvsadm -D -u '[fd00:9::1]:53'
	ipvsadm --set 800 90 201
	waits equals=wanted.json 'ipvsadm -A -u [fd00:9::1]:53 -s rr -o; ipvsadm --set 800 90 200'
	ipvs-iso wait -u equals=- <wanted.json
}

@test "wait: until the table contains a file's services, whatever else there is" {
	ipvsadm -D -t 10.9.0.1:443
	ipvsadm -A -f 1
	ipvsadm --set 1 2 3
	waits contains=wanted.json 'ipvsadm -R <<-RULES
		-A -t 10.9.0.1:443 -s wrr -p 300
		-a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1
		-a -t 10.9.0.1:443 -r 10.9.1.9:8443 -m -w 1
		-a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 2
		-a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
	RULES'
}

@test "wait: until there are so many services" {
	waits services=0 'ipvsadm -C'
	waits services=2 'ipvsadm -A -f 1; ipvsadm -A -f 2'
}

@test "wait: when it is not so in time, the exit status is 124 and the difference that remains is shown" {
	local late='after 0.0 s of waiting there'
	ipvsadm -R <<-'RULES'
		-D -u [fd00:9::1]:53
		-E -t 10.9.0.1:443 -s wlc -p 300
		-d -t 10.9.0.1:443 -r 10.9.1.3:8443
		-e -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 9
		-a -t 10.9.0.1:443 -r 10.9.1.4:8443 -m
		-A -f 1
	RULES
	ipvsadm --set 800 90 201
	local lacks='- -A -u [fd00:9::1]:53 -s rr -o
~ -A -t 10.9.0.1:443 -s wlc -p 300 (was: -s wrr -p 300)
'
	too_late equals=wanted.json "$late is still a difference" "$lacks- -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
~ -a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 9 (was: -w 2)
+ -a -t 10.9.0.1:443 -r 10.9.1.4:8443 -m -w 1
+ -A -f 1 -s wlc
~ --set 800 90 201 (was: --set 800 90 200)"
	assert_same "$output" "$(ipvs-iso diff wanted.json)"
	too_late services=1 "$late is still a difference" '2 virtual services, not 1'
	ipvsadm -D -f 1
	too_late services=2 "$late is still a difference" '1 virtual service, not 2'
	too_late equals=wanted.json '' '' -q
	too_late contains=wanted.json "$late is still a difference" "~ -A -t 10.9.0.1:443 -s wlc -p 300 (was: -s wrr -p 300)
~ -a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 9 (was: -w 2)
- -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
- -A -u [fd00:9::1]:53 -s rr -o"
}

@test "wait --stable: a table that does not stay so is not waited out; one that does is, for that long" {
	# shellcheck disable=SC2016 # the inner shell expands it
	background bash -c 'while :; do ipvsadm -A -f 1; ipvsadm -D -f 1; done'
	capture ipvs-iso wait --until services=2 --stable 2s --timeout 3s
	assert_status 124
	assert_contains "$stderr" 'ipvs-iso: services=2: '
	kill "$job"
	wait "$job" || true
	ipvsadm -D -f 1 2>/dev/null || true

	local begin=${EPOCHREALTIME/./}
	ipvs-iso wait -u equals=wanted.json -s 300ms
	[ $((${EPOCHREALTIME/./} - begin)) -ge 300000 ]
}

@test "wait takes no lock, so it waits for what a run does, and a signal ends it" {
	background_run -- 'ipvsadm -A -f 6'
	ipvs-iso wait --until services=1
	kill "$unit"
	ipvs-iso wait --until equals=wanted.json --timeout 60

	background ipvs-iso wait --until services=7 --timeout 600
	ipvsadm -Sn >/dev/null
	kill "$job"
	wait_for_job
	assert_status 143
	assert_same '' "$output"
}

@test "wait: what cannot be waited for is said at once" {
	local expression usage='write equals=FILE, contains=FILE or services=NUMBER'
	for expression in '' x equals= contains= services= services=x services=-1 services=1x services=99999999999999999999 \
		Services=1 'services>=1'; do
		capture ipvs-iso wait --until "$expression"
		assert_status 125
		assert_same "ipvs-iso: wait: --until: '$expression' is nothing that can be waited for
          $usage" "$stderr"
	done
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "servces": []}' >bad.json
	capture ipvs-iso wait --until contains=bad.json
	assert_status 125
	assert_same 'ipvs-iso: bad.json:1:47: unknown key "servces"; did you mean "services"?' "$stderr"
}
