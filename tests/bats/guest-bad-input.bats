#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Mistakes, and what is said about them. None of them changes the table.

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
	before=$(table)
	read_whole before_services /proc/net/ip_vs
	trouble=
}

teardown() {
	in_session_of_tests ipvs_iso_teardown
}

# refused STATUS MESSAGE COMMAND...: it ends with STATUS, prints MESSAGE alone, and services are what they were. Says what is
# wrong and goes on, so that all_refused, at a test's end, fails for all rows at once.
refused() {
	local wanted=$1 message=$2 after_services
	shift 2
	capture "$@"
	read_whole after_services /proc/net/ip_vs
	if ! { assert_status "$wanted" && assert_same "$message" "$stderr" && assert_same '' "$output" &&
		assert_same "$before_services" "$after_services"; }; then
		echo "of: $*"
		trouble=yes
	fi
}

all_refused() {
	[ -z "$trouble" ]
	assert_same "$before" "$(table)"
}

# refused_file TEXT MESSAGE: restore refuses a file bad.json with TEXT, whose MESSAGE it prints behind "ipvs-iso: bad.json:".
refused_file() {
	printf '%s' "$1" >bad.json
	refused 125 "ipvs-iso: bad.json:$2" ipvs-iso restore bad.json
}

# refused_snapshot KEYS MESSAGE: the same for a snapshot with these keys from line 2 on.
refused_snapshot() {
	refused_file '{"format": "ipvs-iso.snapshot", "version": 1,'$'\n'"$1}"$'\n' "$2"
}

# refused_service KEYS MESSAGE: the same for the keys of a second service, which is line 4.
refused_service() {
	refused_snapshot '"services": [
{"fwmark": 1, "family": "ipv4"},
{'"$1}]" "4:$2"
}

# without CAPABILITY[,...] COMMAND...: root, but for these.
without() {
	setpriv --bounding-set "-${1//,/,-}" "${@:2}"
}

# As another user, who may not be able to reach the program where it was built.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$program_for_all" "$@"
}

@test "what has no end is refused by every command, before the memory is" {
	local device command limit
	limit="$(awk '$1 == "MemTotal:" { print int(int($2 / 10) / 1024) }' /proc/meminfo) MiB, a tenth of this machine's memory"
	for command in restore 'restore --plan' diff check 'wait --until' 'run --fixture'; do
		for device in /dev/zero /dev/urandom; do
			local arguments=("$device")
			[ "$command" = 'wait --until' ] && arguments=("equals=$device")
			[ "$command" = 'run --fixture' ] && arguments+=(true)
			# shellcheck disable=SC2086 # words on purpose
			refused 125 "ipvs-iso: cannot read $device: it is a device, and neither a file nor a pipe" \
				ipvs-iso $command "${arguments[@]}"
		done
	done
	refused 125 "ipvs-iso: standard input is longer than $limit" bash -c 'yes | ipvs-iso restore -'
	refused 125 "ipvs-iso: standard input is longer than $limit" bash -c 'yes | ipvs-iso report -'
	all_refused
}

@test "a file that is missing, unreadable or none" {
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >secret.json
	chmod 0 secret.json
	local command
	for command in restore diff check 'run --fixture'; do
		local arguments=()
		[ "$command" = 'run --fixture' ] && arguments=(true)
		# shellcheck disable=SC2086 # words on purpose
		refused 125 'ipvs-iso: cannot open missing.json: No such file or directory' \
			ipvs-iso $command missing.json "${arguments[@]}"
	done
	refused 125 'ipvs-iso: cannot open secret.json: Permission denied' \
		without dac_override,dac_read_search ipvs-iso restore secret.json
	refused 125 'ipvs-iso: cannot read .: Is a directory' ipvs-iso restore .
	all_refused
}

