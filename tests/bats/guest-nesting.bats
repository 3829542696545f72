#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Runs inside of runs that are killed: the table of each unit around them is put back by whoever comes next there.

load helper

setup() {
	isolate_state
	fill_table
	before=$(table)
}

teardown() {
	clean_table
}

# What a unit's table is told by here, with one process.
short_table() {
	services
	ipvsadm -L --timeout
}

# The journals that there are, in one line. Starts no process.
journals() {
	local file names=
	for file in "$IPVS_ISO_STATE_DIR"/*/journal*.json; do
		[ ! -e "$file" ] || names+=" ${file##*/}"
	done
	printf '%s\n' "${names# }"
}

# level N VICTIM...: what a unit inside of N runs does: a table of its own, a run inside of it, and a look at what it then
# has. The deepest, which is the third, kills the runs at the depths VICTIM. Every unit fails.
level() {
	local n=$1 wanted status=0
	shift
	echo $PPID >"run.$((n - 1))"
	ipvsadm -R <<<"-A -f $n$n -s rr -p 10$n
-a -f $n$n -r 10.7.0.$n -i -w $n
--set 70$n 10$n 30$n"
	if [ "$n" -eq 3 ]; then
		local depth pids=()
		for depth; do
			pids+=("$(<"run.$depth")")
		done
		[ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}"
		exit 33
	fi
	wanted=$(short_table)
	ipvs-iso run -q --fail-on none -- bash -c 'level "$@"' level $((n + 1)) "$@" || status=$?
	echo "$status" >"status.$n"
	# Where its own run is dead, too, this would put back what that one owes.
	[[ " $* " != *" $((n - 1)) "* ]] || exit "2$n"
	if [ "$status" -eq 137 ]; then
		ipvs-iso recover 2>"recovered.$n"
		[ -s "recovered.$n" ]
	fi
	assert_same "$wanted" "$(short_table)" >"difference.$n"
	# Residue would take time: ipvs-iso watches it for a while.
	printf '%s\n' -C '--set 900 120 300' | ipvsadm -R
	exit "2$n"
}

# nest VICTIM...: three deep; checks that each that was not killed found its table as it had left it.
nest() {
	rm -f status.* recovered.*
	: >difference.0
	capture ipvs-iso run -q --fail-on none -- bash -c 'level "$@"' level 1 "$@"
	assert_same '' "$(cat difference.*)"
}

# The survivors of a killed run hold the lock for a moment longer.
recover_host() {
	capture ipvs-iso recover
	assert_status 0
	assert_contains "$stderr" 'a run was killed before it could put the table back'
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"
}

@test "three deep, failing or killed at any level: each unit has its table back, and at last the host" {
	export -f level assert_same short_table services sort_services read_whole

	nest
	assert_status 21
	assert_same '22 33' "$(cat status.1 status.2 | tr '\n' ' ' | sed 's/ $//')"
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"

	# The innermost: the unit around it recovers, and goes on.
	nest 2
	assert_status 21
	assert_same 137 "$(<status.2)"
	assert_same 22 "$(<status.1)"
	assert_contains "$(<recovered.2)" 'a run was killed before it could put the table back' "$IPVS_ISO_STATE_DIR/"
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"

	# The middle one: that inside of it puts its own table back first, then the unit around both recovers.
	nest 1
	assert_status 21
	assert_same '33' "$(<status.2)"
	assert_same '137' "$(<status.1)"
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"

	# Both: the inner one's journal goes with the outer one's.
	nest 1 2
	assert_status 21
	assert_same '137' "$(<status.1)"
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"

	# The outermost, alone and with the others.
	nest 0
	assert_status 137
	recover_host
	nest 0 1 2
	assert_status 137
	assert_same 'journal-1.json journal-2.json journal.json' "$(journals)"
	recover_host
}

# Inside a unit: a run that is killed while its own unit has another table. What it started ends, too.
kill_inside() {
	# shellcheck disable=SC2016 # for the shell inside
	ipvs-iso run -q -- bash -c 'ipvsadm -C; ipvsadm -A -f 66; kill -KILL $PPID' || true
}

