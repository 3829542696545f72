#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Commands of another user (--user) at root's terminal: what they cannot do to it, and what works there all the same.

load helper

setup() {
	isolate_state
	fill_table
	before=$(table)
	whole=$(services)
	mkfifo --mode=666 nothing
}

teardown() {
	end_background
	clean_table
}

# The table is back, and nobody is about to put it back.
assert_back() {
	wait_until flock --nonblock "$IPVS_ISO_STATE_DIR"/*/lock true
	assert_same "$whole" "$(services)"
	assert_same "$before" "$(table)"
	if compgen -G "$IPVS_ISO_STATE_DIR/*/journal.json"; then
		return 1
	fi
}

# Reads, in Python, what somebody does at a shell with job control on a terminal of its own: press keys, and wait for what
# they expect to see.
at_a_terminal() {
	cat >person
	/usr/bin/python3 -S - <<-'PYTHON'
		import fcntl, os, pty, re, select, signal, struct, sys, termios

		def resize(rows, columns):
		    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

		seen = ""
		def expect(pattern):
		    global seen
		    while not re.search(pattern, seen):
		        if not select.select([terminal], [], [], 20)[0]:
		            sys.exit(f"no {pattern} in: {seen}")
		        seen += os.read(terminal, 4096).decode()
		    found = re.search(pattern, seen)
		    seen = seen[found.end():]
		    return found

		def key(text, pattern):
		    os.write(terminal, text.encode())
		    return expect(pattern)

		def signal_job(number):
		    os.kill(os.tcgetpgrp(terminal), number)

		def unchanged():
		    key("stty -a | cmp - modes && echo same' 'modes\n", r"same modes\s+ready> ")

		shell, terminal = pty.fork()
		if shell == 0:
		    os.environ.update(PS1="ready> ", TERM="dumb")
		    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
		expect("ready> ")
		resize(33, 77)
		key("stty -a >modes; as_nobody() { ipvs-iso run --user nobody -- \"$@\"; }\n", "ready> ")
		exec(open("person").read())
		key("exit\n", "exit")
		os.waitpid(shell, 0)
	PYTHON
}

@test "--user: a command cannot type into the terminal of who runs it" {
	cat >attack <<-'PYTHON'
		import fcntl, os, sys, termios
		print("terminal:", open("/proc/self/stat").read().rsplit(")", 1)[1].split()[4])
		def push(terminal):
		    try:
		        for byte in b"touch pushed\n":
		            fcntl.ioctl(terminal, termios.TIOCSTI, bytes([byte]))
		    except OSError as error:
		        print(error)
		def push_everywhere():
		    for terminal in 0, 1, 2:
		        push(terminal)
		    try:
		        push(os.open("/dev/tty", os.O_RDWR))
		    except OSError as error:
		        print(error)
		push_everywhere()
		if os.fork() == 0:
		    os.setsid()
		    for terminal in 0, 1, 2:
		        try:
		            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
		        except OSError as error:
		            print(error)
		    push_everywhere()
		    os._exit(0)
		os.wait()
		print("attacked", flush=True)
	PYTHON
	at_a_terminal <<-'PYTHON'
		own = key("cut -d' ' -f7 /proc/self/stat\n", r"\n(\d+)\s+ready> ")[1]
		key("attack=$(<attack)\n", "ready> ")
		assert key("as_nobody /usr/bin/python3 -S -c \"$attack\"\n", r"terminal: (\d+)")[1] not in ("0", own)
		expect(r"attacked\s+ready> ")
		key("ipvs-iso run -q --isolation netns --user nobody -- /usr/bin/python3 -S -c \"$attack\"\n", r"attacked\s+ready> ")
		# The terminal can be reached without a descriptor, too.
		key("as_nobody /usr/bin/python3 -S -c \"$attack\" </dev/null 2>&1 | cat\n", r"attacked\s+ready> ")
		key("as_nobody /usr/bin/python3 -S -c \"$attack\" </dev/null >log 2>&1; grep -c attacked log\n", r"\n1\s+ready> ")
		# Without a controlling terminal there is none, and its descriptors are of no use.
		key("setsid -w ipvs-iso run --user nobody -- /usr/bin/python3 -S -c \"$attack\"\n", r"terminal: 0\s")
		expect(r"attacked\s+ready> ")
		key("echo the shell' 'reads\n", "the shell reads")
	PYTHON
	[ ! -e pushed ]
	assert_back
}

