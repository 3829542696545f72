#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Names that were chosen to speak to a terminal, or to look like lines of ours, in every place where a name can stand: none
# of them gets through. What is data for other programs (snapshots, JSON, names of units in a pipe) is another matter.

load helper

# Begins a control sequence by ESC, by U+009B and by the byte 0x9b, turns text round, ends its line, and then more.
hostile=$'x\e[31m\u009b31m\x9b31m\u202e\u2066\nforged: line\r\a\b\x7f'

setup() {
	isolate_state
	mkdir -p "$hostile"
	# A runner, a file and a working directory of such names, too.
	mkdir -p .ipvs-iso/runners
	echo 'no JSON' >"$hostile/file.json"
	printf '{"format": "ipvs-iso.snapshot", "version": 1, "services": [\n{"fwmark": 1, "scheduler": "%s"}]}' \
		'r\u001b[31m\u009b\u202e\nforged: line' >odd.json
	printf -- '-A -f 1 -s r\e[31m\xc2\x9b\xe2\x80\xae\n' >odd.rules
	printf '{"format": "ipvs-iso.snapshot", "version": 1, "%s": 1}' 'k\u001b[31m\u009b\u202e\nforged: line' >key.json
}

teardown() {
	end_background
	clean_table
}

# harmless COMMAND...: whatever it prints, it is UTF-8, and neither controls a terminal nor forges a line.
harmless() {
	local first='[\x00-\x08\x0b-\x1f\x7f]' second='\xc2[\x80-\x9f]' turning='\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]'
	timeout 30 "$@" >printed 2>&1 </dev/null 3>&- || true
	tried+=" ${command_of_line-}"
	if ! iconv -f UTF-8 -t UTF-8 printed >/dev/null 2>&1 ||
		LC_ALL=C grep -aqP "$first|$second|$turning|^ *forged" printed; then
		printf 'of: %q\n' "$*"
		cat -v printed
		harm=yes
	fi
}

# Says what each command of ipvs-iso is given; each line is one command line, in which N is the hostile name.
command_lines() {
	cat <<-'LINES'
		run N
		run --N -- true
		run -v --unit N -- true
		run -v --unit N -- sh -c "ipvsadm -A -f 5"
		run --unit N -- N/no-such-program
		run -v --units-from ": 'N'; exit 3" -- true
		run -v --units-from "echo 'N'" -- true
		run --output on-failure --unit N -- sh -c 'exit 3' N
		run -j 2 -i netns --unit N --unit other -- false
		run --report N/new.json -- true
		run --report N/no/file.xml -- true
		run --report file.N -- true
		run --fixture N/file.json -- true
		run --fixture odd.rules -- true
		run --user N -- true
		run -k N -- true
		run -i N -- true
		run --timeout N -- true
		run --order N -- true
		run --shard N -- true
		run --fail-on N -- true
		snapshot N
		snapshot -o N/new/file
		snapshot -f N
		restore N/file.json
		restore --plan odd.json
		restore odd.rules
		restore key.json
		diff N/file.json live
		diff odd.json live
		diff odd.json odd.rules
		diff -f N live
		flush N
		flush --N
		check N/file.json
		check odd.json
		wait --until N
		wait --until equals=N/file.json
		wait -t 0 --until contains=odd.json
		savepoint N
		rollback N
		release N
		status N
		status --N
		recover N
		recover --N
		report N
		report N/file.json
		report -f N result.json
		report -o N result.json
		report -f text result.json
		report -f tap result.json
		report -f markdown result.json
		report -f junit result.json
		report -f html result.json
		report -f github result.json
		help N
		N
		--N
	LINES
}

# Every command is among them.
every_command_is_tried() {
	local command commands
	commands=$(ipvs-iso --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
	[ "$commands" ]
	for command in $commands; do
		assert_contains "$tried " " $command "
	done
}

@test "no name reaches a terminal as a command, or makes a line, whatever command it is given to" {
	local line words word harm='' tried='' command_of_line
	ipvs-iso run --report result.json --unit "$hostile" -- sh -c 'ipvsadm -A -f 4 -s rr; exit 2' 2>/dev/null || true
	while IFS= read -r line; do
		words=()
		command_of_line=${line%% *}
		while IFS= read -r word; do words+=("${word//N/"$hostile"}"); done < <(xargs -n 1 printf '%s\n' <<<"$line")
		harmless ipvs-iso "${words[@]}"
	done < <(command_lines)
	every_command_is_tried
	[ -z "$harm" ]
}

@test "no variable does, and no working directory" {
	local variable harm=''
	for variable in IPVS_ISO_STATE_DIR IPVS_ISO_REPORT_DIR IPVS_ISO_KERNEL IPVS_ISO_ISOLATION IPVS_ISO_LOCK_FD TMPDIR \
		HOME XDG_CONFIG_HOME TERM; do
		harmless env "$variable=$hostile" ipvs-iso run -v --unit a --output never -- true
		harmless env "$variable=/$hostile" ipvs-iso run -v --unit a --output never -- true
		harmless env "$variable=$PWD/$hostile" ipvs-iso status
	done
	harmless env GITHUB_STEP_SUMMARY="$hostile/no/file" ipvs-iso run --report github -- true
	cd "$hostile"
	harmless ipvs-iso status
	harmless ipvs-iso run -v --unit a -- false
	[ -z "$harm" ]
}

@test "no holder of the lock does, no savepoint, and nothing that a killed run left" {
	local harm=''
	printf '#!/bin/sh\nexec sleep 600\n' >"$hostile/sleeps"
	chmod +x "$hostile/sleeps"
	# shellcheck disable=SC2016
	background ipvs-iso run --unit "$hostile" -- bash -c 'ipvs-iso savepoint "$1"; "$1/sleeps" & echo ready >ready; wait' \
		bash "$hostile"
	wait_until [ -e ready ]
	harmless ipvs-iso status
	grep -q forged printed
	harmless ipvs-iso run -w 0 -- true
	grep -q forged printed
	harmless ipvs-iso run -w 0.1 -- true
	grep -q 'waiting for the lock.*forged' printed
	kill -KILL "$job"
	wait_until [ -n "$(ipvs-iso status | grep 'was killed')" ]
	harmless ipvs-iso status
	harmless ipvs-iso recover --kill
	# Inside a unit, where its savepoints can be seen.
	# shellcheck disable=SC2016
	harmless ipvs-iso run -- bash -c 'ipvs-iso savepoint "$1"; ipvs-iso status; ipvs-iso rollback "$1$1"' bash "$hostile"
	grep -q savepoints printed
	[ -z "$harm" ]
}