@test "the next run, restore and flush inside a unit put its table back first and say so; status names the journal" {
	ipvsadm -A -f 8
	ipvs-iso snapshot -o eight.json
	ipvsadm -D -f 8
	cat >unit <<-'UNIT'
		ipvsadm -A -f 7
		wanted=$(short_table)
		again() {
			kill_inside 2>/dev/null
			[ "$(ipvsadm -Sn)" = '-A -f 66 -s wlc' ]
		}
		again
		ipvs-iso status >status
		replaced=$(ipvs-iso run -- ipvsadm -Sn 2>&1 >seen)
		[ ! -s seen ]
		assert_same "$wanted" "$(short_table)"
		assert_contains "$replaced" 'a run was killed before it could put the table back'
		grep '"fwmark": 66' "${replaced##* is in }" >/dev/null

		again
		ipvs-iso restore eight.json 2>told
		assert_contains "$(<told)" 'a run was killed before it could put the table back'
		assert_contains "$(services)" 'FWM  00000008'
		grep -q '"fwmark": 66' "$(sed -n 's/.* is in //p' told)"

		again
		ipvs-iso flush 2>told
		assert_contains "$(<told)" 'a run was killed before it could put the table back'
		[ "$(ipvsadm -Sn)" = '' ]
		grep -q '"fwmark": 66' "$(sed -n 's/.* is in //p' told)"
		[ "$(ipvs-iso recover)" = 'There is nothing to recover: no run was killed before it could put the table back.' ]
	UNIT
	export -f kill_inside short_table services sort_services read_whole assert_same assert_contains
	capture ipvs-iso run -q --fail-on none -- bash -e unit
	assert_status 0
	assert_matches "$(<status)" "lock           held by process [0-9]+ \(bash -e unit\), since [^
]*
turn in unit   free
journal        $IPVS_ISO_STATE_DIR/[^/]*/journal.json: that of a run that this is a part of
               the table in it: [^
]*
journal        $IPVS_ISO_STATE_DIR/[^/]*/journal-1.json: a run was killed before it could put the table back
               to put it back: ipvs-iso recover
               the table in it: 1 service, 0 destinations, 0 sync daemons
.*"
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"
}

@test "what a killed run inside a unit left is that unit's residue, and its journal never meets another unit" {
	cat >unit <<-'UNIT'
		[ "$1" = 2 ] || { ipvsadm -A -f 7; kill_inside; exit 0; }
		[ "$(ipvsadm -Sn)" = '' ]
		ipvsadm -A -f 9
		ipvs-iso run true
		[ "$(ipvsadm -Sn)" = '-A -f 9 -s wlc' ]
		ipvsadm -C
	UNIT
	export -f kill_inside
	capture ipvs-iso run --unit 1 --unit 2 -- bash -e unit
	assert_status 123
	assert_contains "$stderr" '-A -f 66 -s wlc' ' 1 passed' '1 left residue'
	assert_lacks "$stderr" '-A -f 7' 'a run was killed'
	assert_same "$before" "$(table)"
	assert_same '' "$(journals)"
}

@test "while a process of a killed run inside a unit lives, others there wait; recover --kill there ends it" {
	cat >unit <<-'UNIT'
		ipvsadm -A -f 7
		wanted=$(short_table)
		mkfifo started
		ipvs-iso run -q -- bash -c 'ipvsadm -A -f 66; echo $$ $PPID >started; exec sleep 600' &
		read -r survivor run <started
		kill -KILL "$run"
		wait "$run" || true
		status=0
		ipvs-iso run -w 0 -- touch ran 2>busy || status=$?
		[ "$status" -eq 125 ]
		ipvs-iso status >status
		# It is not one of these itself, so it can end them; the unit goes on.
		ipvs-iso recover --kill 2>told
		! kill -0 "$survivor" 2>/dev/null || exit 1
		assert_contains "$(<told)" 'a run was killed before it could put the table back'
		assert_same "$wanted" "$(short_table)"
		ipvsadm -C
		echo "$survivor" >survivor
	UNIT
	export -f short_table services sort_services read_whole assert_same assert_contains
	capture ipvs-iso run -q -- bash -e unit
	assert_status 0
	[ ! -e ran ]
	assert_contains "$(<busy)" 'the lock is held by a run whose own process is gone'
	assert_contains "$(<status)" "
turn in unit   the run that took it was killed, but processes that it started live on and hold it:
                 process $(<survivor): sleep 600
               end them and put the table back: ipvs-iso recover --kill
"
	assert_same "$before" "$(table)"
}
