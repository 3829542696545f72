#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Files that are wrong: each is refused, with a message that says what is wrong, where, and what to do about it. That
# the table stays what it is, guest-bad-input.bats holds.

load helper

setup() {
	isolate_state
	bad=$BATS_TEST_DIRNAME/../fixtures/bad
	echo '{"format": "ipvs-iso.snapshot", "version": 1}' >good.json
}

# refused MESSAGE COMMAND...
refused() {
	local message=$1
	shift
	capture "$@"
	assert_status 125
	assert_same "$message" "$stderr"
	assert_same '' "$output"
}

# All that stands in tests/fixtures/bad/messages, in the order of the files' names, is what is printed for them.
@test "hundreds of wrong snapshots and rule files: each has its message" {
	local here=$PWD file
	cd "$bad"
	for file in snapshot/*.json rules/*.rules; do
		status=0
		"$IPVS_ISO" diff "$file" "$file" >>"$here/stdout" || status=$?
		[ "$status" -eq 125 ] || echo "$file: exit status $status"
	done >"$here/actual" 2>&1
	diff -u --label messages --label actual messages "$here/actual"
	[ ! -s "$here/stdout" ]
	[ "$(grep -c '^ipvs-iso: ' messages)" -ge 200 ]
}

@test "what is no regular file: a folder, a pipe, a device" {
	mkdir folder
	refused 'ipvs-iso: cannot read folder: Is a directory' ipvs-iso diff folder good.json
	mkfifo pipe
	echo '{"version"' >pipe &
	refused 'ipvs-iso: pipe:2:1: the text ends before the snapshot does: it has been cut short' \
		ipvs-iso diff pipe good.json
	wait
	refused 'ipvs-iso: /dev/null:1:1: the file is empty
          to empty the live table, use ipvs-iso flush; a file that stands for an empty table holds the rule -C' \
		ipvs-iso diff /dev/null good.json
	refused 'ipvs-iso: standard input:1:1: the file is empty
          to empty the live table, use ipvs-iso flush; a file that stands for an empty table holds the rule -C' \
		ipvs-iso diff - good.json
	[ "$(id -u)" -eq 0 ] || {
		: >secret.json
		chmod 0 secret.json
		refused 'ipvs-iso: cannot open secret.json: Permission denied' ipvs-iso diff secret.json good.json
	}
}

# limited KIB COMMAND...: with so much memory at most. AddressSanitizer's shadow needs room, too: then without a limit.
limited() {
	local room=$1
	shift
	if nm -D "$IPVS_ISO" | grep -q __asan_init; then
		"$@"
	else
		(ulimit -v "$room" && "$@")
	fi
}

# How much of a file is read on this machine, in words.
limit_in_words() {
	local kib
	kib=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
	if [ $((kib / 10)) -ge $((1 << 20)) ]; then
		echo '1 GiB'
	else
		echo "$((kib / 10 / 1024)) MiB, a tenth of this machine's memory"
	fi
}

@test "a file of more than 1 GiB, or than a tenth of the memory, and one without an end, are refused in bounded memory" {
	local limit
	limit=$(limit_in_words)
	truncate -s $(((1 << 30) + 1)) large.json
	refused "ipvs-iso: large.json is longer than $limit" limited 65536 ipvs-iso diff large.json good.json
	# shellcheck disable=SC2016
	refused "ipvs-iso: standard input is longer than $limit" limited $((1 << 21)) \
		sh -c 'yes | ipvs-iso diff - "$0"' good.json
}

@test "devices are not read, by name or as standard input; pipes are, and whoever writes is waited for" {
	local device
	for device in /dev/zero /dev/urandom /dev/full; do
		refused "ipvs-iso: cannot read $device: it is a device, and neither a file nor a pipe" \
			ipvs-iso diff "$device" good.json
		# shellcheck disable=SC2016
		refused 'ipvs-iso: cannot read standard input: it is a device, and neither a file nor a pipe' \
			sh -c 'ipvs-iso diff - "$0" <"$1"' good.json "$device"
	done
	ipvs-iso diff good.json <(cat good.json)
	mkfifo late
	background ipvs-iso diff late good.json
	cat good.json >late
	wait_for_job
	assert_status 0
	# One that nobody writes to keeps nobody from ending us.
	background ipvs-iso diff late good.json
	wait_until has_open "$job" late
	kill -TERM "$job"
	wait_for_job
	assert_status 143
}

# has_open PID NAME: or has ended, which the test then finds.
has_open() {
	! kill -0 "$1" 2>/dev/null || [[ $(readlink "/proc/$1/fd"/*) == *"/$2"* ]]
}

# large BEGIN LINE TIMES END: a snapshot of so many lines.
large() {
	printf '{"format": "ipvs-iso.snapshot", "version": 1, %s' "$1"
	yes "$2" | head -n "$3"
	printf '%s' "$4"
}

# To jansson, 24 MB are a gigabyte and more.
@test "what is large and wrong is refused in bounded memory" {
	local service='{"fwmark": 1, "family": "ipv4", "scheduler": "wlc", "destinations": []},' room=$((1 << 18))
	large '"services": [' "$service" 400000 '' >cut.json
	refused 'ipvs-iso: cut.json:400001:1: the text ends before the snapshot does: it has been cut short' \
		limited $room ipvs-iso diff cut.json good.json
	large '"services": [' "$service" 400000 '{"fwmark"}]}' >wrong.json
	refused 'ipvs-iso: wrong.json:400001:1: services[400000]: not JSON, or more than 16 MiB in one piece' \
		limited $room ipvs-iso diff wrong.json good.json
	large '"daemons": [' '{},' 8000000 '{}]}' >daemons.json
	refused 'ipvs-iso: daemons.json:1:1: not JSON, or more than 16 MiB in one piece' \
		limited $room ipvs-iso diff daemons.json good.json
}

@test "nesting, 100,000 deep" {
	printf '[%.0s' {1..100000} >deep.json
	refused 'ipvs-iso: deep.json:1:2049: objects and arrays are nested too deeply' ipvs-iso diff deep.json good.json
	{
		printf '{"format": "ipvs-iso.snapshot", "version": 1, "services": '
		printf '[%.0s' {1..100000}
	} >deep.json
	refused 'ipvs-iso: deep.json:1:2106: objects and arrays are nested too deeply' ipvs-iso diff deep.json good.json
}
