# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the test files share. They say `load helper`; setup() calls isolate_state, and in guests teardown() calls clean_table, or
# both begin with `in_session_of_tests ipvs_iso_setup` and `..._teardown` (share/bats/ipvs-iso.bash).
# IPVS_ISO is the program; `ipvs-iso` finds it, too. See tests/run.

load ../../share/bats/ipvs-iso

# The session that the tests themselves run in, which isolate_state hides from them.
session_of_tests=("${IPVS_ISO_LOCK_FD-}" "${IPVS_ISO_STATE_DIR-}")

# in_session_of_tests COMMAND...: for ipvs_iso_setup and ipvs_iso_teardown in guests.
in_session_of_tests() {
	IPVS_ISO_LOCK_FD=${session_of_tests[0]} IPVS_ISO_STATE_DIR=${session_of_tests[1]} "$@"
}

# Gives the test an empty working folder and a state directory of its own, so that what it runs is not nested in the
# session that the tests themselves run in.
isolate_state() {
	# bats has this since 1.4.
	: "${BATS_TEST_TMPDIR:=$(mktemp -d "${BATS_TMPDIR:-/tmp}/ipvs-iso-test.XXXXXX")}"
	unset IPVS_ISO_LOCK_FD
	jobs_started=()
	export IPVS_ISO_STATE_DIR=$BATS_TEST_TMPDIR/state
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return
}

# capture COMMAND...: as bats' `run`, with the two outputs kept apart, in $output and $stderr, and always succeeding.
capture() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- || status=$?
	read_whole output "$BATS_TEST_TMPDIR/stdout"
	read_whole stderr "$BATS_TEST_TMPDIR/stderr"
}

# read_whole NAME FILE: sets the variable NAME to what is in FILE, without the newlines at its end. No process is
# started for it: in User-mode Linux that would take 20 ms.
read_whole() {
	local -n _variable=$1
	local _line
	_variable=
	while IFS= read -r _line || [ -n "$_line" ]; do
		_variable+=$_line$'\n'
	done <"$2"
	while [ "${_variable%$'\n'}" != "$_variable" ]; do
		_variable=${_variable%$'\n'}
	done
}

# ---- assertions on what capture got; they show what they were given when they fail ----

show_captured() {
	printf 'exit status: %s\nstdout:\n%s\nstderr:\n%s\n' "$status" "$output" "$stderr" | sed 's/^/  /'
}

assert_status() {
	[ "$status" -eq "$1" ] && return
	echo "wanted exit status $1"
	show_captured
	return 1
}

