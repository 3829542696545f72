#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Savepoints. Most tests make theirs in the run that this file itself is a unit of, on top of the file's own.

load helper

setup() {
	ipvs_iso_setup
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	end_background
	in_session_of_tests ipvs_iso_teardown
}

# no_savepoint NAME REMEDY: rollback and release say that there is none of that name.
no_savepoint() {
	local command
	for command in rollback release; do
		capture ipvs-iso $command "$1"
		assert_status 125
		assert_same "ipvs-iso: there is no savepoint '$1' in this unit
          $2" "$stderr"
	done
}

marks() {
	ipvsadm -Sn | tr -d '\n'
}

@test "rollback makes the table what it was: services, destinations in order, timeouts, daemons, sysctls" {
	fill_table
	ipvsadm --start-daemon master --mcast-interface lo --syncid 5 --sync-maxlen 1000
	local before
	before=$(table)
	capture ipvs-iso savepoint start
	assert_status 0
	assert_same '' "$output$stderr"

	ipvsadm -R <<-'RULES'
		-D -u [fd00:9::1]:53
		-E -t 10.9.0.1:443 -s lc
		-d -t 10.9.0.1:443 -r 10.9.1.3:8443
		-a -t 10.9.0.1:443 -r 10.9.1.4:8443 -i
		-A -f 9
	RULES
	ipvsadm --set 1 2 3
	ipvsadm --stop-daemon master
	echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp
	capture ipvs-iso rollback start
	assert_status 0
	assert_same '' "$output$stderr"
	assert_same "$before" "$(table)"
	assert_same 0 "$(</proc/sys/net/ipv4/vs/sloppy_tcp)"

	# It stays, for the next time.
	ipvsadm -C
	ipvs-iso rollback start
	assert_same "$before" "$(table)"
}

counted() {
	ipvsadm -Ln --stats | grep -Eq 'UDP  127\.0\.0\.1:5301 +1 +1 '
}

@test "rollback changes only what differs: what stays keeps its connections" {
	ipvsadm -R <<-'RULES'
		-A -u 127.0.0.1:5301
		-a -u 127.0.0.1:5301 -r 127.0.0.1:5302 -m
	RULES
	ipvs-iso savepoint start
	echo hello >/dev/udp/127.0.0.1/5301
	ipvsadm -A -f 9
	ipvs-iso rollback start
	assert_same 1 "$(connections)"
	# The kernel adds its counters up every two seconds.
	wait_until counted
	assert_lacks "$(services)" FWM
}

@test "savepoints nest as in SQL: rollback drops those made later, release also itself, and keeps the table" {
	ipvs-iso savepoint one
	ipvsadm -A -f 1
	ipvs-iso savepoint two
	ipvsadm -A -f 2
	ipvs-iso savepoint three
	ipvsadm -A -f 3
	ipvs-iso rollback two
	assert_same '-A -f 1 -s wlc' "$(marks)"
	no_savepoint three "those that there are, oldest first: '$BATS_TEST_FILENAME', 'one', 'two'"

	ipvsadm -A -f 4
	ipvs-iso savepoint four
	capture ipvs-iso release two
	assert_status 0
	assert_same '' "$output$stderr"
	assert_same '-A -f 1 -s wlc-A -f 4 -s wlc' "$(marks)"
	no_savepoint two "those that there are, oldest first: '$BATS_TEST_FILENAME', 'one'"
	no_savepoint four "those that there are, oldest first: '$BATS_TEST_FILENAME', 'one'"

	ipvs-iso rollback one
	assert_same '' "$(marks)"
	ipvs-iso release one
	no_savepoint one "those that there are, oldest first: '$BATS_TEST_FILENAME'"
}

