#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Test runners whose command lines are split into units: those of share/runners, as far as they are on this machine, and a
# user's own. Most of it needs no kernel.

load helper

setup() {
	jobs_started=()
	isolate_state
	# No runner of whoever runs this, no cache but this test's, and temporary files where they can be counted.
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
}

teardown() {
	end_background
	[ -z "${sticky-}" ] || rm -rf "$sticky"
}

# The scratch folder goes with ipvs-iso, a moment later where that was killed.
no_scratch_is_left() {
	wait_until eval '[ -z "$(ls -d "$TMPDIR"/ipvs-iso.* 2>/dev/null)" ]'
}

# lists UNITS COMMAND...: the command has these units, one a line.
lists() {
	echo "${*:2}"
	capture timeout 120 ipvs-iso run --list -- "${@:2}"
	assert_status 0
	assert_same "$1" "$output"
	no_scratch_is_left
}

# is_whole REASON COMMAND...: the command is one unit, and one line says why, and what to do.
is_whole() {
	capture timeout 120 ipvs-iso run --list -- "${@:2}"
	assert_status 0
	assert_same "${*:2}" "$output"
	assert_contains "$stderr" "ipvs-iso: not split, so that all tests share one table: $1" --no-split
	[[ $stderr != *$'\n'* ]]
}

# does_not_split OPTION COMMAND...: as is_whole, where an option is to blame.
does_not_split() {
	is_whole "it is not known what $1 means for a part of the tests; leave $1 out, or " "${@:2}"
}

# fails_to_list STATUS WORDS COMMAND...: finding the units fails, with the tool's own words and status.
fails_to_list() {
	capture timeout 120 ipvs-iso run --list -- "${@:3}"
	assert_status "$1"
	assert_same '' "$output"
	assert_contains "$stderr" "$2" 'ipvs-iso: the units are not known'
	no_scratch_is_left
}

# own_runner NAME: writes standard input to it.
own_runner() {
	mkdir -p .ipvs-iso/runners
	cat >".ipvs-iso/runners/$1.sh"
}

wants() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "a command that no runner knows is one unit, and so is a known one with --no-split" {
	capture ipvs-iso run --list -- make check
	assert_same 'make check' "$output"
	capture ipvs-iso run --list --no-split -- bats a.bats b.bats
	assert_same 'bats a.bats b.bats' "$output"
	capture ipvs-iso run --list --unit one --unit two -- bats {}
	assert_same $'one\ntwo' "$output"
}

@test "a command that runs whole says so in one line, unless that is meant, or quiet" {
	capture ipvs-iso run --list --no-split -- bats --count a.bats
	assert_same '' "$stderr"
	capture ipvs-iso run --list --unit a -- bats --count
	assert_same '' "$stderr"
	capture ipvs-iso run --list -q -- bats --count a.bats
	assert_same '' "$stderr"
	capture ipvs-iso run --list -- bats $'--\e[31mred' a.bats
	assert_contains "$stderr" 'not split' '␛[31mred'
	capture ipvs-iso run --list -v -- bats --count a.bats
	assert_contains "$stderr" 'not split' 'ipvs-iso: the runner is ' '/bats.sh'
}

@test "--order, --repeat and --shard are seen in --list" {
	local -a units=(--unit a --unit b --unit c --unit d)
	capture ipvs-iso run --list --order shuffle:3 --repeat 2 "${units[@]}" -- true
	local first=$output
	assert_same 'ipvs-iso: in the order shuffle:3' "$stderr"
	assert_same $'a #1\na #2\nb #1\nb #2\nc #1\nc #2\nd #1\nd #2' "$(sort <<<"$output")"
	capture ipvs-iso run --list --order shuffle:3 --repeat 2 "${units[@]}" -- true
	assert_same "$first" "$output"
	local shards
	shards=$(for k in 1 2 3; do ipvs-iso run --list --shard $k/3 "${units[@]}" -- true; done | sort)
	assert_same $'a\nb\nc\nd' "$shards"
}