# assert_same WANTED ACTUAL
assert_same() {
	[ "$2" = "$1" ] && return
	diff -u --label wanted --label actual <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# assert_contains TEXT PART...: TEXT has every PART in it.
assert_contains() {
	local text=$1 part
	shift
	for part; do
		if [[ $text != *"$part"* ]]; then
			printf 'wanted: %s\nin:\n%s\n' "$part" "$text"
			return 1
		fi
	done
}

assert_lacks() {
	local text=$1 part
	shift
	for part; do
		if [[ $text == *"$part"* ]]; then
			printf 'unwanted: %s\nin:\n%s\n' "$part" "$text"
			return 1
		fi
	done
}

# assert_matches TEXT REGEX: all of TEXT, as in [[ =~ ]].
assert_matches() {
	[[ $1 =~ ^$2$ ]] && return
	printf 'wanted to match: %s\ntext:\n%s\n' "$2" "$1"
	return 1
}

# assert_ended PID...: there are no such processes.
assert_ended() {
	local pid
	for pid; do
		if kill -0 "$pid" 2>/dev/null; then
			echo "process $pid lives"
			return 1
		fi
	done
}

# ---- the live table, as others than ipvs-iso show it ----

# Sorts what /proc/net/ip_vs or ipvsadm prints by service: those that share a bucket of the kernel's hash stand in the order
# in which they were added, and which do is another matter after each boot. Destinations stay in their order.
sort_services() {
	local line count=0 sorted=() block='' i
	while IFS= read -r line || [ "$block" ]; do
		if [[ $line == '  -> '* ]]; then
			block+=$'\n'$line
			continue
		fi
		for ((i = count; i > 0; i--)); do
			[[ ${sorted[i - 1]} > $block ]] || break
			sorted[i]=${sorted[i - 1]}
		done
		sorted[i]=$block
		count=$((count + 1))
		block=$line
	done
	printf '%s\n' "${sorted[@]:1}" # the first was before the first line
}

# Services, and destinations in the kernel's own order. Starts no process.
services() {
	local text
	read_whole text /proc/net/ip_vs
	sort_services <<<"$text"
}

# Everything: thresholds, timeouts and sync daemons, too.
table() {
	services
	ipvsadm -Ln --nosort --thresholds | sort_services
	ipvsadm -L --timeout
	# It would print nothing.
	! sync_daemon_runs || ipvsadm -L --daemon
}

sync_daemon_runs() {
	local file name
	for file in /proc/[0-9]*/comm; do
		# In a trap, where bats calls teardown, a bare `return` would not mean success.
		read -r name <"$file" && [[ $name == ipvs-[mb]:* ]] && return 0
	done 2>/dev/null
	return 1
}

# Empties the table, with ipvsadm alone.
clean_table() {
	ipvsadm -C
	ipvsadm --set 900 120 300
	if sync_daemon_runs; then
		ipvsadm --stop-daemon master
		ipvsadm --stop-daemon backup
	fi 2>/dev/null || true
}

# A table that somebody would miss: services with and without destinations, thresholds, other timeouts, an order.
fill_table() {
	ipvsadm -R <<-'RULES'
		-A -t 10.9.0.1:443 -s wrr -p 300
		-a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
		-a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1
		-a -t 10.9.0.1:443 -r 10.9.1.2:8443 -m -w 2
		-A -u [fd00:9::1]:53 -s rr -o
	RULES
	ipvsadm --set 800 90 200
}

# How many connections the kernel knows.
connections() {
	local lines
	mapfile -t lines </proc/net/ip_vs_conn
	echo $((${#lines[@]} - 1)) # without the heading
}

host_has_ipvs() {
	[ -e /proc/net/ip_vs ] || modprobe --dry-run --quiet ip_vs
}

# ---- runs in the background ----

# background COMMAND...: starts it, and sets $job to its process number. Its stderr goes to the file `job.stderr`. Signals
# are as in a foreground process: shells make what they start so ignore SIGINT.
background() {
	env --default-signal=INT,QUIT "$@" </dev/null >job.stdout 2>job.stderr 3>&- &
	job=$!
	jobs_started+=("$job")
}

# background_run [OPTION...] -- SETUP: starts `ipvs-iso run` of a unit that does SETUP and then stays until it is ended; waits
# until SETUP is done. $job is the run, $unit the unit's process.
background_run() {
	local setup=${!#}
	[ -p started ] || mkfifo started
	background ipvs-iso run "${@:1:$#-1}" bash -c "$setup"'
		echo $$ >started
		exec sleep 600'
	read -r -t 30 unit <>started
	jobs_started+=("$unit")
}

# Waits for the last background job and sets $status and $stderr.
wait_for_job() {
	status=0
	wait "$job" || status=$?
	read_whole output job.stdout
	read_whole stderr job.stderr
}

# Waits until a command succeeds; half a minute at most.
wait_until() {
	local end=$((SECONDS + 30))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# Ends what background started and is still there.
end_background() {
	[ ${#jobs_started[@]} -eq 0 ] && return
	kill -KILL "${jobs_started[@]}" 2>/dev/null || true # it may have ended
	wait
}

# ---- processes of guests, on the host ----

# The processes below one, and that one.
process_tree() {
	ps -e -o pid= -o ppid= | awk -v root="$1" '
		{ parent[$1] = $2 }
		END {
			for (pid in parent) {
				for (at = pid; at in parent && at != root && at != parent[at]; )
					at = parent[at]
				if (at == root)
					print pid
			}
		}'
}

# The kernel's processes below one; a unit's are among them, as User-mode Linux has one for each.
kernel_processes() {
	local pid
	for pid in $(process_tree "$1"); do
		case $(readlink "/proc/$pid/exe") in */linux.uml) echo "$pid" ;; esac
	done
}

# all_gone PID...: a zombie that waits for its parent has gone.
all_gone() {
	local pid state
	for pid; do
		state=$(ps -o state= -p "$pid") || continue
		[ "$state" = Z ] || return 1
	done
}