@test "--user at a terminal: size, raw keys, Ctrl-C, Ctrl-Z and fg, exit status; the modes are back afterwards" {
	cat >unit <<-'UNIT'
		trap 'echo "resized to $(stty size)"' WINCH
		trap 'echo was interrupted' INT
		trap 'echo goes on' CONT
		echo "begins with $(stty size)"
		until [ "$key" = x ]; do
			key=
			IFS= read -r -s -n 1 -t 0.5 key
			[ -z "$key" ] || echo "key <$key>"
		done
		exit 7
	UNIT
	at_a_terminal <<-'PYTHON'
		key("as_nobody bash unit\n", "begins with 33 77")
		key("q", "key <q>") # and no Enter
		resize(44, 99)
		expect("resized to 44 99")
		key("\x03", "was interrupted")
		key("\x1a", r"Stopped.*\s+ready> ")
		resize(33, 77)
		unchanged()
		key("fg\n", "goes on")
		key("q", "key <q>")
		key("\x1a", r"Stopped.*\s+ready> ")
		key("fg\n", "goes on")
		key("x", "key <x>")
		expect("ready> ")
		key("echo status: $?\n", r"status: 7\s+ready> ")
		unchanged()
	PYTHON
	assert_back
}

@test "--user at a terminal that the command does not read: Ctrl-C, Ctrl-\\, Ctrl-Z and fg, keys typed ahead" {
	cat >unit <<-'UNIT'
		trap 'echo goes on' CONT
		echo begins
		until [ -e done ]; do read -r -t 0.2 _ <>nothing; done
		echo is done
	UNIT
	at_a_terminal <<-'PYTHON'
		key("as_nobody bash unit\n", "begins")
		key("\x1a", r"Stopped.*\s+ready> ")
		key("fg\n", "goes on")
		key("\x1a", r"Stopped.*\s+ready> ")
		key("bg\n", "goes on")
		key("fg\n", r"\$@")
		key("echo is for' 'the shell\n", "shell")
		open("done", "w").close()
		expect("is done")
		expect("is for the shell\r\nready> ")
		key("as_nobody sh -c 'echo begins; exec tail -f unit'\n", r"\nbegins[\s\S]*is done")
		key("\x03", "ready> ")
		key("echo status: $?\n", r"status: 130\s+ready> ")
		key("as_nobody sh -c 'echo begins; exec tail -f unit'\n", r"\nbegins[\s\S]*is done")
		key("\x1c", "ready> ")
		key("echo status: $?\n", r"status: 131\s+ready> ")
		unchanged()
	PYTHON
	assert_back
}

@test "--user in the background: who reads the terminal stops until fg; an end of input typed ahead is one" {
	at_a_terminal <<-'PYTHON'
		key("as_nobody sh -c 'read -r line; echo \"has <$line>\"; echo begins; sleep 1; cat; echo has all' &\n", "ready> ")
		key("until jobs | grep Stopped' '; do sleep 0.1; done\n", r"Stopped .*\s+ready> ")
		key("bg\n", "ready> ")
		key("until jobs | grep Stopped' '; do sleep 0.1; done\n", r"Stopped .*\s+ready> ")
		key("fg\n", "all'\r\n")
		key("a line\n", "has <a line>")
		expect("begins")
		key("more\n\x04", r"more\r\nhas all\r\nready> ")
		key("as_nobody sh -c 'echo begins; sleep 1; cat; echo has all'\n", r"\nbegins")
		key("more\n\x04", r"more\r\nhas all\r\nready> ")
		unchanged()
	PYTHON
	assert_back
}

@test "--user at a terminal: a signal to the run, or its end by SIGKILL, leaves neither modes nor the table changed" {
	cat >unit <<-'UNIT'
		read -r -s -n 1 key
		echo "key <$key>"
		while :; do read -r -s -n 1 key; done
	UNIT
	at_a_terminal <<-'PYTHON'
		key("as_nobody bash unit\n", r"\n")
		key("q", "key <q>")
		signal_job(signal.SIGTERM)
		expect("ready> ")
		key("echo status: $?\n", r"status: 143\s+ready> ")
		unchanged()
		key("as_nobody bash unit\n", r"\n")
		key("q", "key <q>")
		signal_job(signal.SIGKILL)
		expect(r"Killed.*\s+ready> ")
		unchanged()
	PYTHON
	assert_back
}