@test "orders, numbers and shards that make no sense" {
	local option
	for option in --order=random --order=shuffle: --order=shuffle:x --order=shuffle:-1 --order=shuffle:4294967296 \
		--order=shuffled --shard=0/3 --shard=4/3 --shard=1 --shard=1/ --shard=/3 --shard=1/3x --shard=-1/3 \
		--repeat=0 --repeat=2x --repeat=-1 --repeat=1000001 --retries= --retries=0x1 --retries=99999999999999999999; do
		capture ipvs-iso run "$option" -- true
		assert_status 125
		assert_contains "$stderr" "ipvs-iso: run: ${option%%=*}: '${option#*=}' is no "
	done
}

@test "bats: files, and those in folders" {
	mkdir -p t/deep
	touch a.bats 'b c.bats' t/d.bats t/deep/e.bats t/no-test.bash
	lists $'t/d.bats\na.bats' bats --tap t a.bats
	lists $'a.bats\nb c.bats\nt/d.bats\nt/deep/e.bats' bats -r -f name .
	lists 'missing.bats' bats missing.bats
	lists $'a.bats\nb c.bats' bats a.bats . a.bats
	touch ./-x.bats
	lists $'./-x.bats\na.bats\nb c.bats' bats .
	rm ./-x.bats
	does_not_split --count bats --count t
	does_not_split --report-formatter bats --report-formatter junit t
	does_not_split -o bats -o reports t
	does_not_split -Fjunit bats -F junit t
	does_not_split --formatter=/my/own bats --formatter=/my/own t
	lists 't/d.bats' bats --formatter tap t
	is_whole 'no units were found' bats t/deep/none.d/ || is_whole 'no units were found' bats
}

@test "prove: the programs that it would run itself" {
	wants prove
	mkdir -p t/deep
	touch t/a.t t/b.t t/deep/c.t
	lists $'t/a.t\nt/b.t' prove
	lists $'t/a.t\nt/b.t\nt/deep/c.t' prove -lrv -I lib t
	does_not_split :: prove t/a.t :: fast
	does_not_split --state prove --state save
	echo '--state=save' >.proverc
	is_whole '.proverc sets what is for all programs at once' prove
}

@test "go test: packages that have tests; one that does not compile is a unit that fails, and the others run" {
	wants go
	export GOFLAGS=-mod=mod GOPROXY=off
	mkdir -p vip/inner command
	printf 'module example.com/lb\n\ngo 1.18\n' >go.mod
	echo 'package lb' >lb.go
	echo 'package vip' | tee vip/vip.go >vip/inner/vip.go
	local folder
	for folder in vip vip/inner command; do
		printf 'package x\nimport "testing"\nfunc TestX(t *testing.T) {}\n' >$folder/x_test.go
	done
	sed -i 's/package vip/package x/' vip/vip.go vip/inner/vip.go
	lists $'example.com/lb/command\nexample.com/lb/vip\nexample.com/lb/vip/inner' go test ./...
	assert_same $'?   \texample.com/lb\t[no test files]' "$stderr"
	lists 'example.com/lb/vip' go test -v -run Nothing --short ./vip -args -c
	does_not_split -c go test -c ./vip
	local option
	for option in --json -json -cover -coverprofile=c.out -test.cpuprofile=x -trace=t -fuzz=Fuzz -exec=sudo; do
		does_not_split $option go test $option ./...
		[ $option != --json ] || continue
		GOFLAGS=$GOFLAGS\ $option does_not_split "$option (GOFLAGS)" go test ./...
	done
	mkdir "$TMPDIR/it's"
	TMPDIR=$TMPDIR/it\'s is_whole 'the name of the folder for temporary files has a quote' go test ./...
	echo 'func y() { undefined() }' >>vip/vip.go
	lists $'example.com/lb/command\nexample.com/lb/vip\nexample.com/lb/vip/inner' go test ./...
	assert_contains "$stderr" 'undefined: undefined'
	capture timeout 120 ipvs-iso run --kernel uml -- go test ./...
	assert_status 1
	assert_contains "$stderr" '3 units: 2 passed, 1 failed' 'undefined: undefined' \
		$'?   \texample.com/lb\t[no test files]\n'
	assert_contains "$output" $'FAIL\texample.com/lb/vip [build failed]'
	assert_matches "$stderr" '.*FAIL [^
]* example.com/lb/vip: exit status 1.*'
	fails_to_list 1 'no-such-folder' go test ./no-such-folder ./vip
}

