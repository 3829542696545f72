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

# A folder that the user nobody may write to, as the working directory.
enter_folder_of_nobody() {
	mkdir folder
	chown nobody: folder
	cd folder || return
}

@test "--user: the command has that user's numbers and groups, no capabilities, and no way to get any" {
	capture ipvs-iso run --user nobody -- cat /proc/self/status
	assert_status 0
	assert_same '' "$stderr"
	local uid gid groups name
	uid=$(id -u nobody) gid=$(id -g nobody) groups=$(id -G nobody)
	output=${output//' '$'\n'/$'\n'} # behind the groups
	assert_contains "$output" $'\n'"Uid:	$uid	$uid	$uid	$uid"$'\n' $'\n'"Gid:	$gid	$gid	$gid	$gid"$'\n' \
		$'\n'"Groups:	$groups"$'\n' $'\nNoNewPrivs:\t1\n'
	for name in CapInh CapPrm CapEff CapBnd CapAmb; do
		assert_contains "$output" $'\n'"$name:	0000000000000000"$'\n'
	done
	assert_same "$before" "$(table)"
}

@test "--user: the command has all groups of the user, and none of the caller's" {
	cp -p /etc/group group
	# The guest's files are a throw-away overlay.
	printf 'ipvs-iso-test:x:4711:nobody\n' >>/etc/group
	capture setpriv --groups 4712 ipvs-iso run --user nobody -- id -G
	cp -p group /etc/group
	assert_status 0
	assert_same "$(id -g nobody) 4711" "$output"
}

@test "--user: HOME, USER, LOGNAME and SHELL are the user's, the rest of the environment is the caller's" {
	local home shell
	IFS=: read -r _ _ _ _ _ home shell < <(getent passwd nobody)
	# shellcheck disable=SC2016 # the command expands it
	HOME=/root USER=root LOGNAME=root SHELL=/bin/sh OTHER='an other' capture ipvs-iso run --user nobody -- \
		/bin/sh -c 'printf "%s\n" "$HOME" "$USER" "$LOGNAME" "$SHELL" "$OTHER"'
	assert_status 0
	assert_same "$home"$'\n'nobody$'\n'nobody$'\n'"$shell"$'\n''an other' "$output"
}

@test "--user takes a number, too" {
	capture ipvs-iso run --user "$(id -u nobody)" -- id -un
	assert_status 0
	assert_same nobody "$output"
}

@test "--user: the command does not get the lock, and without the option it does" {
	local list='echo "${IPVS_ISO_LOCK_FD-none}"; readlink /proc/self/fd/*'
	capture ipvs-iso run --user nobody -- bash -c "$list"
	assert_same none "${output%%$'\n'*}"
	assert_lacks "$output" "$IPVS_ISO_STATE_DIR"
	capture ipvs-iso run -- bash -c "$list"
	assert_matches "${output%%$'\n'*}" '[0-9]+'
	assert_contains "$output" "$IPVS_ISO_STATE_DIR/" /lock
	# Somebody who becomes root is root already.
	capture ipvs-iso run --user root -- bash -c "$list; ipvsadm -Sn"
	assert_status 0
	assert_contains "$output" "$IPVS_ISO_STATE_DIR/" /lock
}

@test "--user: nor does it get the locks of the runs around it in a sandbox, or any other descriptor" {
	local list='ls -l /proc/self/fd'
	capture ipvs-iso run -- bash -c "
		ipvs-iso run -q --isolation netns --user nobody -- $list
		ipvs-iso run -q --isolation netns -- $list
		unset IPVS_ISO_LOCK_FD
		ipvs-iso run -q --isolation netns --user nobody -- $list 70<>../other"
	assert_status 0
	assert_contains "$output" ' 0 -> '
	# Who is root there has the lock of the sandbox's own session.
	assert_same 1 "$(grep -c "$IPVS_ISO_STATE_DIR/.*/lock" <<<"$output")"
	assert_lacks "${output##*total}" /lock ' 70 -> '
}

@test "--user: the keys in the caller's session keyring are not the command's" {
	cat >keys <<-'PYTHON'
		import ctypes, os, sys
		add_key, keyctl, join_session_keyring, read_key, of_session = 248, 250, 1, 11, -3
		def ask(*words):
		    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
		    return ctypes.CDLL(None).syscall(*words)
		if len(sys.argv) == 2:
		    text = ctypes.create_string_buffer(100)
		    ask(keyctl, read_key, int(sys.argv[1]), text, 100)
		    print("key:", text.value.decode())
		else:
		    ask(keyctl, join_session_keyring, None)
		    key = ask(add_key, b"user", b"ipvs-iso-test", b"of-root", 7, of_session)
		    os.execvp(sys.argv[1], [*sys.argv[1:], str(key)])
	PYTHON
	local command=(/usr/bin/python3 -S -c "$(<keys)") option
	for option in '' --isolation=netns; do
		capture "${command[@]}" ipvs-iso run $option -- "${command[@]}"
		assert_same 'key: of-root' "$output"
		capture "${command[@]}" ipvs-iso run $option --user nobody -- "${command[@]}"
		assert_same 'key: ' "$output"
		assert_status 0
	done
}

@test "--user: a command that outlives a killed run does not hold the lock, and the table can be recovered" {
	mkfifo --mode=666 started
	background_run --user nobody -- :
	kill -KILL "$job"
	capture timeout 20 ipvs-iso recover # it would wait for the lock
	assert_status 0
	assert_contains "$stderr" 'a run was killed before it could put the table back'
	assert_same "$before" "$(table)"
}

@test "--user: files are made as that user, where that user may" {
	: >of-root
	chmod 600 of-root
	enter_folder_of_nobody
	capture ipvs-iso run --user nobody -- bash -c '
		echo new >made
		! cat ../of-root || exit 1
		! touch ../not-made || exit 1'
	assert_status 0
	assert_same nobody "$(stat -c %U made)"
	assert_same new "$(<made)"
	[ ! -e ../not-made ]
}

@test "--user: the command cannot change the table, also not through a set-user-ID program; ipvs-iso can" {
	enter_folder_of_nobody
	cp "$(command -v ipvsadm)" ipvsadm-as-root
	chmod u+s ipvsadm-as-root
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "services": [{"fwmark": 8, "family": "ipv4"}]}' >fixture.json
	capture ipvs-iso run --user nobody --fixture fixture.json -- bash -c '
		cat /proc/net/ip_vs
		ipvsadm -A -f 9 && echo changed
		./ipvsadm-as-root -A -f 9 && echo changed
		true'
	assert_status 0
	assert_contains "$output" 'FWM  00000008'
	assert_lacks "$output" changed
	assert_same "$before" "$(table)"
}

@test "--user: what the command leaves running is ended" {
	enter_folder_of_nobody
	capture ipvs-iso run --user nobody -- bash -c 'setsid -f sleep 611; pgrep -f "^sleep 611" >pid'
	assert_status 123
	assert_contains "$stderr" "processes    left     process $(<pid): sleep 611"
	assert_ended "$(<pid)"
}

@test "--user of somebody unknown is refused before anything is changed" {
	local name
	for name in no-such-user 4294967295 99999999999999999999 ''; do
		capture ipvs-iso run --user "$name" -- touch ran
		assert_status 125
		assert_same '' "$output"
		assert_same "ipvs-iso: there is no user '$name'" "$stderr"
		[ ! -e ran ]
		assert_same "$before" "$(table)"
		[ ! -e "$IPVS_ISO_STATE_DIR" ] # not even the lock was taken
	done
}
