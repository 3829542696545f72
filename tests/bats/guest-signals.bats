#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Signals at any moment, from people, programs and terminals, and readers that go away: the table is put back, never
# half, and the exit status tells.

load helper

setup() {
	isolate_state
	fill_table
	before=$(table)
	whole=$(services)
}

teardown() {
	end_background
	clean_table
}

# The quick look at the host's table, with no run under way.
assert_whole() {
	assert_same "$whole" "$(services)"
	if compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"; then
		return 1
	fi
}

# struck SIGNAL CALL WHEN COMMAND...: captures a command that gets the signal as it enters the system call CALL for the
# WHENth time.
struck() {
	capture strace -qqq -o /dev/null -e trace="$2" -e signal=none -e inject="$2:signal=$1:when=$3" "${@:4}"
}

# points COMMAND...: sets $points to "CALL WHEN" for each of those system calls of the command which write files, speak to
# the kernel's IPVS or have to do with the unit, beginning with the first that names a journal.
points() {
	strace -qqq -o calls "$@"
	mapfile -t points < <(awk -F'(' '
		{ count[$1]++ }
		/"(unfinished|journal).json"/ { begun = 1 }
		begun && $1 ~ /^(sendmsg|fsync|renameat|unlinkat|clone|waitid)$/ { print $1, count[$1] }' calls)
}

signals=(INT TERM HUP QUIT)
numbers=(2 15 1 3)

# ---- at any moment ----

# IPVS_ISO_TEST_EVERY=1 tries every point, which takes long.
@test "a signal at any moment from the journal to its end: the table is put back, then the status is 128 + n" {
	local at call when turn=0
	points ipvs-iso run -q -- true
	[ ${#points[@]} -ge 40 ] # all that lies between the journal and its end
	for ((at = 0; at < ${#points[@]}; at += ${IPVS_ISO_TEST_EVERY:-11}, turn = (turn + 1) % 4)); do
		read -r call when <<<"${points[at]}"
		struck "${signals[turn]}" "$call" "$when" ipvs-iso run -q -- true
		echo "${signals[turn]} at $call $when"
		assert_status $((128 + numbers[turn]))
		assert_whole
	done
	# The last that is done: the journal goes.
	struck HUP unlinkat 2 ipvs-iso run -q -- true
	assert_status 129
	assert_whole
	assert_same "$before" "$(table)"
}

@test "a signal during a recovery waits for its end; a run that was to follow does not begin" {
	local at call when journal
	background_run -- 'ipvsadm -A -f 6; ipvsadm --set 1 2 3'
	kill -KILL "$job" "$unit"
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	journal=$(echo "$IPVS_ISO_STATE_DIR"/*/journal.json)
	cp "$journal" kept.json
	clean_table
	points ipvs-iso recover
	[ ${#points[@]} -ge 9 ]
	for ((at = 0; at < ${#points[@]}; at += ${IPVS_ISO_TEST_EVERY:-7})); do
		read -r call when <<<"${points[at]}"
		clean_table
		cp kept.json "$journal"
		struck INT "$call" "$when" ipvs-iso recover
		echo "at $call $when"
		assert_status 130
		assert_contains "$stderr" 'that has been done now'
		assert_whole
	done

	clean_table
	cp kept.json "$journal"
	struck TERM renameat 1 ipvs-iso run -q -- touch ran
	assert_status 143
	assert_contains "$stderr" 'that has been done now'
	[ ! -e ran ]
	assert_whole
	assert_same "$before" "$(table)"
}

@test "a signal while the lock is waited for ends the wait of every command at once, and nothing was changed" {
	local i dirty commands=('run -- touch ran' 'restore wanted.json' flush recover) waiters=()
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >wanted.json
	background_run -- 'ipvsadm -A -f 6'
	local holder=$job
	dirty=$(table)
	for i in 0 1 2 3; do
		rm -f job.stderr
		# shellcheck disable=SC2086 # words on purpose
		background ipvs-iso ${commands[i]}
		wait_until test -e job.stderr
		mv job.stderr "waiting.$i"
		waiters+=("$job")
	done
	for i in 0 1 2 3; do
		wait_until grep -q "waiting for the lock, held by process $holder " "waiting.$i"
		kill "-${signals[i]}" "${waiters[i]}"
	done
	wait_until assert_ended "${waiters[@]}" >/dev/null
	for i in 0 1 2 3; do
		status=0
		wait "${waiters[i]}" || status=$?
		assert_same $((128 + numbers[i])) "$status"
	done
	[ ! -e ran ]
	kill -0 "$holder" "$unit"
	assert_same "$dirty" "$(table)"
}

# ---- of every kind ----

# has_no_use_for SIGNAL PID: the process has ended; it is sent the signal otherwise.
has_no_use_for() {
	! kill "-$1" "$2" 2>/dev/null
}

@test "every signal that would end a program ends a run in order, whatever it usually means" {
	local name number
	for name in USR1 USR2 ALRM VTALRM PROF XCPU IO PWR STKFLT ABRT SEGV BUS FPE ILL TRAP SYS RTMIN RTMAX-3 RTMAX; do
		number=$(kill -l "$name")
		background_run --unit one --unit never -- 'ipvsadm -A -f 6'
		kill "-$name" "$job"
		wait_for_job
		echo "$name"
		assert_status $((128 + number))
		assert_contains "$stderr" '1 not reached'
		assert_ended "$unit"
		assert_whole
	done
	assert_same "$before" "$(table)"
}

@test "SIGPIPE, SIGXFSZ and what ends nobody do not end a run" {
	local name
	background_run -- 'ipvsadm -A -f 6'
	for name in PIPE XFSZ URG WINCH CHLD TTIN TTOU CONT; do
		kill "-$name" "$job"
	done
	kill "$unit"
	wait_for_job
	assert_status 143
	assert_contains "$stderr" 'ended by signal 15 '
	assert_lacks "$stderr" 'interrupted by'
	assert_whole
}

@test "a limit on the size of files is an error with a message, at the journal, too; a unit has the signal's usual effect" {
	capture bash -c 'ulimit -f 1; ipvs-iso run -- touch ran'
	assert_status 125
	assert_contains "$stderr" 'cannot write the journal in ' 'journal.json: File too large'
	[ ! -e ran ]
	assert_whole
	capture bash -c 'ulimit -f 1; ipvs-iso snapshot -o big.json'
	assert_status 125
	assert_contains "$stderr" 'big.json: File too large'
	[ ! -e big.json ]
	ipvs-iso snapshot -o wanted.json
	capture bash -c 'ulimit -f 1; ipvs-iso restore wanted.json'
	assert_status 125
	assert_contains "$stderr" 'cannot write the journal in ' 'journal.json: File too large'
	capture bash -c "ulimit -f 20; ipvs-iso run --output on-failure --report r.json -- seq 100000"
	assert_status 125
	assert_contains "$stderr" 'cannot keep what the unit printed in ' ': File too large'
	capture bash -c 'ulimit -f 20; ipvs-iso run -- bash -c "exec head -c 100000 /dev/zero >grows"'
	assert_status 153
	assert_contains "$stderr" 'ended by signal 25 '
	assert_whole
	assert_same "$before" "$(table)"
}

# The entry point of a container. What has no handler is kept from it by the kernel.
@test "process 1 of a PID namespace ends on a signal wherever it waits: wait, recover, restore -, --units-from, the lock" {
	local i commands names=(TERM INT HUP USR1 ALRM QUIT TERM)
	mkfifo nothing
	exec 7<>nothing
	background_run -- 'ipvsadm -A -f 6'
	local holder=$job
	commands=('wait --until services=99 --timeout 600' recover 'restore -' 'run --units-from "read -r _ <&7" -- true'
		'run -- touch ran' 'run --wait 600 -- touch ran' flush)
	for i in "${!commands[@]}"; do
		rm -f first
		# shellcheck disable=SC2016 # the one in the namespace expands it
		background unshare --pid --fork --kill-child bash -c 'echo >first; eval "exec ipvs-iso $0 <&7"' "${commands[i]}"
		wait_until test -s first
		wait_until pgrep -x -P "$job" ipvs-iso >child
		wait_until sleeps_as "$(<child)"
		# The first may come before it has begun, and is nothing to process 1 then.
		wait_until has_no_use_for "${names[i]}" "$(<child)"
		wait_for_job
		echo "${names[i]}: ${commands[i]}"
		assert_status $((128 + $(kill -l "${names[i]}")))
	done
	exec 7>&-
	[ ! -e ran ]
	kill -0 "$holder" "$unit"
}

# sleeps_as PID: it is ipvs-iso, and waits for something.
sleeps_as() {
	local state
	read -r _ _ state _ <"/proc/$1/stat"
	[ "$state" = S ]
}

@test "of several signals the first counts, also where several units run at once" {
	mkfifo started
	background ipvs-iso run --isolation netns -j 2 --unit a --unit b --unit never -- bash -c 'echo >started; exec sleep 600'
	read -r -t 30 _ <>started
	# Seen at the same moment: those who run the units are told of both.
	kill -STOP "$job"
	wait_until grep -q '^State:.T' "/proc/$job/status"
	kill -INT "$job"
	kill -TERM "$job"
	kill -CONT "$job"
	wait_for_job
	assert_status 130
	assert_contains "$stderr" '1 not reached'
	assert_same "$before" "$(table)"
}

# ---- whoever sends it ----

@test "the unit gets each signal once, from one process or to the whole group, and what it then does is its own affair" {
	local i unit_status
	cat >polite <<-'UNIT'
		trap 'echo INT >>got' INT; trap 'echo TERM >>got' TERM; trap 'echo HUP >>got' HUP; trap 'echo QUIT >>got' QUIT
		ipvsadm -A -f 6
		echo $$ >started
		until [ -s got ]; do read -r -t 0.1 _ <>nothing; done
		ipvsadm -D -f 6
		exit $1
	UNIT
	mkfifo started nothing
	for i in 0 1 2 3; do
		: >got
		unit_status=$((i * 5)) # 0 as well: who asked for the end shall know of it
		background setsid ipvs-iso run --unit $unit_status --unit never -- bash polite
		read -r -t 30 unit <>started
		# As timeout(1) does: the process, and then the group.
		[ $((i % 2)) -eq 0 ] || kill "-${signals[i]}" "$job"
		kill "-${signals[i]}" -- "-$job"
		wait_for_job
		assert_status $((128 + numbers[i]))
		assert_same "${signals[i]}" "$(<got)"
		assert_contains "$stderr" '1 not reached'
		assert_lacks "$stderr" RESIDUE 'signal 9'
		assert_whole
	done
	assert_same "$before" "$(table)"
}

@test "more signals hurry a unit that does not obey, and all that it started, but never the restore" {
	mkfifo started nothing
	background ipvs-iso run -- bash -c '
		trap "echo >told" INT; trap "" TERM
		ipvsadm -A -f 6
		(trap "" INT TERM; setsid sleep 608 & echo $! >child)
		echo $$ >started
		while :; do read -r -t 1 _ <>nothing; done'
	read -r -t 30 unit <>started
	kill -INT "$job"
	wait_until test -e told
	kill -0 "$job" "$unit" # it may end in its own time
	# Those within a tenth of a second count as one; so many as this reach every part of what follows.
	wait_until has_no_use_for INT "$job"
	wait_for_job
	assert_status 130
	assert_contains "$stderr" 'ended by signal 9 '
	assert_ended "$unit" "$(<child)"
	assert_whole
	assert_same "$before" "$(table)"
}

@test "--timeout ends a unit and all that it started: forked twice, in other sessions, deaf to SIGTERM, stopped" {
	local limit children
	mkfifo nothing
	for limit in 1 5 25; do # until the machine is quick enough to start all of them in that time
		: >children
		capture ipvs-iso run --timeout $limit --kill-after 0.2 -- bash -c '
			trap "" TERM
			ipvsadm -A -f 6
			sleep 611 & echo $! >>children
			(setsid sleep 612 & echo $! >>children)
			(setsid bash -c "setsid sleep 613 & kill -STOP \$!; echo \$! >>children")
			echo $$ >>children
			while :; do read -r -t 1 _ <>nothing; done'
		assert_status 124
		assert_contains "$stderr" ' TIMEOUT ' 'ran past its time'
		assert_whole
		mapfile -t children <children
		assert_ended "${children[@]}"
		[ ${#children[@]} -lt 4 ] || break
	done
	assert_same 4 ${#children[@]}
	assert_contains "$stderr" 'services     left     -A -f 6 -s wlc'
	assert_same "$before" "$(table)"
}

# ---- the terminal ----

# A shell with job control on a terminal of its own, and somebody at it.
at_a_terminal() {
	/usr/bin/python3 -S - <<-'PYTHON'
		import os, pty, re, select, sys, time

		shell, terminal = pty.fork()
		if shell == 0:
		    os.environ.update(PS1="ready> ", TERM="dumb")
		    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])

		seen = ""
		def expect(pattern):
		    global seen
		    while not re.search(pattern, seen):
		        if not select.select([terminal], [], [], 60)[0]:
		            sys.exit(f"no {pattern} in: {seen}")
		        seen += os.read(terminal, 4096).decode()
		    seen = seen[re.search(pattern, seen).end():]

		def key(text, pattern):
		    os.write(terminal, text.encode())
		    expect(pattern)

		expect("ready> ")
		key("ipvs-iso run -- bash unit first\n", "first begins")
		key("\x1a", r"Stopped.*\s+ready> ")
		key("echo services: $(grep -c 0A090001 /proc/net/ip_vs)\n", r"services: 0\s+ready> ")
		key("fg\n", "first goes on")
		key("\x03", r"first was interrupted\s+first goes on")
		key("\x1a", r"Stopped.*\s+ready> ")
		key("fg\n", "first goes on")
		time.sleep(0.15) # sooner it would count as the same Ctrl-C
		key("\x03", "ready> ")
		key("echo status: $?\n", r"status: 130\s+ready> ")
		key("ipvs-iso run -- bash unit second\n", "second begins")
		key("\x1c", "ready> ")
		key("echo status: $?\n", r"status: 131\s+ready> ")
		os.write(terminal, b"exit\n")
		os.waitpid(shell, 0)
	PYTHON
}

@test "Ctrl-C, Ctrl-C again, Ctrl-Z and fg, Ctrl-\\ at a terminal: the table is put back" {
	cat >unit <<-'UNIT'
		ipvsadm -A -f 6
		echo $1 begins >$1
		[ $1 = first ] || exec tail -f $1 # bash itself would ignore SIGQUIT
		trap 'echo $1 was interrupted' INT
		trap 'echo $1 goes on' CONT
		mkfifo nothing
		cat $1
		while :; do read -r -t 1 _ <>nothing; done
	UNIT
	at_a_terminal
	assert_whole
	assert_same "$before" "$(table)"
}

# ---- readers that go away ----

@test "a reader that goes away ends the unit with SIGPIPE, and costs nobody the table" {
	local statuses
	ipvs-iso run -q -- bash -c 'ipvsadm -A -f 6; exec yes' | head -n 1 >first
	statuses=("${PIPESTATUS[@]}")
	assert_same 141 "${statuses[0]}"
	assert_same y "$(<first)"
	assert_whole
}

@test "what ipvs-iso itself says to nobody, to a full disk or to a closed descriptor is lost, and nothing else is" {
	local report
	mkfifo gone
	: <gone &
	local reader=$!
	exec 8>gone
	wait "$reader" # so there is nobody at the other end of 8 any more
	for report in '2>&8' '2>/dev/full' '>&- 2>&-' '>&8 2>&1'; do
		status=0
		eval "ipvs-iso run -v --unit 5 --unit 6 -- ipvsadm -A -f $report" || status=$?
		echo "$report"
		assert_status 123
		assert_whole
	done

	ipvs-iso run -q -- bash -c 'kill -KILL $PPID' || true
	ipvs-iso recover 2>&8
	assert_whole
	exec 8>&-
	assert_same "$before" "$(table)"
}