# A module with packages of all kinds, each in a folder of its own.
go_packages() {
	wants go
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	export GOFLAGS=-mod=mod GOPROXY=off
	printf 'module example.com/lb\n\ngo 1.18\n' >go.mod
	go_package broken '' 'undefined()'
	go_package exits 'func TestMain(m *testing.M) { m.Run(); os.Exit(3) }' 'fmt.Println("before")'
	go_package fails '' 'fmt.Println("printed"); fmt.Fprintln(os.Stderr, "error"); t.Error("bad")'
	go_package panics '' 'fmt.Print("no line feed"); panic("oh")'
	go_package passes '' 'fmt.Println("printed"); fmt.Fprintln(os.Stderr, "error"); t.Log("logged")'
	go_package none '' ''
	mv none/x_test.go none/x.go
}

# go_package FOLDER DECLARATIONS STATEMENTS: with one test, of these statements.
go_package() {
	mkdir "$1"
	cat >"$1/x_test.go" <<-END
		package x

		import (
			"fmt"
			"os"
			"os/signal"
			"testing"
			"time"
		)

		var _, _, _, _ = fmt.Print, os.Exit, signal.Ignore, time.Sleep

		$2
		func TestX(t *testing.T) { $3 }
	END
}

# What go test and a run of it may well print differently: times, what is from the cache, numbers, and what go says of all
# packages at the end.
normalise() {
	sed -E 's/[0-9.]+s\b|\(cached\)/TIME/; s/goroutine [0-9]+/goroutine N/; s/0x[0-9a-f]+/N/g; s/\?x?N\?/N/g
		/\[no test files\]$/d; /^FAIL$/{$d}'
}

# shows_what_go_shows WORDS OPTION...: of go test; and the words are in it.
shows_what_go_shows() {
	echo "${*:2}"
	local expected
	expected=$(go test "${@:2}" 2>go-errors | normalise) || :
	capture timeout 300 ipvs-iso run --kernel uml -- go test "${@:2}"
	assert_same "$expected" "$(normalise <<<"$output")"
	assert_contains "$output" "$1"
}

@test "go test: what is shown of a package is what go test shows of it" {
	go_packages
	shows_what_go_shows $'ok  \texample.com/lb/passes' ./...
	[[ $output != *'logged'* ]]
	assert_contains "$stderr" '5 units: 1 passed, 4 failed'
	shows_what_go_shows 'logged' -v ./broken ./fails ./panics ./passes
	GOFLAGS=$GOFLAGS\ -v shows_what_go_shows 'logged' ./passes
	shows_what_go_shows $'printed\nerror\nPASS' -bench . ./passes
	shows_what_go_shows '[no tests to run]' -run Nothing ./exits ./passes
	cd passes
	shows_what_go_shows $'printed\nerror\nPASS'
}

@test "go test: --output shows more or less than go does" {
	go_packages
	capture timeout 300 ipvs-iso run --kernel uml --output always -- go test ./passes ./fails
	assert_contains "$output" $'printed\nerror\nPASS\nok  \texample.com/lb/passes' $'FAIL\nFAIL\texample.com/lb/fails'
	capture timeout 300 ipvs-iso run --kernel uml --output on-failure -- go test ./passes ./fails
	assert_contains "$output" 'printed' $'FAIL\nFAIL\texample.com/lb/fails'
	[[ $output != *passes* ]]
	capture timeout 300 ipvs-iso run --kernel uml --output never -- go test ./passes ./fails
	assert_same '' "$output"
}

@test "go test: what a package printed before it was killed is shown" {
	go_packages
	go_package hangs '' 'signal.Ignore(); fmt.Println("last words"); os.Create("started"); time.Sleep(time.Hour)'
	ipvs-iso run --kernel uml --kill-after 200ms -- go test ./hangs ./passes >out 2>err 3>&- &
	local run=$!
	jobs_started+=("$run")
	wait_until [ -e hangs/started ]
	kill -TERM "$run"
	local status=0
	wait "$run" || status=$?
	assert_same 143 "$status"
	assert_matches "$(<out)" $'last words\nFAIL\texample.com/lb/hangs\t.*s'
	timeout 300 ipvs-iso run --kernel uml --kill-after 200ms --timeout 3s -- go test ./hangs >out 2>err || status=$?
	assert_same 124 "$status"
	assert_matches "$(<out)" $'(last words\n)?FAIL\texample.com/lb/hangs\t.*s'
}

