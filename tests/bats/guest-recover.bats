#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

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

# Kills a run with kill -9 while its unit has another table; and all that it started, unless told `only`.
kill_a_run() {
	background_run -- '
		ipvsadm -A -f 6
		ipvsadm --set 1 2 3
		ipvsadm --start-daemon master --mcast-interface lo'
	kill -KILL "$job"
	[ "${1-}" = only ] || end_unit
}

# Ends what a killed run started, and waits until the lock is free.
end_unit() {
	kill -KILL "$unit"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
}

# The two lines that tell of a recovery; sets $replaced to the file that they name.
assert_told_recovery() {
	assert_matches "$1" "ipvs-iso: a run was killed before it could put the table back; that has been done now
          the table that was there instead is in $IPVS_ISO_STATE_DIR/[^/]*/replaced-[0-9]{8}-[0-9]{6}(-[0-9]+)?.json"
	replaced=${1##*is in }
}

@test "recover puts back the table of a killed run and keeps what was there in a file that it names" {
	kill_a_run
	ipvs-iso snapshot -o dirty.json
	assert_lacks "$(services)" 0A090001
	capture ipvs-iso recover
	assert_status 0
	assert_same '' "$output"
	assert_told_recovery "$stderr"
	assert_same "$before" "$(table)"
	ipvs-iso diff "$replaced" dirty.json
	assert_same 600 "$(stat -c %a "$replaced")"
	assert_same "lock"$'\n'"${replaced##*/}" "$(ls "${replaced%/*}")"

	capture ipvs-iso recover
	assert_status 0
	assert_same '' "$stderr"
	assert_same 'There is nothing to recover: no run was killed before it could put the table back.' "$output"
	assert_same "$before" "$(table)"
}

@test "recover keeps no file where the table is already as it was" {
	ipvs-iso snapshot -o before.json
	background_run --keep -- :
	kill -KILL "$job"
	end_unit
	capture ipvs-iso recover
	assert_status 0
	assert_same 'ipvs-iso: a run was killed before it could put the table back; that has been done now' "$stderr"
	assert_same "$before" "$(table)"
}

@test "the next run recovers first: its unit has a clean table, and the lost table is back afterwards" {
	kill_a_run
	capture ipvs-iso run -- ipvsadm -Sn
	assert_status 0
	assert_same '' "$output"
	assert_told_recovery "$stderr"
	assert_same "$before" "$(table)"
}

@test "restore and flush recover first, and then do what they were asked for" {
	kill_a_run
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "services": [{"fwmark": 8, "family": "ipv4"}]}' >wanted.json
	capture ipvs-iso restore wanted.json
	assert_status 0
	assert_told_recovery "$stderr"
	assert_same '-A -f 8 -s wlc' "$(ipvsadm -Sn)"

	kill_a_run
	capture ipvs-iso flush
	assert_status 0
	assert_told_recovery "$stderr"
	assert_same '' "$(ipvsadm -Sn)"
	assert_same 'There is nothing to recover: no run was killed before it could put the table back.' \
		"$(ipvs-iso recover)"
}

@test "while a process of a killed run lives, the lock is held, and who took it is named" {
	kill_a_run only
	wait "$job" || true
	capture ipvs-iso run --wait 0 -- true
	assert_status 125
	assert_matches "$stderr" "ipvs-iso: the lock is held by a run whose own process is gone or out of sight \
\(bash -c .*\), since [0-9-]+ [0-9:]+
          wait longer for it \(--wait\), or end what holds it; 'ipvs-iso status' names it"
	assert_contains "$(services)" 'FWM  00000006'

	# recover waits for it to end.
	background ipvs-iso recover
	wait_until grep -q 'waiting for the lock' job.stderr
	assert_contains "$(services)" 'FWM  00000006'
	kill -KILL "$unit"
	wait_for_job
	assert_status 0
	assert_same "$before" "$(table)"
}

@test "recover --kill ends what a killed run left, which status names, and puts the table back" {
	kill_a_run only
	wait "$job" || true
	capture ipvs-iso status
	assert_status 0
	assert_contains "$output" "\
lock           the run that took it was killed, but processes that it started live on and hold it:
                 process $unit: sleep 600
               end them and put the table back: ipvs-iso recover --kill
journal        "

	capture ipvs-iso recover --kill
	assert_status 0
	assert_same '' "$output"
	assert_told_recovery "$stderr"
	assert_ended "$unit"
	assert_same "$before" "$(table)"
	assert_contains "$(ipvs-iso status)" 'lock           free
journal        none: '
}

@test "recover --kill ends all that a killed run left, also what ignores SIGTERM, is stopped, or has hidden" {
	background_run -- '
		ipvsadm -C
		trap "" TERM
		sleep 601 & echo $! >pids
		setsid -f bash -c "echo \$\$ >>pids; exec sleep 602"
		while [ $(wc -l <pids) -lt 2 ]; do sleep 0.02; done
		trap - TERM
		sleep 603 & echo $! >>pids
		until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done
		kill -STOP $!'
	kill -KILL "$job"
	wait "$job" || true
	local pids pid seen
	mapfile -t pids <pids
	jobs_started+=("${pids[@]}")
	seen=$(ipvs-iso status)
	for pid in 0 1 2; do
		assert_contains "$seen" "
                 process ${pids[pid]}: sleep 60$((pid + 1))
"
	done
	capture ipvs-iso recover --kill
	assert_status 0
	assert_told_recovery "$stderr"
	assert_ended "$unit" "${pids[@]}"
	assert_same "$before" "$(table)"
}

@test "recover --kill works also where the kernel gives out no descriptors of processes" {
	command -v strace >/dev/null || skip 'the package strace is not installed'
	local failing=(strace -f -qq -o trace -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS)
	"${failing[@]}" true 2>/dev/null || skip 'strace cannot trace here'
	kill_a_run only
	wait "$job" || true
	capture "${failing[@]}" ipvs-iso recover --kill
	assert_status 0
	assert_told_recovery "$stderr"
	grep -q INJECTED trace
	assert_ended "$unit"
	assert_same "$before" "$(table)"
}

@test "recover --kill is refused while the run lives, and touches nothing" {
	background_run -- 'ipvsadm -A -f 6'
	local dirty
	dirty=$(table)
	capture ipvs-iso recover --kill
	assert_status 125
	assert_same '' "$output"
	assert_same "ipvs-iso: the run that holds the lock, process $job, is alive and will put the table back
          end it by itself: kill $job" "$stderr"
	kill -0 "$job" "$unit"
	assert_same "$dirty" "$(table)"
	compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"

	kill "$job"
	wait_for_job
	assert_status 143
	assert_same "$before" "$(table)"
}

@test "recover --kill is refused where the run that holds the lock is out of sight, in another PID namespace" {
	mkfifo started
	background unshare --pid --fork --kill-child --mount-proc ipvs-iso run -- bash -c '
		ipvsadm -A -f 6; echo >started; exec sleep 600'
	read -r -t 30 _ <>started
	capture ipvs-iso recover --kill
	assert_status 125
	assert_same "ipvs-iso: whether the run that holds the lock lives cannot be seen from here
          it may be in another container or PID namespace: look there" "$stderr"
	kill -0 "$job"
	assert_contains "$(services)" 'FWM  00000006'

	# With it all goes that is in there, and the lock.
	kill -KILL "$job"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	ipvs-iso recover 2>told
	assert_same "$before" "$(table)"
}

@test "recover --kill has nothing to end where the lock is free, and recovers as without it" {
	capture ipvs-iso recover --kill
	assert_status 0
	assert_contains "$output" 'There is nothing to recover'

	kill_a_run
	capture ipvs-iso recover --kill
	assert_status 0
	assert_told_recovery "$stderr"
	assert_same "$before" "$(table)"
}

@test "recover waits for a run that is under way, and then has nothing to do" {
	background_run -- 'ipvsadm -A -f 6'
	local run=$job
	background ipvs-iso recover
	wait_until grep -q "waiting for the lock, held by process $run (" job.stderr
	assert_contains "$(services)" 'FWM  00000006'
	kill "$unit"
	wait_for_job
	assert_status 0
	assert_contains "$output" 'There is nothing to recover'
	assert_same "$before" "$(table)"
}

@test "recover inside of a run leaves the journal of that run alone" {
	capture ipvs-iso run -q -- bash -c 'ipvsadm -A -f 6; ipvs-iso recover; echo $?; ipvsadm -Sn; ipvsadm -C'
	assert_status 0
	assert_same 'There is nothing to recover: no run was killed before it could put the table back.
0
-A -f 6 -s wlc' "$output"
	assert_same '' "$stderr"
	assert_same "$before" "$(table)"
}

@test "recover in the shell of a run that was killed puts back the host's table, which is safe from then on" {
	mkfifo go
	# shellcheck disable=SC2016 # for the shell inside
	background_run -- '
		shell() {
			ipvsadm -A -f 6
			echo $$ >started
			read -r _ <go
			ipvs-iso recover --kill 2>refused || echo $? >>refused
			ipvs-iso status >status
			ipvs-iso recover 2>told
			ipvsadm -Sn >recovered
			ipvs-iso run -q -- bash -c "ipvsadm -C; ipvsadm -A -f 66; kill -KILL \$PPID"
			echo >started
		}
		shell'
	kill -KILL "$job"
	wait "$job" || true
	echo >go
	read -r -t 30 _ <>started
	assert_same "ipvs-iso: this is one of the processes that hold the lock, and would end itself
          recover from here without --kill, or from another terminal with it
125" "$(<refused)"
	assert_contains "$(<status)" "/journal.json: a run was killed before it could put the table back
               to put it back: ipvs-iso recover
"
	assert_told_recovery "$(<told)"
	assert_contains "$(<recovered)" '10.9.0.1:443'

	# A run inside of it was killed, too: what it would have put back is the host's table.
	assert_contains "$(services)" 'FWM  00000042'
	end_unit
	capture ipvs-iso recover
	assert_status 0
	assert_same "$before" "$(table)"
}

@test "a journal that cannot be read stops everything that would change the table, and says where it is" {
	kill_a_run
	local journal dirty command
	journal=$(echo "$IPVS_ISO_STATE_DIR"/*/journal.json)
	dirty=$(table)
	cp "$journal" kept.json
	# One byte, and a snapshot all the same.
	sed -i 's/"sloppy_tcp"/"sloppy_tcq"/' "$journal"
	cp "$journal" spoilt.json
	assert_same 1 "$(cmp -l kept.json spoilt.json | wc -l)"
	for command in recover flush 'run -- touch ran'; do
		# shellcheck disable=SC2086 # words on purpose
		capture ipvs-iso $command
		assert_status 125
		assert_same "ipvs-iso: a run was killed, and its journal cannot be read: \
$journal does not end with the checksum of what is before it: it was changed or cut short, or another version wrote it
          move $journal away; if the table is not right as it is now, correct what is wrong in the file \
and put it back: ipvs-iso restore FILE" "$stderr"
		cmp "$journal" spoilt.json
	done
	[ ! -e ran ]
	assert_same "$dirty" "$(table)"

	# By hand it goes in both ways.
	mv "$journal" moved.json
	sed -i '/sloppy_tcq/d' moved.json
	capture ipvs-iso restore moved.json
	assert_status 0
	assert_same "$before" "$(table)"
	cp kept.json "$journal"
	ipvsadm -A -f 6
	capture ipvs-iso recover
	assert_status 0
	assert_same "$before" "$(table)"
}

@test "a table that cannot be put back keeps the journal, and recover finishes once that is put right" {
	ip link add gone0 type dummy
	ip link set gone0 up
	ipvsadm --start-daemon master --mcast-interface gone0 --syncid 5
	local with_daemon
	with_daemon=$(table)
	capture ipvs-iso run -- ip link del gone0
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: the table could not be put back whole; what it shall be stays in the journal $IPVS_ISO_STATE_DIR/" \
		"/journal.json: the kernel refused to add '--start-daemon master --mcast-interface gone0 --syncid 5" \
		': No such device' "
          there is no network interface 'gone0': add it, and ip link set gone0 up; then: ipvs-iso recover"
	# What could be put back has been.
	assert_same "${before%%Timeout*}" "${with_daemon%%Timeout*}"
	assert_contains "$(services)" 0A090001

	ip link add gone0 type dummy
	capture ipvs-iso recover
	assert_status 125
	assert_contains "$stderr" "the kernel refused to add '--start-daemon master --mcast-interface gone0 --syncid 5" "
          the network interface 'gone0' is down: ip link set gone0 up; then: ipvs-iso recover"
	ip link set gone0 up
	capture ipvs-iso recover
	assert_status 0
	assert_same "$with_daemon" "$(table)"
	ipvsadm --stop-daemon master
	ip link del gone0
}

# shellcheck disable=SC2016 # the units expand them
@test "a unit that takes away the lock or the journal is told of, the run ends, and the table is put back all the same" {
	local take
	for take in 'flock -u $IPVS_ISO_LOCK_FD' 'rm "$IPVS_ISO_STATE_DIR"/*/lock' 'rm "$IPVS_ISO_STATE_DIR"/*/journal.json' \
		'rm -r "$IPVS_ISO_STATE_DIR"'; do
		capture ipvs-iso run --unit first --unit second -- bash -c "[ {} = first ] || touch ran; ipvsadm -A -f 6; $take"
		assert_status 125
		assert_matches "$stderr" ".*the (lock was removed or released|journal was removed) before the run had ended: .*"
		assert_lacks "$stderr" 'services     left' # which may be anybody's
		[ ! -e ran ]
		assert_same "$before" "$(table)"
		assert_lacks "$(ls "$IPVS_ISO_STATE_DIR"/*)" journal
	done
}

# shellcheck disable=SC2016 # the unit expands it
@test "a run that lives and was made to lose its lock is not taken for one that was killed" {
	local dirty
	background_run -- 'ipvsadm -A -f 6; flock -u $IPVS_ISO_LOCK_FD'
	dirty=$(table)
	for command in 'run touch ran' recover; do
		# shellcheck disable=SC2086 # words
		capture ipvs-iso $command
		assert_status 125
		assert_contains "$stderr" "the journal is that of process $job (" 'which lives, but something has released its lock'
		[ ! -e ran ]
		assert_same "$dirty" "$(table)"
	done
	kill "$unit"
	wait_for_job
	assert_same 125 "$status"
	assert_contains "$stderr" 'the lock was removed or released before the run had ended'
	assert_same "$before" "$(table)"
}