@test "a name that is used again means the newer savepoint, until that is dropped" {
	ipvsadm -A -f 1
	ipvs-iso savepoint again
	ipvsadm -A -f 2
	ipvs-iso savepoint again
	ipvsadm -C
	ipvs-iso rollback again
	assert_same '-A -f 1 -s wlc-A -f 2 -s wlc' "$(marks)"
	ipvs-iso release again
	ipvs-iso rollback again
	assert_same '-A -f 1 -s wlc' "$(marks)"
}

@test "a name may be anything; status lists them; their files are ours alone" {
	local long name names i=0
	printf -v long '%0400d' 7
	names=('../../../tmp/x' . a/b $'new\nline' $'\377\001' "it's" -- "$long" '{"hex": "00"}')
	for name in "${names[@]}"; do
		ipvsadm -A -f $((++i))
		ipvs-iso savepoint -- "$name"
	done
	assert_same 600 "$(stat -c %a /run/ipvs-iso/*/savepoint-1-*.json | uniq)"
	capture ipvs-iso status
	assert_contains "$output" "
savepoints     '$BATS_TEST_FILENAME', '../../../tmp/x', '.', 'a/b', 'new␊line', '�␁', "
	for ((; i > 0; i--)); do
		ipvs-iso rollback -- "${names[i - 1]}"
		assert_contains "$(marks)" "-A -f $i -s wlc"
		assert_lacks "$(marks)" "-A -f $((i + 1)) "
	done
	ipvs-iso release "${names[0]}"
	capture ipvs-iso status
	assert_matches "$output" ".*
savepoints     '$BATS_TEST_FILENAME'
.*"
}

@test "a rollback that cannot be done leaves the table and the savepoint as they are" {
	ip link add gone0 type dummy
	ip link set gone0 up
	ipvsadm -A -f 1
	ipvsadm --start-daemon master --mcast-interface gone0 --syncid 5 --sync-maxlen 1000
	local before after
	before=$(table)
	ipvs-iso savepoint start
	ipvsadm --stop-daemon master
	ip link del gone0
	ipvsadm -A -f 2
	after=$(table)
	capture ipvs-iso rollback start
	assert_status 125
	assert_contains "$stderr" 'ipvs-iso: the table is as it was: ' "'gone0'"
	assert_same "$after" "$(table)"

	ip link add gone0 type dummy
	ip link set gone0 up
	ipvs-iso rollback start
	assert_same "$before" "$(table)"
	ipvsadm --stop-daemon master
	ip link del gone0
}

@test "savepoints end with their unit, and belong to it alone" {
	isolate_state
	cat >inner <<-'INNER'
		ipvs-iso savepoint mine
		ipvsadm -A -f 2
		ipvs-iso run -q -- bash -c '
			ipvs-iso rollback mine 2>&1
			ipvs-iso savepoint inner
			ipvsadm -A -f 3; ipvs-iso rollback inner; ipvsadm -Sn; ls "$IPVS_ISO_STATE_DIR"/*'
		ipvs-iso release inner 2>&1
		ipvs-iso rollback mine
		ipvsadm -Sn
	INNER
	capture ipvs-iso run --unit 1 --unit 2 -- bash -c 'ipvs-iso rollback mine 2>&1; . ./inner; echo end of $0' {}
	assert_status 0
	local unit="ipvs-iso: there is no savepoint 'mine' in this unit
          make it first: ipvs-iso savepoint NAME
ipvs-iso: there is no savepoint 'mine' in this unit
          make it first: ipvs-iso savepoint NAME"
	assert_matches "$output" "$unit
.*savepoint-1-1\.json.*savepoint-2-1\.json.*
ipvs-iso: there is no savepoint 'inner' in this unit
          those that there are, oldest first: 'mine'
end of 1
$unit
.*end of 2"
	assert_same '' "$(compgen -G "$IPVS_ISO_STATE_DIR/*/savepoint*")"
}