@test "cargo test: binaries, and all doc tests" {
	wants cargo
	cargo init --offline --quiet --vcs none --lib --name net-lb
	mkdir tests
	printf '//! ```\n//! assert!(true);\n//! ```\n#[test]\nfn a() {}\n' >src/lib.rs
	printf '#[test]\nfn b() {}\n' >tests/it.rs
	lists $'net-lb/net_lb\nnet-lb/it\ndoc tests' cargo test --offline
	lists $'net-lb/it' cargo test --offline -q --test it -- --nocapture
	does_not_split --no-run cargo test --no-run
	echo 'fn c() { missing() }' >>src/lib.rs
	fails_to_list 101 'cannot find function' cargo test --offline
}

@test "pytest: files, as pytest finds them" {
	wants pytest
	mkdir -p tests/deep
	echo 'def test_a(): pass' | tee tests/test_a.py >tests/deep/test_b.py
	touch tests/test_nothing.py
	lists $'tests/deep/test_b.py\ntests/test_a.py' pytest -q
	lists 'tests/deep/test_b.py' pytest -vk test_a tests/deep
	is_whole 'single tests are named' pytest tests/test_a.py::test_a
	local option
	for option in -x --maxfail=2 --cov --junitxml=x.xml --lf --stepwise; do
		does_not_split $option pytest $option
	done
	does_not_split -qx pytest -qx tests
	PYTEST_ADDOPTS='-v --maxfail 2' does_not_split '-x (addopts or PYTEST_ADDOPTS)' pytest
	printf '[pytest]\naddopts = --lf --junitxml=all.xml\n' >pytest.ini
	does_not_split '--junit-xml --lf (addopts or PYTEST_ADDOPTS)' pytest
	rm pytest.ini
	lists $'tests/test_a.py' pytest --no-header --ignore=tests/deep --deselect tests/test_a.py::test_no
	is_whole 'no units were found' pytest -k nothing
	echo 'import nonsense_that_is_not_there' >tests/test_a.py
	fails_to_list 2 'nonsense_that_is_not_there' pytest
}

@test "ctest: tests, whatever their names" {
	wants ctest
	cat >CTestTestfile.cmake <<-'END'
		add_test("a.b" true)
		add_test("a+b (c)" false)
	END
	lists $'a.b\na+b (c)' ctest --output-on-failure
	lists 'a.b' ctest -E '\+' -j2
	does_not_split -I ctest -I 1,1
}

@test "meson test: tests, built before" {
	wants meson
	wants ninja
	printf 'project("lb", "c")\nexe = executable("t", "t.c")\ntest("one", exe)\ntest("two", exe, suite: "s")\n' |
		tr '"' "'" >meson.build
	echo 'int main(void) { return 0; }' >t.c
	meson setup build >/dev/null
	lists $'lb:one\nlb:two' meson test -C build
	[ -x build/t ]
	lists 'lb:two' meson test -C build --suite s
}

@test "a runner of one's own: units with any name, run in turn with their own status, on what it built" {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	own_runner suite <<-'END'
		# command: suite
		# options: -v --level=
		list() {
			echo 'built here' >"$scratch/built"
			shift "$options"
			printf '%s\n' "$@" "it's \"odd\" \$HOME"
		}
		run() {
			read -r built <"$scratch/built"
			echo "$built: $* unit: $unit"
			[ "$unit" != fails ] || exec sh -c 'kill -TERM $$'
		}
	END
	capture timeout 60 ipvs-iso run --kernel uml --retries 1 -- ./suite one --level 2 'two  words' -v fails
	assert_status 143
	assert_same "built here: ./suite --level 2 -v unit: one
built here: ./suite --level 2 -v unit: two  words
built here: ./suite --level 2 -v unit: fails
built here: ./suite --level 2 -v unit: fails
built here: ./suite --level 2 -v unit: it's \"odd\" \$HOME" "$output"
	assert_contains "$stderr" '4 units: 3 passed, 1 failed' '   RETRY ' 'fails: ended by signal 15 (Terminated)' '(2 attempts)'
	no_scratch_is_left
}