@test "a file that is no JSON: the message has its line and column" {
	local remedy=$'\n'"          to empty the live table, use ipvs-iso flush; a file that stands for an empty table \
holds the rule -C"
	refused_file '' "1:1: the file is empty$remedy"
	refused_file '# -A' "1:1: there is nothing but comments in the file$remedy"
	refused_file '{"format": "ipvs-iso.snapshot", "version": 1, "services": [' \
		'1:60: the text ends before the snapshot does: it has been cut short'
	refused_file $'{"format": "ipvs-iso.snapshot",\n "version": 1, "services": [{"fwmark"' \
		'2:38: the text ends before the snapshot does: it has been cut short'
	refused_file '{"format": "ipvs-iso.snapshot", "version": 1} {}' '1:47: the snapshot is followed by something else'
	refused_snapshot '"services": [], "services": []' '2:17: the key "services" stands in this object twice'
	all_refused
}

@test "a file with the wrong things in it: the message has line, column and the path inside" {
	refused_file '[]' '1:1: must be an object, not an array'
	refused_file '{"format": "ipvs-iso.snapshot", "version": 2}' \
		'1:44: version: is 2, and this program reads only version 1'
	refused_snapshot '"services": {}' '2:13: services: must be an array, not an object'
	refused_snapshot '"servcies": []' '2:1: unknown key "servcies"; did you mean "services"?'
	refused_snapshot '"timeouts": {"tcp": "long"}' \
		'2:21: timeouts.tcp: must be a whole number from 1 to 21474836, not "long"'
	refused_service '"protocol": "tcp", "address": "10.0.0.300", "port": 80' \
		'32: services[1].address: must be an IPv4 or IPv6 address, not "10.0.0.300"'
	refused_service '"protocol": "tcp", "address": "10.0.0.3", "port": 65536' \
		'52: services[1].port: must be a whole number from 0 to 65535, not 65536'
	refused_service '"fwmark": 2, "family": "ipv4", "destinations": [{"address": "10.0.0.4", "port": 0, "weight": "five"}]' \
		'95: services[1].destinations[0].weight: must be a whole number from 0 to 2147483647, not "five"'
	refused_service '"fwmark": 2, "family": "ipv4", "destinations": [{"address": "::g", "port": 0}]' \
		'62: services[1].destinations[0].address: must be an IPv4 or IPv6 address, not "::g"'
	refused_service '"fwmark": 1, "family": "ipv4"' '1: services[1]: names the same service as services[0] (line 3, column 1)'
	all_refused
}