@test "a unit with a table of its own has savepoints of its own" {
	isolate_state
	capture ipvs-iso run -q --isolation netns --fail-on none --unit 1 --unit 2 -- bash -c '
		ipvs-iso rollback mine 2>&1 | head -n 1
		ipvsadm -A -f {}; ipvs-iso savepoint mine; ipvsadm -C; ipvs-iso rollback mine; ipvsadm -Sn'
	assert_status 0
	assert_same "ipvs-iso: there is no savepoint 'mine' in this unit
-A -f 1 -s wlc
ipvs-iso: there is no savepoint 'mine' in this unit
-A -f 2 -s wlc" "$output"
}

@test "savepoints of a killed run are gone when the lock is taken next" {
	isolate_state
	background_run -- 'ipvs-iso savepoint killed'
	compgen -G "$IPVS_ISO_STATE_DIR/*/savepoint-1-1.json"
	: >"$(echo "$IPVS_ISO_STATE_DIR"/*)/savepoint-2-7.json.unfinished"
	kill -KILL "$job" "$unit"
	capture ipvs-iso run -q -- bash -c 'ipvs-iso rollback killed; ls "$IPVS_ISO_STATE_DIR"/*'
	assert_contains "$stderr" "there is no savepoint 'killed' in this unit"
	assert_lacks "$output" savepoint
}

@test "a savepoint of which one byte was changed is not rolled back to, and says what to do" {
	isolate_state
	cat >unit <<-'UNIT'
		ipvsadm -A -f 1
		ipvs-iso savepoint earlier
		ipvs-iso savepoint spoilt
		ipvsadm -A -f 2
		file=$(echo "$IPVS_ISO_STATE_DIR"/*/savepoint-1-2.json)
		sed -i 's/"sloppy_tcp"/"sloppy_tcq"/' "$file"
		for name in spoilt earlier; do
			ipvs-iso rollback $name || echo $?
			ipvsadm -Sn
		done
		rm "$file"
		ipvs-iso rollback earlier
		ipvsadm -Sn
	UNIT
	capture ipvs-iso run -q --fail-on none -- bash unit
	assert_status 0
	local file
	file=$(echo "$IPVS_ISO_STATE_DIR"/*)/savepoint-1-2.json
	local refused="ipvs-iso: a savepoint cannot be read: $file does not end with the checksum of what is before it: \
it was changed or cut short, or another version wrote it
          remove $file: nothing can be rolled back to it"
	assert_same "$refused
$refused" "$stderr"
	assert_same "125
-A -f 1 -s wlc
-A -f 2 -s wlc
125
-A -f 1 -s wlc
-A -f 2 -s wlc
-A -f 1 -s wlc" "$output"
}

@test "a savepoint waits its turn while a run inside of the same unit is under way" {
	isolate_state
	cat >unit <<-'UNIT'
		mkfifo go
		ipvsadm -A -f 1
		ipvs-iso run -q -- bash -c 'touch started; read -r _ <go; ipvsadm -A -f 2' &
		until [ -e started ]; do sleep 0.02; done
		ipvs-iso savepoint waited 2>waiting &
		until [ -s waiting ]; do sleep 0.02; done
		echo >go
		wait
		ipvsadm -C
		ipvs-iso rollback waited
		ipvsadm -Sn
		cat waiting
	UNIT
	capture ipvs-iso run -q --fail-on none -- bash unit
	assert_status 0
	assert_matches "$output" '-A -f 1 -s wlc
ipvs-iso: waiting for the lock, held by process [0-9]+ \(bash -c touch started.*'
}

@test "outside of a run: an error that says so, and the table stays" {
	isolate_state
	ipvsadm -A -f 1
	local command
	for command in savepoint rollback release; do
		capture ipvs-iso $command start
		assert_status 125
		assert_same 'ipvs-iso: this is not inside a run, and a savepoint is part of a unit of one
          run what uses savepoints with: ipvs-iso run -- COMMAND' "$stderr"
	done
	assert_same '-A -f 1 -s wlc' "$(marks)"
	assert_same '' "$(compgen -G "$IPVS_ISO_STATE_DIR/*/savepoint*")"
}