@test "runners: the work tree's come before the user's, and these before those of the program" {
	echo '# command: bats
list() { echo mine; }
run() { exit; }' >mine.sh
	lists a.bats bats a.bats
	mkdir -p "$XDG_CONFIG_HOME/ipvs-iso/runners"
	cp mine.sh "$XDG_CONFIG_HOME/ipvs-iso/runners/"
	lists mine bats a.bats
	own_runner tree <<<"$(sed s/mine/tree/ mine.sh)"
	lists tree bats a.bats
	own_runner .hidden <<<'# command: bats'
	ln -s nowhere .ipvs-iso/runners/0-link.sh
	own_runner a-first <<<'# command: bats
list() { echo "$((1 + 1)) $# $options ${0##*/}"; }
run() { exit; }'
	lists '2 3 3 a-first.sh' bats -x a.bats
}

@test "runners that somebody else could have put there are refused" {
	own_runner tree <<<'# command: bats
list() { touch was-run; }
run() { exit; }'
	chmod o+w .ipvs-iso/runners/tree.sh
	capture ipvs-iso run --list -- bats a.bats
	assert_status 125
	assert_contains "$stderr" '.ipvs-iso/runners/tree.sh is not used: everybody may write to it' 'chmod go-w' --no-split
	# Of commands that it does not know, nothing is asked.
	lists true true
	if [ "$(id -u)" -eq 0 ]; then
		chmod o-w,g+w .ipvs-iso/runners/tree.sh
		chgrp 61233 .ipvs-iso/runners/tree.sh
		capture ipvs-iso run --list -- bats a.bats
		assert_status 125
		assert_contains "$stderr" 'tree.sh is not used: group 61233 may write to it'
		SUDO_GID=61233 capture ipvs-iso run --list -- bats a.bats
		assert_status 0
		rm was-run
		chmod g-w .ipvs-iso/runners/tree.sh
		chown 61234 .ipvs-iso/runners/tree.sh
		capture ipvs-iso run --list -- bats a.bats
		assert_status 125
		assert_contains "$stderr" 'it belongs to somebody else (user 61234)'
		SUDO_UID=61235 capture ipvs-iso run --list -- bats a.bats
		assert_status 125
		[ ! -e was-run ]
		SUDO_UID=61234 capture ipvs-iso run --list -- bats a.bats
		assert_status 0
	fi
}

# What a stranger would like to have run.
evil_text='# command: bats
list() { touch was-run; echo evil; }
run() { exit; }'

# as_nobody COMMAND...: with nothing of root's but its working directory.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# A directory as /tmp is, and in it one of nobody's with a place for runners, where the test goes on.
in_folder_of_nobody() {
	[ "$(id -u)" -eq 0 ] || skip 'only root can be another user, too'
	sticky=$(mktemp -d /tmp/ipvs-iso-test.XXXXXX)
	chmod 1777 "$sticky"
	as_nobody mkdir -p "$sticky/theirs/.ipvs-iso/runners"
	cd "$sticky/theirs" || return
}

# is_refused WORDS: bats is not split, as a runner is not trusted; nothing of it is run.
is_refused() {
	capture ipvs-iso run --list -- bats f.bats
	assert_status 125
	assert_contains "$stderr" 'ipvs-iso: the runner ' "is not used: $1" --no-split
	[ ! -e was-run ]
}

@test "what root would run is not taken from /proc, where a stranger's words are root's file" {
	in_folder_of_nobody
	[ -u "$(command -v su)" ] || skip 'su is not set-user-id'
	mkfifo "$BATS_TEST_TMPDIR/password"
	# It waits for a password; its command line belongs to root meanwhile.
	setpriv --reuid 65534 --regid 65534 --clear-groups bash -c 'exec -a "$0" su root -c true' "$evil_text"$'\n' \
		<>"$BATS_TEST_TMPDIR/password" >&/dev/null 3>&- &
	jobs_started+=($!)
	wait_until eval '[ "$(stat -c %U "/proc/$!/cmdline")" = root ] && grep -qs "^# command: bats" "/proc/$!/cmdline"'
	as_nobody ln -s "/proc/$!/cmdline" .ipvs-iso/runners/x.sh
	is_refused 'the directory /'

	# Also where all else on the way is root's; such a file is not even read, as its text may be gone or without an end.
	chown -R root:root .
	chown -h root:root .ipvs-iso/runners/x.sh
	is_refused 'the directory /proc is in a file system like proc'
	rm -r .ipvs-iso/runners
	mkdir .ipvs-iso/runners
	mount --bind "/proc/$!" .ipvs-iso/runners || skip 'mounting is not permitted'
	capture ipvs-iso run --list -- bats f.bats
	umount .ipvs-iso/runners
	assert_same f.bats "$output"
	[ ! -e was-run ]
}