# host-bad-input.bats holds each one's message.
@test "nothing is applied from a bad file: every fortieth of tests/fixtures/bad" {
	local files=("$BATS_TEST_DIRNAME"/../fixtures/bad/{snapshot,rules}/*) i command
	[ ${#files[@]} -ge 200 ]
	for ((i = 0; i < ${#files[@]}; i += 40)); do
		for command in restore 'restore --merge' 'wait --timeout 1s --until' 'run --fixture'; do
			local arguments=("${files[i]}")
			[[ $command != wait* ]] || arguments=("equals=${files[i]}")
			[[ $command != run* ]] || arguments+=(-- touch "$PWD/ran")
			# shellcheck disable=SC2086 # words on purpose
			capture ipvs-iso $command "${arguments[@]}"
			[[ $status -eq 125 && $stderr == *"${files[i]}:"[0-9]* ]] || {
				show_captured
				trouble=yes
			}
		done
	done
	[ ! -e ran ]
	all_refused
}

@test "a snapshot that this kernel cannot hold" {
	local H='{"format": "ipvs-iso.snapshot", "version": 1,'
	echo "$H"'"services": [{"protocol": "tcp", "address": "10.0.0.3", "port": 80, "scheduler": "nosuch"}]}' >scheduler.json
	echo "$H"'"services": [{"fwmark": 1, "family": "ipv6", "pe": "nosuch"}]}' >engine.json
	refused 125 "ipvs-iso: this kernel has no scheduler 'nosuch', which the service -t 10.0.0.3:80 wants
          load its module (modprobe ip_vs_nosuch), or use a kernel that has it" ipvs-iso restore scheduler.json
	refused 125 "ipvs-iso: this kernel has no persistence engine 'nosuch', which the service -f 1 -6 wants
          load its module (modprobe ip_vs_pe_nosuch), or use a kernel that has it" ipvs-iso restore engine.json
	capture ipvs-iso run --fixture scheduler.json -- touch ran
	assert_status 125
	assert_contains "$stderr" "no scheduler 'nosuch'"
	[ ! -e ran ]
	all_refused
}

@test "a table that no snapshot can hold, before a run and left by one" {
	local name=$'\xff0' message="no snapshot can hold this table: the name of the master daemon's interface is not UTF-8
          stop the daemon: ipvsadm --stop-daemon master" command
	ip link add "$name" type dummy
	ip link set "$name" up
	capture ipvs-iso run -q --fail-on none -- ipvsadm --start-daemon master --mcast-interface "$name"
	assert_status 0
	all_refused
	ipvsadm --start-daemon master --mcast-interface "$name"
	for command in snapshot flush 'run --kernel host touch ran'; do
		# shellcheck disable=SC2086 # words on purpose
		capture ipvs-iso $command
		assert_status 125
		assert_contains "$stderr" "$message"
	done
	sync_daemon_runs
	[ ! -e ran ]
	ipvsadm --stop-daemon master
	ip link del "$name"
	all_refused
}

@test "no permission: as another user, and as a root without the capability" {
	local message="ipvs-iso: no permission for this kernel's IPVS: CAP_NET_ADMIN in the initial user namespace is needed
          run it as root outside of user namespaces"
	local in_guest=', or run the command in an embedded kernel: ipvs-iso run --kernel uml -- COMMAND'
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >empty.json
	local folder command
	folder=$(mktemp -d /run/ipvs-iso-for-all.XXXXXX)
	chmod 755 "$folder"
	cp "$IPVS_ISO" "$folder"
	program_for_all=$folder/ipvs-iso
	for command in snapshot flush; do
		refused 125 "$message$in_guest" as_nobody $command
	done
	refused 125 "$message" as_nobody recover
	refused 125 "$message, or bring a kernel of your own: --kernel uml" as_nobody run --kernel host touch ran
	rm -r "$folder"
	for command in 'restore empty.json' 'diff empty.json' check; do
		# shellcheck disable=SC2086 # words on purpose
		refused 125 "$message$in_guest" without net_admin ipvs-iso $command
	done
	[ ! -e ran ]
	all_refused
}

@test "no command, or one that cannot be run" {
	local no_command='ipvs-iso: run: no command given
          such as: ipvs-iso run -- make check'
	refused 125 "$no_command" ipvs-iso run
	refused 125 "$no_command" ipvs-iso run --unit a --
	: >plain
	printf '#!/no/such\n' >script
	chmod +x script
	local wanted reason command
	while IFS='|' read -r wanted command reason; do
		capture ipvs-iso run -- "$command"
		assert_status "$wanted"
		assert_matches "$stderr" " TROUBLE \[ *[0-9.]+s\] $command: cannot run $command: $reason"
		assert_same '' "$output"
	done <<-'COMMANDS'
		127|no-such-command|command not found
		127|./missing|command not found
		127|./script|the interpreter that it names is missing
		126|./plain|Permission denied
		126|/tmp|Permission denied
	COMMANDS
	all_refused
}

@test "an option that is none, a value that is missing or wrong, an operand too many" {
	local command message help
	while IFS='|' read -r command message help; do
		[ -z "$help" ] || message+=$'\n          '$help
		eval "refused 125 \"ipvs-iso: \$message\" ipvs-iso $command"
	done <<-'LINES'
		|no command given|see 'ipvs-iso --help'
		nosuch|there is no command 'nosuch'|see 'ipvs-iso --help'
		--nosuch|there is no option '--nosuch'|see 'ipvs-iso --help'
		run --nosuch true|run: there is no option '--nosuch'|see 'ipvs-iso run --help'
		run -Z true|run: there is no option '-Z'|see 'ipvs-iso run --help'
		run --unit|run: the option '--unit' needs a value (NAME)|see 'ipvs-iso run --help'
		run -w|run: the option '-w' needs a value (DURATION)|see 'ipvs-iso run --help'
		run --keep=1 true|run: the option '--keep' takes no value|see 'ipvs-iso run --help'
		run --timeout 5x true|run: --timeout: '5x' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s|
		run --timeout -1 true|run: --timeout: '-1' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s|
		run --kill-after 0 true|run: --kill-after: it must be more than 0|
		run --wait x true|run: --wait: 'x' is no length of time; write a number and ms, s, m, h or d, such as 500ms, 1.5m or 5m30s|
		run --memory lots true|run: --memory: 'lots' is no size; write a number and K, M, G or T, such as 512M|
		run --memory 5 true|run: --memory: a kernel wants from 64M to 1024G, not 5|
		run --fail-on service true|run: --fail-on: there is no class of residue 'service'|the classes are services, destinations, timeouts, daemons, sysctl, processes, connections; or all, or none
		run --kernel nosuch true|there is no kernel 'nosuch'|the kernels are auto, host and uml
		run --keep --fixture x true|run: --keep starts from the host's table, --fixture does not: take one|
		run --no-split --unit a true|run: --no-split runs the command whole, --unit does not: take one|
		run --unit a --unit a true|the unit 'a' is named twice|
		run --unit '' true|a unit's name is empty|
		run --units-from 'exit 3' true|'exit 3' ended with exit status 3, so the units are not known|
		run --units-from : true|':' printed no names of units|
		snapshot -o|snapshot: the option '-o' needs a value (FILE)|see 'ipvs-iso snapshot --help'
		snapshot extra|snapshot: unexpected argument 'extra'|see 'ipvs-iso snapshot --help'
		restore|restore: no file given; '-' stands for standard input|see 'ipvs-iso restore --help'
		restore a b|restore: unexpected argument 'b'|see 'ipvs-iso restore --help'
		diff|diff: nothing to compare|see 'ipvs-iso diff --help'
		diff a b c|diff: unexpected argument 'c'|see 'ipvs-iso diff --help'
		diff - -|diff: standard input can be read only once|see 'ipvs-iso diff --help'
		diff -f xml live|diff: --format: there is no format 'xml'; the formats are text and json|
		check a b|check: unexpected argument 'b'|see 'ipvs-iso check --help'
		flush now|flush: unexpected argument 'now'|see 'ipvs-iso flush --help'
		status now|status: unexpected argument 'now'|see 'ipvs-iso status --help'
		recover now|recover: unexpected argument 'now'|see 'ipvs-iso recover --help'
	LINES
	all_refused
}

@test "an output that cannot be written" {
	refused 125 'ipvs-iso: cannot write /no/such/file: No such file or directory' \
		ipvs-iso snapshot -o /no/such/file
	refused 125 'ipvs-iso: cannot write /dev/full: No space left on device' ipvs-iso snapshot -o /dev/full
	refused 125 'ipvs-iso: cannot write standard output: No space left on device' bash -c 'ipvs-iso snapshot >/dev/full'
	local command
	ipvs-iso snapshot -o there.json
	echo -C >empty.rules
	for command in snapshot 'snapshot -f ipvsadm' 'diff empty.rules' 'check empty.rules' status recover \
		'restore --plan empty.rules' 'wait --until equals=there.json --stable 0'; do
		capture bash -c "ipvs-iso $command >&-"
		[[ $command == wait* ]] && [ "$status" -eq 0 ] && continue # it has nothing to say
		assert_status 125
		assert_contains "$stderr" 'ipvs-iso: cannot write standard output: Bad file descriptor'
	done
	all_refused
}

@test "a state directory that cannot be trusted" {
	mkdir -m 777 open
	ln -s "$PWD" link
	local folder message help
	while IFS='|' read -r folder message help; do
		IPVS_ISO_STATE_DIR=$folder refused 125 "ipvs-iso: $message"$'\n          '"$help" ipvs-iso flush
	done <<-LINES
		folder|IPVS_ISO_STATE_DIR is "folder", which does not begin with /|every process must find the same folder, whatever it runs in: write its whole path
		/no/such|cannot open the folder /no/such: No such file or directory|run as the user that it belongs to, or set IPVS_ISO_STATE_DIR to a folder of your own, the same for all that share a table
		$PWD/open|others may write to $PWD/open, so nothing in it can be trusted|see that what is in it is yours, then: chmod 700 $PWD/open
		$PWD/link/|$PWD/link is not a folder; a link to one will not do|remove it, or set IPVS_ISO_STATE_DIR to another folder
	LINES
	all_refused
}
