#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What `ipvs-iso run` shows to a person at a terminal while units run, and that nobody else sees any of it.

load helper

setup() {
	isolate_state
}

needs_guest() {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
}

# at_a_terminal COLUMNS COMMAND...: runs it on a terminal of that width. The file `bytes` is all that it wrote, $seen
# every state of the screen's last line, and $screen what is on it at the end. The file `drawn` is there as soon as the
# line about the second of two units has been.
at_a_terminal() {
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import fcntl, os, pty, re, struct, sys, termios
		columns, command = int(sys.argv[1]), sys.argv[2:]
		child, terminal = pty.fork()
		if child == 0:
		    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
		    os.execvp(command[0], command)
		written = b""
		while True:
		    try:
		        got = os.read(terminal, 65536)
		    except OSError:
		        break
		    if not got:
		        break
		    written += got
		    if b" 2 of 2:" in written:
		        open("drawn", "w").close()
		os.waitpid(child, 0)
		open("bytes", "wb").write(written)
		screen, seen = [""], []
		for part in re.findall("\r|\n|\033\\[K|[^\r\n\033]+|\033", written.decode()):
		    if part == "\r":
		        column = 0
		    elif part == "\n":
		        screen.append("")
		    elif part == "\033[K":
		        screen[-1] = screen[-1][:column]
		    else:
		        assert part != "\033", "a control sequence that nobody expected"
		        screen[-1] += part
		        column = len(screen[-1])
		        seen.append(screen[-1])
		open("screen", "w").write("\n".join(screen))
		open("seen", "w").write("\n".join(seen))
	PYTHON
	read_whole screen screen
	read_whole seen seen
}

@test "a terminal: one line says how far the run is, is never wider than the screen, and nothing of it is left" {
	needs_guest
	# The line comes back below what the unit printed, but not behind text that has no end yet.
	# shellcheck disable=SC2016
	at_a_terminal 45 env NO_COLOR=1 TERM=xterm timeout --foreground 60 \
		ipvs-iso run --kernel uml --unit short --unit 東京東京東京東京東京 -- sh -c '
		[ "$1" = short ] || { ipvsadm -A -f 3; echo printed; until [ -e drawn ]; do sleep 0.05; done; }
		printf "not ended"; sleep 1.1' sh
	assert_contains "$seen" ' 2 of 2: 東京' '...'
	assert_same '' "$(sed 's/[東京]/&&/g' seen | grep RUNNING | grep -E '.{45}')"
	assert_matches "$screen" $'.*2 units on uml [0-9.]+
not ended
.*PASS.* short
printed
not ended
.*RESIDUE.* 東京東京東京東京東京
                     services     left     -A -f 3 -s wlc
--------
.*RESIDUE.* 東京東京東京東京東京
                     services     left     -A -f 3 -s wlc
 SUMMARY 2 units: 1 passed, 1 left residue; [0-9.]+ s
         residue: services 1'
}

@test "a terminal that is dumb, -q, or a pipe: no line, and not one control character" {
	needs_guest
	at_a_terminal 80 sh -c '
		limited() { timeout --foreground 60 ipvs-iso run --kernel uml "$@"; }
		TERM=dumb NO_COLOR=1 limited --unit 0.1 --unit 0.3 -- sleep
		TERM=xterm limited -q -- sleep 0.3
		TERM=xterm limited -v -- sleep 0.3 2>&1 | cat'
	assert_contains "$screen" 'SUMMARY 2 units' 'PASS'
	assert_lacks "$seen" RUNNING
	[ -z "$(tr -d '\r\n' <bytes | tr -cd '\000-\037\177')" ]
}

@test "a terminal: a guest is not blamed for the time that Ctrl-Z takes from the run" {
	needs_guest
	cat >shell <<-'SHELL'
		set -m
		export TERM=xterm
		ipvs-iso run --kernel uml --guest-timeout 10s -- sh -c '
			echo >ready
			until [ -e go ]; do sleep 0.1; done
			echo the unit is done'
		echo "stopped $?"
		sleep 11
		: >go
		fg
		echo "ended $?"
	SHELL
	timeout --kill-after=5 90 python3 - <<-'PYTHON' >written
		import os, pty, select, sys
		child, terminal = pty.fork()
		if child == 0:
		    os.execvp("bash", ["bash", "shell"])
		typed = False
		while True:
		    if not typed and os.path.exists("ready"):
		        typed = os.write(terminal, b"\x1a") == 1
		    try:
		        if select.select([terminal], [], [], 0.1)[0]:
		            os.write(1, os.read(terminal, 65536))
		    except OSError:
		        break
		os.waitpid(child, 0)
	PYTHON
	assert_contains "$(<written)" 'stopped 148' 'the unit is done' 'ended 0'
	assert_lacks "$(<written)" 'hangs'
}