@test "what root would run is taken from no place and through no link that a stranger could have made" {
	in_folder_of_nobody
	mkdir -m 755 "$sticky/ours" "$sticky/ours/runners"
	echo "$evil_text" >"$sticky/ours/runners/x.sh"

	# A file of root's in a stranger's directories, one after another.
	echo "$evil_text" >.ipvs-iso/runners/x.sh
	is_refused "the directory $sticky/theirs belongs to somebody else (user 65534)"
	chown root: .
	is_refused "the directory $sticky/theirs/.ipvs-iso belongs to somebody else"
	chown root: .ipvs-iso
	is_refused "the directory $sticky/theirs/.ipvs-iso/runners belongs to somebody else"
	chown root: .ipvs-iso/runners
	capture ipvs-iso run --list -- bats f.bats
	assert_same evil "$output"
	rm was-run

	# Whoever may write to a directory can move a file of root's there, sticky or not.
	chmod 1777 .ipvs-iso/runners
	is_refused "everybody may write to the directory $sticky/theirs/.ipvs-iso/runners"
	chmod 2775 .ipvs-iso/runners
	chgrp 65534 .ipvs-iso/runners
	is_refused "group 65534 may write to the directory $sticky/theirs/.ipvs-iso/runners"
	chmod 755 .ipvs-iso/runners
	chmod 777 .ipvs-iso
	is_refused "everybody may write to the directory $sticky/theirs/.ipvs-iso"
	chmod 777 "$sticky"
	is_refused "everybody may write to the directory $sticky"
	chmod 1777 "$sticky"
	chmod 2775 .ipvs-iso
	chgrp 65534 .ipvs-iso
	is_refused "group 65534 may write to the directory $sticky/theirs/.ipvs-iso"
	chmod 1777 .ipvs-iso

	# A stranger's link to a file, to a directory, and one of root's in a place where a stranger may have put it.
	rm .ipvs-iso/runners/x.sh
	ln -s "$sticky/ours/runners/x.sh" .ipvs-iso/runners/
	capture ipvs-iso run --list -- bats f.bats
	assert_same evil "$output"
	rm was-run
	chown -h 65534 .ipvs-iso/runners/x.sh
	is_refused "the link $sticky/theirs/.ipvs-iso/runners/x.sh belongs to somebody else"
	rm -r .ipvs-iso/runners
	ln -s "$sticky/ours/runners" .ipvs-iso/runners
	is_refused "everybody may write to the directory $sticky/theirs/.ipvs-iso"
	chmod 755 .ipvs-iso
	chown -h 65534 .ipvs-iso/runners
	is_refused "the link $sticky/theirs/.ipvs-iso/runners belongs to somebody else"

	# The user's own runners, when HOME or XDG_CONFIG_HOME leads to a stranger.
	rm -r .ipvs-iso
	mkdir -p home/.config/ipvs-iso
	cp -r "$sticky/ours/runners" home/.config/ipvs-iso/
	chown 65534 home
	XDG_CONFIG_HOME='' HOME=$PWD/home is_refused "the directory $PWD/home belongs to somebody else"
	XDG_CONFIG_HOME=$PWD/home/.config is_refused "the directory $PWD/home belongs to somebody else"

	# What is built for the units is run, too: not where others could exchange it.
	chmod 777 "$sticky/ours"
	TMPDIR=$sticky/ours capture ipvs-iso run --list -- bats f.bats
	assert_status 125
	assert_contains "$stderr" "cannot make a directory in $sticky/ours, for what is built and then run: \
everybody may write to the directory $sticky/ours" TMPDIR

	# A command that none of these knows runs on, also among a stranger's pipes and devices.
	mkdir -p .ipvs-iso/runners
	chown 65534 .ipvs-iso/runners
	as_nobody mkfifo .ipvs-iso/runners/a.sh
	as_nobody ln -s /dev/zero .ipvs-iso/runners/b.sh
	cp "$sticky/ours/runners/x.sh" .ipvs-iso/runners/
	capture timeout 20 ipvs-iso run --list -- true
	assert_same true "$output"
}

