#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The command line, as far as it needs no IPVS: help, mistakes, and `diff` of two files.

load helper

setup() {
	if [ -z "${BATS_TEST_TMPDIR-}" ]; then # bats before 1.4
		BATS_TEST_TMPDIR=$(mktemp -d)
		made_room=1
	fi
	isolate_state
}

teardown() {
	cd /
	[ -z "${made_room-}" ] || rm -rf "$BATS_TEST_TMPDIR"
}

# The commands, as --help lists them.
list_commands() {
	ipvs-iso --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# assert_complaint MESSAGE [REMEDY]: 125, nothing on stdout, one line and, where there is one, a line with the remedy.
assert_complaint() {
	assert_status 125
	assert_same '' "$output"
	local wanted="ipvs-iso: $1"
	[ $# -eq 1 ] || wanted+=$'\n'"          $2"
	assert_same "$wanted" "$stderr"
}

# Writes two tables that differ in a scheduler, a weight, a timeout, and a service that only one has.
make_tables() {
	cat >a.json <<-'JSON'
		{
		  "format": "ipvs-iso.snapshot", "version": 1,
		  "services": [
		    {"protocol": "tcp", "address": "10.0.0.1", "port": 80, "scheduler": "rr",
		     "destinations": [{"address": "10.0.0.2", "port": 8080, "forward": "masquerade", "weight": 1}]},
		    {"protocol": "udp", "address": "fd00::1", "port": 53, "scheduler": "wlc"}
		  ]
		}
	JSON
	cat >b.json <<-'JSON'
		{
		  "format": "ipvs-iso.snapshot", "version": 1,
		  "timeouts": {"tcp": 800},
		  "services": [
		    {"protocol": "tcp", "address": "10.0.0.1", "port": 80, "scheduler": "wrr",
		     "destinations": [{"address": "10.0.0.2", "port": 8080, "forward": "masquerade", "weight": 5}]},
		    {"fwmark": 7, "family": "ipv4", "scheduler": "sh"}
		  ]
		}
	JSON
}

# ---- help ----

@test "help and version go to stdout and succeed, of the program and of every command" {
	local command option commands
	commands=$(list_commands)
	assert_contains "$commands" run snapshot restore diff flush check status recover
	for option in --help -h; do
		capture ipvs-iso $option
		assert_status 0
		assert_same '' "$stderr"
		assert_contains "$output" 'Usage: ipvs-iso COMMAND' 'Commands:' 'ipvs-iso COMMAND --help'
		for command in $commands; do
			capture ipvs-iso "$command" $option
			assert_status 0
			assert_same '' "$stderr"
			assert_contains "$output" "Usage: ipvs-iso $command " '--help' '--version' '--quiet' '--verbose'
		done
	done
	for option in --version -V; do
		capture ipvs-iso $option
		assert_status 0
		assert_same '' "$stderr"
		assert_matches "$output" 'ipvs-iso [0-9]+\.[0-9]+\.[0-9]+'
		local version=$output
		for command in $commands; do
			capture ipvs-iso "$command" $option
			assert_status 0
			assert_same "$version" "$output"
		done
	done
}

@test "of run, help is asked for before the command only: what is behind it belongs to it" {
	capture ipvs-iso run --kernel nonsense -- no-such-command --help
	assert_status 125
	assert_same '' "$output"
	capture ipvs-iso run --kernel nonsense no-such-command --help
	assert_status 125
	assert_same '' "$output"
}

@test "help and version are commands, too" {
	capture ipvs-iso --help
	local wanted=$output
	capture ipvs-iso help
	assert_same "$wanted" "$output"
	capture ipvs-iso help help
	assert_same "$wanted" "$output"
	capture ipvs-iso --version
	wanted=$output
	capture ipvs-iso version
	assert_same "$wanted" "$output"
	local command
	for command in $(list_commands); do
		capture ipvs-iso "$command" --help
		wanted=$output
		capture ipvs-iso help "$command"
		assert_status 0
		assert_same "$wanted" "$output"
	done
	capture ipvs-iso help nonsense
	assert_complaint "there is no command 'nonsense'" "see 'ipvs-iso --help'"
}

# ---- mistakes ----

@test "what other tools call a command or an option gets a hint" {
	local word command
	while read -r word command; do
		capture ipvs-iso "$word"
		assert_complaint "there is no command '$word'; did you mean '$command'?" "see 'ipvs-iso --help'"
	done <<-'WORDS'
		save snapshot
		list snapshot
		load restore
		clear flush
		exec run
	WORDS
	capture ipvs-iso restore --dry-run file
	assert_complaint "restore: there is no option '--dry-run'; did you mean '--plan'?" "see 'ipvs-iso restore --help'"
	capture ipvs-iso restore -n file
	assert_complaint "restore: there is no option '-n'; did you mean '--plan'?" "see 'ipvs-iso restore --help'"
	make_tables
	capture ipvs-iso restore <a.json
	assert_complaint "restore: no file given; '-' stands for standard input" "see 'ipvs-iso restore --help'"
}

@test "no command but run tells its users to take an option that only run has" {
	host_has_ipvs && [ "$(id -u)" -eq 0 ] && skip 'this host has IPVS'
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >empty.json
	local command
	for command in snapshot flush recover check 'check empty.json' 'diff empty.json' 'restore empty.json' \
		'restore --plan empty.json' 'wait --until services=1'; do
		# shellcheck disable=SC2086 # words on purpose
		capture ipvs-iso $command
		assert_status 125
		# The option stands there only as a part of a whole command line.
		assert_lacks "${stderr//ipvs-iso run --kernel uml -- COMMAND/}" --kernel
	done
	capture ipvs-iso check
	assert_contains "$stderr" 'or run the command in an embedded kernel: ipvs-iso run --kernel uml -- COMMAND'
	capture ipvs-iso run --kernel host -- true
	assert_contains "$stderr" 'or bring a kernel of your own: --kernel uml'
}

@test "of -q and -v the last one counts" {
	capture ipvs-iso run -v -q -k uml -- true
	assert_same '' "$output$stderr"
	capture ipvs-iso run -q -v -k uml -- true
	assert_contains "$stderr" 'PASS' 'ready after'
}


@test "no command, an unknown command, an unknown option: a line and where to look" {
	capture ipvs-iso
	assert_complaint 'no command given' "see 'ipvs-iso --help'"
	capture ipvs-iso nonsense
	assert_complaint "there is no command 'nonsense'" "see 'ipvs-iso --help'"
	capture ipvs-iso ''
	assert_complaint "there is no command ''" "see 'ipvs-iso --help'"
	capture ipvs-iso --nonsense
	assert_complaint "there is no option '--nonsense'" "see 'ipvs-iso --help'"
	capture ipvs-iso restor
	assert_complaint "there is no command 'restor'; did you mean 'restore'?" "see 'ipvs-iso --help'"
	capture ipvs-iso guest-ini
	assert_complaint "there is no command 'guest-ini'" "see 'ipvs-iso --help'"
	capture ipvs-iso restore --mrge=1 file
	assert_complaint "restore: there is no option '--mrge=1'; did you mean '--merge'?" "see 'ipvs-iso restore --help'"
	capture ipvs-iso restore --quit file
	assert_complaint "restore: there is no option '--quit'; did you mean '--quiet'?" "see 'ipvs-iso restore --help'"
	local command
	for command in $(list_commands); do
		capture ipvs-iso "$command" --nonsense
		assert_complaint "$command: there is no option '--nonsense'" "see 'ipvs-iso $command --help'"
		capture ipvs-iso "$command" -Z
		assert_complaint "$command: there is no option '-Z'" "see 'ipvs-iso $command --help'"
		capture ipvs-iso "$command" --quiet=1
		assert_complaint "$command: the option '--quiet' takes no value" "see 'ipvs-iso $command --help'"
	done
}

@test "an option without its value says what it wants" {
	capture ipvs-iso diff --format
	assert_complaint "diff: the option '--format' needs a value (text|json)" "see 'ipvs-iso diff --help'"
	capture ipvs-iso diff -f
	assert_complaint "diff: the option '-f' needs a value (text|json)" "see 'ipvs-iso diff --help'"
	capture ipvs-iso snapshot --output
	assert_complaint "snapshot: the option '--output' needs a value (FILE)" "see 'ipvs-iso snapshot --help'"
	capture ipvs-iso run --unit
	assert_complaint "run: the option '--unit' needs a value (NAME)" "see 'ipvs-iso run --help'"
}

@test "operands that are missing or too many" {
	local command
	for command in snapshot flush status recover; do
		capture ipvs-iso "$command" extra
		assert_complaint "$command: unexpected argument 'extra'" "see 'ipvs-iso $command --help'"
	done
	capture ipvs-iso check a.json extra
	assert_complaint "check: unexpected argument 'extra'" "see 'ipvs-iso check --help'"
	capture ipvs-iso restore a.json extra
	assert_complaint "restore: unexpected argument 'extra'" "see 'ipvs-iso restore --help'"
	capture ipvs-iso restore
	assert_complaint "restore: no file given; '-' stands for standard input" "see 'ipvs-iso restore --help'"
	capture ipvs-iso diff a.json b.json extra
	assert_complaint "diff: unexpected argument 'extra'" "see 'ipvs-iso diff --help'"
	capture ipvs-iso diff
	assert_complaint 'diff: nothing to compare' "see 'ipvs-iso diff --help'"
	for command in savepoint rollback release; do
		capture ipvs-iso "$command"
		assert_complaint "$command: no name given" "see 'ipvs-iso $command --help'"
		capture ipvs-iso "$command" a b
		assert_complaint "$command: unexpected argument 'b'" "see 'ipvs-iso $command --help'"
		capture ipvs-iso "$command" ''
		assert_complaint "$command: the name of the savepoint is empty" "see 'ipvs-iso $command --help'"
		capture ipvs-iso "$command" a
		assert_complaint 'this is not inside a run, and a savepoint is part of a unit of one' \
			'run what uses savepoints with: ipvs-iso run -- COMMAND'
	done
	capture ipvs-iso run
	assert_complaint 'run: no command given' 'such as: ipvs-iso run -- make check'
	capture ipvs-iso run --unit a --
	assert_complaint 'run: no command given' 'such as: ipvs-iso run -- make check'
}

# Each is seen before the table is looked at.
@test "wait: values that make no sense" {
	capture ipvs-iso wait
	assert_complaint 'wait: nothing to wait for: --until is missing' "see 'ipvs-iso wait --help'"
	capture ipvs-iso wait --until services=1 extra
	assert_complaint "wait: unexpected argument 'extra'" "see 'ipvs-iso wait --help'"
	capture ipvs-iso wait --until "services>=1"
	assert_complaint "wait: --until: 'services>=1' is nothing that can be waited for" \
		'write equals=FILE, contains=FILE or services=NUMBER'
	capture ipvs-iso wait --until equals=missing.json
	assert_complaint 'cannot open missing.json: No such file or directory'
	capture ipvs-iso wait --until contains=live
	assert_complaint 'wait: --until: the live table always equals itself; name a file'
	capture ipvs-iso wait --until services=1 --stable 11s
	assert_complaint 'wait: --stable is longer than --timeout, so that can never be' 'give it more time with --timeout'
	local option
	for option in --stable --timeout; do
		capture ipvs-iso wait --until services=1 $option soon
		assert_complaint "wait: $option: 'soon' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s"
	done
}

@test "every command that takes the lock has --wait, and no other" {
	local command
	for command in run restore flush savepoint rollback release recover; do
		capture ipvs-iso "$command" --wait soon x
		assert_complaint "$command: --wait: 'soon' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s"
		capture ipvs-iso "$command" -w
		assert_complaint "$command: the option '-w' needs a value (DURATION)" "see 'ipvs-iso $command --help'"
	done
	for command in snapshot diff check wait status report; do
		capture ipvs-iso "$command" --wait 1
		assert_status 125
		assert_contains "$stderr" "$command: there is no option '--wait'"
	done
}

# Each is seen before anything is started or touched.
@test "run: values that make no sense" {
	local option
	for option in --timeout --kill-after --wait --guest-timeout; do
		capture ipvs-iso run $option soon touch ran
		assert_status 125
		assert_contains "$stderr" "ipvs-iso: run: $option: 'soon' is no length of time"
		capture ipvs-iso run $option -1 touch ran
		assert_status 125
		assert_contains "$stderr" "ipvs-iso: run: $option: '-1' is no length of time"
	done
	capture ipvs-iso run --kill-after 0 touch ran
	assert_status 125
	capture ipvs-iso run --memory lots touch ran
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: run: --memory: 'lots' is no size"
	for option in 1M 63M 2000T; do
		capture ipvs-iso run --memory $option touch ran
		assert_status 125
		assert_contains "$stderr" "ipvs-iso: run: --memory: a kernel wants from 64M to 1024G, not $option"
	done
	capture ipvs-iso run --fail-on services,cakes touch ran
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: run: --fail-on: there is no class of residue 'cakes'"
	capture ipvs-iso run --stdin null touch ran
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: run: --stdin: standard input is inherit or none, not 'null'"
	capture ipvs-iso run --no-split --unit a touch ran
	assert_status 125
	assert_contains "$stderr" '--no-split' '--unit'
	capture ipvs-iso run --keep --fixture a.json touch ran
	assert_status 125
	assert_contains "$stderr" '--keep' '--fixture'
	[ ! -e ran ]
}

@test "run: units without a name, named twice, or from a command that fails" {
	capture ipvs-iso run --unit '' touch ran
	assert_complaint "a unit's name is empty"
	capture ipvs-iso run --unit a --unit b --unit a touch ran
	assert_complaint "the unit 'a' is named twice"
	capture ipvs-iso run --units-from 'echo a; exit 3' touch ran
	assert_complaint "'echo a; exit 3' ended with exit status 3, so the units are not known"
	capture ipvs-iso run --units-from true touch ran
	assert_complaint "'true' printed no names of units"
	[ ! -e ran ] && [ ! -e a ]
}

@test "options may stand behind operands, and -- ends them" {
	make_tables
	capture ipvs-iso diff a.json b.json --quiet
	assert_status 1
	assert_same '' "$output$stderr"
	cp a.json ./--quiet
	capture ipvs-iso diff -- --quiet a.json
	assert_status 0
}

# ---- diff of two files ----

@test "diff: equal tables are 0 and print nothing" {
	make_tables
	cp a.json c.json
	capture ipvs-iso diff a.json c.json
	assert_status 0
	assert_same '' "$output$stderr"
}

@test "diff: what differs is 1 and told in the words of ipvsadm" {
	make_tables
	capture ipvs-iso diff a.json b.json
	assert_status 1
	assert_same '' "$stderr"
	assert_same '- -A -u [fd00::1]:53 -s wlc
~ -A -t 10.0.0.1:80 -s wrr (was: -s rr)
~ -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 5 (was: -w 1)
+ -A -f 7 -s sh
~ --set 800 120 300 (was: --set 900 120 300)' "$output"
}

@test "diff --format json says the same to programs" {
	make_tables
	capture ipvs-iso diff --format json a.json b.json
	assert_status 1
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/stdout" <<-'PYTHON'
		import json, sys
		diff = json.load(open(sys.argv[1]))
		assert diff["format"] == "ipvs-iso.diff" and diff["version"] == 1, diff
		assert [(c["action"], c["subject"]) for c in diff["changes"]] == [
		    ("remove", "service"), ("change", "service"), ("change", "destination"), ("add", "service"),
		    ("change", "timeouts")], diff
		assert diff["changes"][3]["text"] == "-A -f 7 -s sh", diff
	PYTHON
	capture ipvs-iso diff -f json a.json a.json
	assert_status 0
	/usr/bin/python3 -c 'import json, sys; assert json.load(sys.stdin)["changes"] == []' <<<"$output"
	capture ipvs-iso diff --format xml a.json b.json
	assert_complaint "diff: --format: there is no format 'xml'; the formats are text and json"
}

@test "diff: - is standard input, once" {
	make_tables
	capture ipvs-iso diff - b.json <a.json
	assert_status 1
	assert_contains "$output" '+ -A -f 7 -s sh'
	capture ipvs-iso diff b.json - <a.json
	assert_status 1
	assert_contains "$output" '- -A -f 7 -s sh'
	capture ipvs-iso diff - - <a.json
	assert_complaint 'diff: standard input can be read only once' "see 'ipvs-iso diff --help'"
}

@test "diff: a file that cannot be read is 125" {
	make_tables
	capture ipvs-iso diff a.json missing.json
	assert_complaint 'cannot open missing.json: No such file or directory'
	capture ipvs-iso diff missing.json a.json
	assert_complaint 'cannot open missing.json: No such file or directory'
	capture ipvs-iso diff a.json .
	assert_complaint 'cannot read .: Is a directory'
	capture ipvs-iso diff - a.json <&-
	assert_status 125
	if [ "$(id -u)" -ne 0 ]; then
		chmod 0 a.json
		capture ipvs-iso diff a.json b.json
		assert_complaint 'cannot open a.json: Permission denied'
	fi
}

# assert_json_error PLACE MESSAGE TEXT: that of a file with TEXT, as either operand and from standard input.
assert_json_error() {
	printf '%s' "$3" >bad.json
	capture ipvs-iso diff a.json bad.json
	assert_complaint "bad.json:$1: $2"
	capture ipvs-iso diff bad.json a.json
	assert_complaint "bad.json:$1: $2"
	capture ipvs-iso diff - a.json <bad.json
	assert_complaint "standard input:$1: $2"
}

@test "diff: a mistake in JSON is told with file, line, column and the path inside" {
	make_tables
	assert_json_error 2:1 'neither a snapshot (JSON) nor rules for ipvsadm -R
          a snapshot begins with {, and a rule with an option of ipvsadm, such as -A' $'\n*filter'
	assert_json_error 2:14 'the text ends before the snapshot does: it has been cut short' \
		$'{"format": "ipvs-iso.snapshot",\n "version": 1'
	assert_json_error 3:52 'services[0].port: must be a whole number from 0 to 65535, not "http"' \
		$'{"format": "ipvs-iso.snapshot", "version": 1,\n "services": [{\n "protocol": "tcp", "address": "10.0.0.1", "port": "http"}]}'
	sed 's/"weight": 1/"weight": -1/' a.json >bad.json
	capture ipvs-iso diff a.json bad.json
	assert_complaint 'bad.json:5:96: services[0].destinations[0].weight: must be a whole number from 0 to 2147483647, not -1'
	sed 's/"scheduler": "rr"/"shceduler": "rr"/' a.json >bad.json
	capture ipvs-iso diff a.json bad.json
	assert_complaint 'bad.json:4:60: services[0]: unknown key "shceduler"; did you mean "scheduler"?'
}

@test "diff: what a broken file holds does not reach the terminal as it is" {
	make_tables
	printf '{"format": "ipvs-iso.snapshot", "version": 1, "\033[31mevil\\u001b\\n": 1}' >bad.json
	capture ipvs-iso diff a.json bad.json
	assert_status 125
	assert_same '' "$(LC_ALL=C grep -a -n '[[:cntrl:]]' <<<"$stderr")"
	printf '{"format": "ipvs-iso.snapshot", "version": 1, "\\u001b[31mevil\\n": 1}' >bad.json
	capture ipvs-iso diff a.json bad.json
	assert_status 125
	assert_same '' "$(LC_ALL=C grep -a -n '[[:cntrl:]]' <<<"$stderr")"
}

# ---- output ----

@test "output that cannot be written, to a full disk or to a closed descriptor, is no success" {
	make_tables
	local command where
	for command in '--help' '--version' 'help run' 'diff --help' 'diff a.json b.json' 'diff -f json a.json a.json' \
		'run --list --unit a true' 'run -k uml echo said' 'run -k uml -j 2 --unit a --unit b echo'; do
		for where in '>/dev/full' '>&-'; do
			status=0
			eval "ipvs-iso $command $where" 2>stderr || status=$?
			echo "$command $where"
			assert_same 125 "$status"
			assert_contains "$(cat stderr)" 'cannot write'
		done
	done
	# Where there is nothing to write nothing is lost, and no file takes the place of what is closed.
	ipvs-iso diff -q a.json a.json >&- 2>&- <&-
	ipvs-iso run -q -k uml true >&- 2>&- <&-
}

@test "a reader that goes away is not waited for" {
	make_tables
	ipvs-iso diff a.json b.json | true
	ipvs-iso run --help | head -n 1 >first
	assert_contains "$(cat first)" 'Usage: ipvs-iso run'
}

# on_terminal COMMAND: a shell command with a terminal as its stdout and stderr, whose output is printed.
on_terminal() {
	SHELL=/bin/sh TERM=xterm script -q -e -c "$1" /dev/null </dev/null
}

@test "colour is for terminals, and NO_COLOR turns it off" {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	command -v script >/dev/null || skip 'there is no script(1)'
	local escape=$'\033['
	unset NO_COLOR
	capture on_terminal 'ipvs-iso run --kernel uml -- false'
	assert_status 1
	assert_contains "$output" "${escape}31m    FAIL${escape}0m"
	NO_COLOR=1 capture on_terminal 'ipvs-iso run --kernel uml -- false'
	assert_contains "$output" '    FAIL ['
	# A line that says how far the run is may be cleared meanwhile.
	assert_lacks "${output//"${escape}K"/}" "$escape"
	capture ipvs-iso run --kernel uml -- false
	assert_contains "$stderr" '    FAIL ['
	assert_same '' "$(LC_ALL=C grep -a -n '[[:cntrl:]]' <<<"$stderr")"
}

@test "what is in a name is no command to a terminal" {
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "services": []}' >empty.json
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "services": [
		{"protocol": "tcp", "address": "10.9.0.1", "port": 80, "scheduler": "r\u001b[31mr"}]}' >odd.json
	capture ipvs-iso diff empty.json odd.json
	assert_status 1
	assert_same '+ -A -t 10.9.0.1:80 -s r␛[31mr' "$output"
	capture ipvs-iso diff empty.json $'no\e[31m.json'
	assert_complaint 'cannot open no␛[31m.json: No such file or directory'
}