@test "what root would run is not taken from a file system that a stranger's program makes up" {
	in_folder_of_nobody
	[ -c /dev/fuse ] || skip 'there is no FUSE'
	/usr/bin/python3 -S "$BATS_TEST_DIRNAME/../fixtures/fuse.py" "$PWD" "$evil_text"$'\n' 3>&- ||
		skip 'mounting is not permitted'
	cd / && cd "$sticky/theirs"
	assert_same 'root root' "$(stat -c %U . .ipvs-iso/runners/x.sh | xargs)"
	capture ipvs-iso run --list -- bats f.bats
	local refused=$stderr refused_status=$status
	capture env SUDO_UID=65534 ipvs-iso run --list -- bats f.bats
	cd /
	umount "$sticky/theirs"
	assert_same evil "$output"
	assert_same 125 "$refused_status"
	assert_contains "$refused" 'is not used: the directory ' 'is in a file system (FUSE) of another user'
}

@test "links and shared directories of one's own are fine for runners" {
	mkdir -p dotfiles/ipvs-iso/runners .ipvs-iso "$XDG_CONFIG_HOME" shared
	printf '# command: bats\nlist() { echo mine; }\nrun() { exit; }\n' >dotfiles/ipvs-iso/runners/mine.sh
	ln -s ../dotfiles/ipvs-iso/runners .ipvs-iso/runners
	lists mine bats a.bats
	ln -s "$PWD/dotfiles/ipvs-iso" "$XDG_CONFIG_HOME/ipvs-iso"
	rm -r .ipvs-iso
	lists mine bats a.bats
	ln -s mine.sh dotfiles/ipvs-iso/runners/a.sh
	chmod g+w . dotfiles dotfiles/ipvs-iso/runners{,/*}
	chmod 1777 shared
	cd shared
	lists mine bats a.bats
	ln -s loop "$TMPDIR/loop"
	XDG_CONFIG_HOME=$TMPDIR/loop lists a.bats bats a.bats
}

@test "the runners of the user who owns the program are used: what it does is in that user's hands" {
	in_folder_of_nobody
	own_runner mine <<<'# command: bats
list() { echo mine; }
run() { exit; }'
	cp "$IPVS_ISO" ipvs-iso
	chown -R 65534 .
	capture ./ipvs-iso run --list -- bats a.bats
	assert_status 0
	assert_same mine "$output"
	chown root ipvs-iso
	capture ./ipvs-iso run --list -- bats a.bats
	assert_status 125
	assert_contains "$stderr" 'belongs to somebody else'
}

@test "runners in a user namespace, where root and all others are outside" {
	local user=() folder=$PWD program=$IPVS_ISO
	if [ "$(id -u)" -eq 0 ]; then
		user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
		folder=$(mktemp -d /tmp/ipvs-iso-test.XXXXXX)
		sticky=$folder
		program=$folder/ipvs-iso # others may not come to where it was built
		cp "$IPVS_ISO" "$program"
		chown 65534 "$folder"
	fi
	cd "$folder" || return
	"${user[@]}" unshare -r true || skip 'user namespaces are not permitted'
	own_runner mine <<<'# command: bats
list() { echo mine; }
run() { exit; }'
	chown -R --reference=. .ipvs-iso
	TMPDIR=/tmp capture "${user[@]}" unshare -r "$program" run --list -- bats a.bats
	assert_status 0
	assert_same mine "$output"
	[ "$(id -u)" -eq 0 ] || return 0
	chown 0 .ipvs-iso/runners/mine.sh
	TMPDIR=/tmp capture "${user[@]}" unshare -r "$program" run --list -- bats a.bats
	assert_status 125
	assert_contains "$stderr" 'it belongs to somebody else'
}

@test "runners that fail, or print what is no name" {
	own_runner tree <<<'# command: suite
list() { "$2"; }
run() { exit; }
fails() { echo one; echo why >&2; exit 7; }
dies() { kill -KILL $$; }
twice() { echo one; echo two; echo one; }
nul() { printf "a\0b\n"; }
declines() { echo one >/dev/null; decline "so it is"; }'
	fails_to_list 7 why ./suite fails
	fails_to_list 137 'signal 9' ./suite dies
	fails_to_list 127 'not found' ./suite nothing-of-the-kind
	is_whole 'so it is' ./suite declines
	lists $'one\ntwo' ./suite twice
	capture ipvs-iso run --list -- ./suite nul
	assert_status 125
	assert_contains "$stderr" 'NUL'
	local missing
	for missing in list run; do
		own_runner tree <<<"# command: suite
$(printf 'list() { echo one; }\nrun() { true; }' | sed "/^$missing/d")"
		fails_to_list 125 "ipvs-iso: the runner has no function $missing()" ./suite
	done
}

@test "directories of runners that the caller may not look into count as absent, which -v says" {
	mkdir -p closed/.config/ipvs-iso/runners
	echo '# command: suite' >closed/.config/ipvs-iso/runners/suite.sh
	chmod 0 closed
	local -a as=(env)
	if [ "$EUID" -eq 0 ]; then as=(setpriv --bounding-set=-all --inh-caps=-all env); fi
	capture "${as[@]}" XDG_CONFIG_HOME= HOME="$PWD/closed" ipvs-iso run -v --list -- ./suite
	chmod 700 closed
	assert_status 0
	assert_same ./suite "$output"
	assert_contains "$stderr" "no runners from $PWD/closed/.config/ipvs-iso/runners" 'Permission denied'
}

# ends_while_listing COMMAND...: as it lists the units of that, a signal ends ipvs-iso and all that was started.
ends_while_listing() {
	local signal processes
	for signal in INT TERM KILL; do
		mkfifo started go-on
		background ipvs-iso run --list "$@"
		read -r -t 30 processes <>started
		# shellcheck disable=SC2206
		jobs_started+=($processes)
		kill -s $signal "$job"
		wait_for_job
		assert_status $((128 + $(kill -l "$signal")))
		# shellcheck disable=SC2086
		[ "$signal" = KILL ] || all_gone $processes
		# shellcheck disable=SC2086
		wait_until all_gone $processes
		no_scratch_is_left
		rm started go-on
	done
}

@test "listing that is ended by a signal, or with ipvs-iso, leaves no process, and no folder" {
	own_runner tree <<<'# command: suite
run() { exit; }
list() {
	mkdir "$scratch/deep"
	touch "$scratch/deep/file"
	sleep 600 & first=$!
	setsid sleep 600 &
	ls "$TMPDIR"/ipvs-iso.*/deep/file || return
	echo $$ $first $! >started
	read -r _ <go-on
}'
	ends_while_listing ./suite
	# shellcheck disable=SC2016
	ends_while_listing --units-from 'sleep 600 & first=$!
		setsid sleep 600 &
		echo $$ $first $! >started
		read -r _ <go-on' true
}

@test "--units-from: what the command leaves running is ended, and does not hold up the units" {
	local sleep
	for sleep in 'sleep 600' 'sleep 600 >/dev/null 2>&1' 'setsid sleep 600 >/dev/null 2>&1'; do
		capture timeout --kill-after=1 20 ipvs-iso run --list --units-from "$sleep & echo a; echo \$! >left" -- true
		jobs_started+=("$(<left)")
		assert_status 0
		assert_same a "$output"
		all_gone "$(<left)"
	done
	# shellcheck disable=SC2016
	capture timeout --kill-after=1 20 ipvs-iso run --list --units-from 'sleep 600 & echo $! >left; exit 3' -- true
	jobs_started+=("$(<left)")
	assert_status 125
	assert_contains "$stderr" 'ended with exit status 3, so the units are not known'
	all_gone "$(<left)"
	capture ipvs-iso run --list --units-from cat -- true <<<$'from\nour input'
	assert_same $'from\nour input' "$output"
}

@test "--units-from: where a signal ends the command, by itself, the status is 128 + n" {
	local signal
	for signal in HUP INT TERM KILL; do
		capture ipvs-iso run --list --units-from "kill -s $signal \$\$" -- true
		assert_status $((128 + $(kill -l "$signal")))
		assert_same '' "$output"
	done
	capture ipvs-iso run --list --units-from 'exit 3' -- true
	assert_status 125
}

@test "a process that a runner's list leaves behind with its output does not hold up the units" {
	own_runner tree <<<'# command: suite
list() { echo one; sleep 600 & echo $! >left; }
run() { exit; }'
	capture timeout --kill-after=1 20 ipvs-iso run --list -- ./suite
	jobs_started+=("$(<left)")
	assert_status 0
	assert_same one "$output"
	all_gone "$(<left)"
}
