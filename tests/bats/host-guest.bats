#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `ipvs-iso run --kernel uml` seen from the host: what of the host its units see, what comes back, and that nothing of the
# guest stays behind.

load helper

setup() {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
	rooms=()
	if [ -z "${BATS_TEST_TMPDIR-}" ]; then # bats before 1.4
		BATS_TEST_TMPDIR=$(mktemp -d)
		rooms+=("$BATS_TEST_TMPDIR")
	fi
	jobs_started=()
	isolate_state
}

teardown() {
	end_background
	cd /
	[ ${#rooms[@]} -eq 0 ] || rm -rf "${rooms[@]}"
}

# A user that nobody is, so that everything of his is of this test.
nobody_else=61234

# Sets $room to a new folder in another one.
new_room() {
	room=$(mktemp -d "$1/ipvs-iso-test.XXXXXX")
	rooms+=("$room")
}

# What should take two seconds gets twenty on a busy machine, and then it hangs.
limited() {
	timeout --kill-after=5 20 "$@"
}

# guest [OPTION...] -- COMMAND...
guest() {
	capture limited ipvs-iso run --kernel uml "$@"
}

background_guest() {
	background ipvs-iso run --kernel uml "$@"
}

kernel_runs_below() {
	[ -n "$(kernel_processes "$1")" ]
}

@test "a unit that has lost its run's lock does not wait for it, though it may not look into who has it" {
	# shellcheck disable=SC2016 # the unit expands it
	guest -q -- bash -c 'for descriptor in ${IPVS_ISO_LOCK_FD//,/ }; do exec {descriptor}>&-; done
		exec ipvs-iso run -- touch ran'
	assert_status 125
	assert_contains "$stderr" 'the lock is held by process ' 'and this process runs below it'
	[ ! -e ran ]
}

@test "a run inside of a unit is inside of it also where IPVS_ISO_STATE_DIR is set; the unit has the guest's" {
	[ -n "$IPVS_ISO_STATE_DIR" ]
	guest -q --unit first --unit next -- sh -c 'echo "$IPVS_ISO_STATE_DIR"; ipvs-iso run -q -- true'
	assert_status 0
	assert_same $'/run/ipvs-iso\n/run/ipvs-iso' "$output"
	unset IPVS_ISO_STATE_DIR
	guest -q -- sh -c 'echo "${IPVS_ISO_STATE_DIR-unset}"'
	assert_same unset "$output"
}

@test "a snapshot of one guest equals the table of another guest with other memory, and restoring it leaves nothing" {
	guest --memory 128M -- bash -c 'ipvsadm -A -f 7; ipvs-iso snapshot -o of-a-small-one.json; ipvsadm -C'
	assert_status 0
	guest --memory 200M -- bash -c 'ipvsadm -A -f 7; ipvs-iso check of-a-small-one.json; ipvsadm -C
		ipvs-iso restore of-a-small-one.json; ipvsadm -C'
	assert_status 0
	assert_same '' "$output"
}

# ---- what goes in ----

@test "guest: arguments and environment come through untouched" {
	local odd=$'two  words \'single\' "double" back\\slash $HOME `id` * ~\nnew line\ttab Grüße 東京 \xff\xfe'
	# With root's folders already: an ordinary user's PATH gets them.
	local path=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	capture env -i PATH="$path" ODD="$odd" EMPTY= TERM=none timeout --kill-after=5 20 \
		ipvs-iso run --kernel uml -- \
		sh -c 'printf "%s\0" "$@" >arguments; cat /proc/$$/environ >environment' sh \
		"$odd" '' -x -- '{}' $'\xff'
	assert_status 0
	printf '%s\0' "$odd" '' -x -- '{}' $'\xff' | cmp - arguments
	# Nothing but our own, which concern what is below us, and what git wants to hear where we are no root.
	LC_ALL=C grep -z -a -v '^IPVS_ISO_\|^GIT_CONFIG_' environment | LC_ALL=C sort -z >seen
	printf '%s\0' "PATH=$path" "ODD=$odd" EMPTY= TERM=none | LC_ALL=C sort -z | cmp - seen
}

@test "guest: what one unit does not read of standard input is there for the next" {
	head -c 300000 /dev/urandom >random
	# The inner shell expands these.
	# shellcheck disable=SC2016
	guest -q --unit 1 --unit 2 --unit 3 --unit 4 -- sh -c '
		case $1 in
		1 | 2) read -r line; echo "$line" ;;
		3) cat >rest ;;
		4) wc -c ;;
		esac' sh < <(printf 'first\n  second \\ \n'; cat random)
	assert_status 0
	assert_same $'first\nsecond \\\n0' "$output"
	cmp random rest
}

@test "guest: a standard input that never ends keeps no unit that does not read it" {
	mkfifo endless
	guest -- echo 'done' <>endless
	assert_status 0
	assert_same 'done' "$output"
}

@test "guest: standard input may be empty or closed" {
	guest -- sh -c 'cat; echo done' </dev/null
	assert_status 0
	assert_same 'done' "$output"
	guest -- sh -c 'cat 2>/dev/null; echo done' <&-
	assert_status 0
	assert_same 'done' "$output"
}

@test "guest: --stdin none leaves standard input alone" {
	{
		guest --stdin none --unit 1 --unit 2 -- sh -c cat
		assert_status 0
		assert_same '' "$output"
		assert_same unread "$(cat)"
	} <<<unread
}

# ---- what comes out ----

@test "guest: stdout and stderr come apart and byte for byte" {
	head -c 3000000 /dev/urandom >bytes.1
	head -c 1000000 /dev/urandom >bytes.2
	printf 'no newline at the end' >>bytes.1
	# Not by capture: the shell takes half a minute to read so much.
	limited ipvs-iso run -q --kernel uml -- sh -c 'cat bytes.1; cat bytes.2 >&2' >got.1 2>got.2
	cmp bytes.1 got.1
	cmp bytes.2 got.2
}

@test "guest: a reader who comes late gets all that a unit wrote before it ended" {
	head -c 400000 /dev/urandom >bytes # more than a pipe takes, less than what waits for a reader
	limited ipvs-iso run --kernel uml -- sh -c 'cat bytes; echo >ended' 2>stderr | {
		wait_until test -e ended
		cat >got
	}
	cmp bytes got
}

@test "guest: a unit whose reader goes away gets a SIGPIPE, as it would on the host" {
	local statuses
	limited ipvs-iso run --kernel uml -- yes 2>stderr | head -n 1 >got
	statuses=("${PIPESTATUS[@]}")
	assert_same 141 "${statuses[0]}"
	assert_same y "$(cat got)"
	# And so it is between the processes of a unit.
	guest -- bash -c 'yes | head -n 1; echo "${PIPESTATUS[0]}"'
	assert_same $'y\n141' "$output"
}

@test "guest: output that cannot be written is no success" {
	status=0
	limited ipvs-iso run --kernel uml -- echo hello >/dev/full 2>stderr || status=$?
	assert_same 125 "$status"
	assert_contains "$(cat stderr)" 'cannot write what the unit printed: No space left on device'
}

@test "guest: a closed standard output or error harms no unit, and what it could not write is no success" {
	status=0
	limited ipvs-iso run --kernel uml -- sh -c 'echo hello; echo >finished.1' >&- 2>stderr || status=$?
	assert_same 125 "$status"
	assert_contains "$(cat stderr)" 'cannot write what the unit printed: Bad file descriptor'
	[ -e finished.1 ]
	status=0
	limited ipvs-iso run --kernel uml -- sh -c 'echo hello >&2; echo >finished.2' 2>&- || status=$?
	assert_same 125 "$status"
	[ -e finished.2 ]
	limited ipvs-iso run --kernel uml -- sh -c 'echo >finished.3' >&- 2>&-
	[ -e finished.3 ]
}

@test "guest: exit status, death by signal and time limit come through" {
	guest -- sh -c 'exit 7'
	assert_status 7
	guest -- sh -c 'kill -SEGV $$'
	assert_status 139
	assert_contains "$stderr" 'ended by signal 11'
	guest --timeout 0.3s -- sleep 50
	assert_status 124
}

@test "guest: a command that cannot be run is 126, one that is not there 127" {
	echo text >no-program
	guest -- ./no-program
	assert_status 126
	assert_contains "$stderr" './no-program: Permission denied'
	guest -- no-such-command
	assert_status 127
	assert_contains "$stderr" 'no-such-command: command not found'
	assert_lacks "$stderr" quotes
	guest -- 'go test ./...'
	assert_status 127
	assert_contains "$stderr" 'cannot run go test ./...: command not found' \
		"'go test ./...' is one word: leave its quotes out, or run it with sh -c"
}

# ---- files ----

@test "guest: the working directory is shared for writing, both ways and at once" {
	mkdir folder
	echo 'from the host' >old
	umask 027
	background_guest -- sh -c '
		cat old
		echo new >new
		(umask 0; echo open >open)
		mkdir made && mv old made/moved && ln -s made/moved link && rmdir folder
		echo >waiting
		until [ -e later ]; do sleep 0.05; done
		cat later'
	umask 022
	wait_until test -e waiting
	assert_same 'new' "$(cat new)"
	assert_same "$(id -u):$(id -g):640" "$(stat -c %u:%g:%a new)"
	assert_same 666 "$(stat -c %a open)"
	assert_same 'from the host' "$(cat link)"
	[ ! -e folder ] && [ ! -e old ]
	echo 'meanwhile' >later.part
	mv later.part later
	wait_for_job
	assert_status 0
	assert_same $'from the host\nmeanwhile' "$output"
}

@test "guest: all else is thrown away, but seen by the units of the run, which share one guest" {
	local marker=ipvs-iso-test-$$-$RANDOM boots
	# shellcheck disable=SC2016
	guest --unit write --unit look -- sh -c '
		cat /proc/sys/kernel/random/boot_id
		for folder in / /etc /usr/lib /tmp /var/tmp /run /dev/shm; do
			case $2 in
			write) echo "$1" >"$folder/$1" || exit ;;
			look) [ "$(cat "$folder/$1")" = "$1" ] || exit ;;
			esac
		done
		case $2 in
		write) echo changed >>/etc/passwd && rm /etc/group && mkdir /etc/apt/more && mv /usr/share/doc /usr/share/moved ;;
		look) [ "$(tail -n 1 /etc/passwd)" = changed ] && [ ! -e /etc/group ] && [ -d /usr/share/moved ] ;;
		esac' sh "$marker"
	assert_status 0
	local folder
	for folder in / /etc /usr/lib /tmp /var/tmp /run /dev/shm; do
		[ ! -e "$folder/$marker" ]
	done
	[ "$(tail -n 1 /etc/passwd)" != changed ]
	[ -e /etc/group ] && [ ! -e /etc/apt/more ] && [ -d /usr/share/doc ]
	mapfile -t boots <<<"$output"
	assert_same 2 ${#boots[@]}
	assert_same "${boots[0]}" "${boots[1]}"
	[ "${boots[0]}" != "$(cat /proc/sys/kernel/random/boot_id)" ]
}

@test "guest: what one unit mounts, unmounts and remounts is not so for the next, and files still reach the host" {
	cat >mounts.sh <<-'SCRIPT'
		mount -o remount,ro "$PWD"
		umount -l "$PWD"
		mount -t tmpfs none /etc
		mount --make-rshared /
		ip netns add of-unit
		mount -o remount,hidepid=2 /proc
		mount -o remount,ro,size=4k /dev/shm
		mount -o remount,ro /
	SCRIPT
	cat >next.sh <<-'SCRIPT'
		set -e
		[ -s /etc/passwd ]
		! ip netns | grep . || exit 1
		ip netns add of-unit
		ip netns exec of-unit true
		echo >/new
		head -c 1M /dev/zero >/dev/shm/new
		grep -q . <(ls -d /proc/1)
		! grep hidepid=[1-9] /proc/mounts || exit 1
		ipvs-iso savepoint before
		ipvs-iso run -- true
		ipvs-iso rollback before
		echo "$1" >written
	SCRIPT
	local isolation
	unset IPVS_ISO_STATE_DIR # for the runs inside
	for isolation in lock netns; do
		guest --fail-on none -i $isolation --unit first --unit next -- \
			bash -c 'if [ $1 = next ]; then exec bash -x next.sh "$2"; fi; . ./mounts.sh' bash {} $isolation
		assert_status 0
		assert_same $isolation "$(cat written)"
	done
}

@test "guest: the root as a working directory is not shared, as that would be to share everything" {
	local marker=ipvs-iso-test-$$-$RANDOM
	cd /
	guest -- sh -c 'pwd; echo >"$1" && ls "$1"' sh "$marker"
	assert_status 0
	assert_same $'/\n'"$marker" "$output"
	[ ! -e "/$marker" ]
}

@test "guest: a working directory may have any name" {
	local name=$'two words, \'single\' "double" back\\slash:a=b%s Grüße \xff\nline'
	mkdir "$name"
	cd "$name"
	guest -- sh -c 'pwd >where; echo written >file'
	assert_status 0
	assert_same "$PWD" "$(cat where)"
	assert_same written "$(cat file)"
}

@test "guest: a working directory may be anywhere, also where the guest has a file system of its own" {
	local parent
	for parent in /tmp /run /dev/shm; do
		[ -w "$parent" ] || continue
		new_room "$parent"
		mkdir "$room/work"
		cd "$room/work"
		guest -- sh -c 'pwd >where; echo "$1" >file' sh "$parent"
		assert_status 0
		assert_same "$room/work" "$(cat where)"
		assert_same "$parent" "$(cat file)"
	done
}

@test "guest: a working directory may be reached by a symbolic link" {
	mkdir target
	ln -s "$PWD/target" link
	cd link
	guest -- sh -c 'pwd; echo written >file; ls ../link/'
	assert_status 0
	assert_same "$PWD"$'\nfile' "$output"
	assert_same written "$(cat ../target/file)"
}

# is_not_shared WORDS REMEDY [COMMAND...]: a run says so of the working directory, before it plans or boots anything.
# COMMAND starts ipvs-iso.
is_not_shared() {
	capture limited "${@:3}" ipvs-iso run --kernel uml --units-from 'echo planned >&2; echo a' -- true {}
	assert_status 125
	assert_same "ipvs-iso: the working directory $1"$'\n'"          $2" "$stderr"
}

@test "guest: a working directory that was removed is an error, and no fault of the kernel" {
	mkdir gone
	cd gone
	rmdir ../gone
	is_not_shared 'does not exist any more' 'change to a directory that exists'
	capture limited ipvs-iso status
	assert_status 0
	assert_contains "$output" $'\nkernel uml     works: ' $'\n  lock         works: ' $'\n  netns        works: ' \
		$'\ndirectory      no: the working directory does not exist any more' \
		$'\n               change to a directory that exists'
}

@test "guest: a working directory that the caller cannot reach is an error, and no fault of the kernel" {
	local -a as=(env)
	if [ "$EUID" -eq 0 ]; then as=(setpriv --bounding-set=-all --inh-caps=-all); fi
	mkdir -p closed/within
	cd closed/within
	local shut
	for shut in "${PWD%/*}" "$PWD"; do
		chmod a-x "$shut"
		is_not_shared "$PWD is out of reach: Permission denied" 'change to a directory that you may enter' "${as[@]}"
		chmod u+x "$shut"
	done
}

@test "guest: of /proc, /sys and /dev only /dev/shm is shared, which is no fault of the kernel" {
	local directory
	for directory in /proc /sys /dev; do
		cd "$directory"
		is_not_shared "$PWD cannot be shared with a guest, which has /proc, /sys and /dev of its own" \
			'change to another directory'
	done
}

@test "guest: a working directory that another was mounted over is an error, as its path leads elsewhere" {
	local -a as=(unshare --user --map-root-user --mount)
	"${as[@]}" true 2>/dev/null || skip 'mounting is not permitted'
	mkdir hidden
	cd hidden
	# shellcheck disable=SC2016
	is_not_shared "$PWD is hidden by another directory" 'change to the one that is there now' \
		"${as[@]}" sh -c 'mount -t tmpfs none "$PWD" && exec "$@"' sh
}

# ---- the machine ----

@test "guest: modprobe works, and the kernel loads what it needs by itself" {
	# shellcheck disable=SC2016
	guest --fail-on none -- sh -e -c '
		mark=0
		for scheduler in rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh; do
			ipvsadm -A -f $((mark += 1)) -s $scheduler
		done
		ipvsadm -Ln | grep -c ^FWM
		ip link add dummy7 type dummy
		modprobe --remove ip_vs_ftp 2>/dev/null || :
		modprobe ip_vs_ftp
		lsmod | grep -o "^ip_vs_ftp\|^ip_vs_mh\|^dummy" | sort'
	assert_status 0
	assert_same $'13\ndummy\nip_vs_ftp\nip_vs_mh' "$output"
}

@test "guest: /dev, /proc, /sys, /run and /tmp are usable, loopback is up" {
	cat >script <<-'SCRIPT'
		set -o pipefail
		trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
		echo x >/dev/null
		[ "$(head -c 2 /dev/zero | od -An -tx1)" = ' 00 00' ]
		! echo x 2>/dev/null >/dev/full || echo '/dev/full takes something'
		[ "$(head -c 9 /dev/urandom | wc -c)" = 9 ]
		[ "$(head -c 9 /dev/random | wc -c)" = 9 ]
		[ "$(echo a | cat /dev/stdin /dev/fd/3 3< <(echo b))" = $'a\nb' ]
		echo c >/dev/stderr
		[ -c /dev/tty ]
		[[ $(script -q -e -c 'tty; echo >/dev/tty' /dev/null </dev/null | tr -d '\r\n') == /dev/pts/* ]]
		echo x >/dev/shm/x
		[ "$(stat -f -c %T /dev/shm /run | uniq)" = tmpfs ]
		mkdir /run/lock/x /run/x
		[ "$(stat -c %a /tmp /dev/shm /run/lock | uniq)" = 1777 ]
		[ -w "$(mktemp)" ]
		[ "$(cat /proc/self/comm)" = cat ]
		[ -e /proc/net/ip_vs ]
		[ -e /proc/sys/net/ipv4/vs/expire_nodest_conn ]
		[ -d /sys/class/net/lo ]
		ping -c 1 127.0.0.1 >/dev/null 2>&1 || [[ $(ip -o link show lo) == *,UP,* ]]
		[ "$(uname -n)" = "$1" ]
		[ "$(id -u)" = 0 ]
		[ "$(ulimit -n)" -ge 1024 ]
		[ "$(ps -o comm= -p $$)" = bash ]
		[ $(($(date +%s) - $2)) -lt 60 ]
	SCRIPT
	guest -q -- bash script "$(uname -n)" "$(date +%s)"
	assert_same '' "$output"
	assert_same c "$stderr"
	assert_status 0
}

@test "guest: --memory is what the guest has" {
	guest --memory 200M -- awk '/^MemTotal/ { print $2 }' /proc/meminfo
	assert_status 0
	echo "$output KiB"
	[ "$output" -gt $((160 * 1024)) ]
	[ "$output" -le $((200 * 1024)) ]
}

# ---- when it goes wrong ----

@test "guest: units may read more files than the caller's soft limit of descriptors" {
	# Outside of the working directory: the overlay is what holds files.
	local i files=$BATS_TEST_TMPDIR/files
	mkdir "$files"
	for i in {1..600}; do echo "$i" >"$files/$i"; done
	ulimit -Sn 256
	guest -q -- sh -c 'cat "$0"/* | wc -l' "$files"
	assert_status 0
	assert_same 600 "$output"
}

@test "guest: a fixture that its kernel cannot hold is 125, and nothing runs" {
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "sysctl": {"nosuch": 1}}' >fixture.json
	capture limited ipvs-iso run --kernel uml --fixture fixture.json --unit a --unit b -- touch ran
	assert_status 125
	assert_contains "$stderr" ' a: this kernel has no sysctl net.ipv4.vs.nosuch' '2 could not be run'
	assert_same fixture.json "$(ls)"
}

@test "guest: a kernel that panics is 125, with its last words, and the rest is not reached" {
	# shellcheck disable=SC2016
	guest --unit first --unit crash --unit never -- sh -c '
		echo "$1 runs"
		[ "$1" != crash ] || echo c >/proc/sysrq-trigger
		[ "$1" != crash ] || sleep 60' sh
	assert_status 125
	assert_contains "$output" 'first runs'
	assert_lacks "$output" 'never runs'
	assert_contains "$stderr" "crash: the guest's kernel died" 'Kernel panic - not syncing: sysrq triggered crash' \
		'3 units: 1 passed, 1 could not be run, 1 not reached'
}

@test "guest: a kernel that hangs is 125, and ended" {
	# While it boots it says nothing either.
	background timeout --kill-after=5 90 ipvs-iso run --kernel uml --guest-timeout 10s -- sh -c 'echo >ready; sleep 60'
	wait_until test -e ready
	local processes kernel
	processes=$(process_tree "$job")
	kernel=$(kernel_processes "$job")
	# shellcheck disable=SC2086
	kill -STOP $kernel
	wait_for_job
	assert_status 125
	assert_contains "$stderr" 'the guest has been silent for 10 s: it hangs'
	# shellcheck disable=SC2086
	all_gone $processes
}

@test "guest: a signal is passed to the unit and ends the run with 128 and its number" {
	local signal processes
	for signal in INT TERM; do
		background_guest --unit 1 --unit 2 -- sh -c '
			trap "echo INT >got; exit 3" INT
			trap "echo TERM >got; exit 3" TERM
			echo >ready
			while :; do sleep 0.05; done' sh
		wait_until test -e ready
		processes=$(process_tree "$job")
		kill -"$signal" "$job"
		wait_for_job
		assert_status $((128 + $(kill -l "$signal")))
		assert_same "$signal" "$(cat got)"
		assert_contains "$stderr" '1 failed, 1 not reached'
		# shellcheck disable=SC2086
		all_gone $processes
		rm ready got
	done
}

@test "guest: a second signal ends a unit that does not mind the first" {
	background_guest -- sh -c 'trap "echo >told" INT TERM; echo >ready; while :; do sleep 0.05; done'
	wait_until test -e ready
	kill -INT "$job"
	wait_until test -e told
	kill -TERM "$job"
	wait_for_job
	assert_status 130
}

@test "guest: a second signal ends also a guest that hangs" {
	background_guest -- sh -c 'echo >ready; sleep 60'
	wait_until test -e ready
	local processes kernel
	processes=$(process_tree "$job")
	kernel=$(kernel_processes "$job")
	# shellcheck disable=SC2086
	kill -STOP $kernel
	kill -INT "$job"
	kill -TERM "$job"
	wait_for_job
	assert_status 130
	# shellcheck disable=SC2086
	all_gone $processes
}

@test "guest: a signal ends it at once also while it boots" {
	background_guest -- sh -c 'echo >ran'
	wait_until kernel_runs_below "$job"
	local processes
	processes=$(process_tree "$job")
	kill -INT "$job"
	wait_for_job
	assert_status 130
	[ ! -e ran ]
	# shellcheck disable=SC2086
	all_gone $processes
}

# signal_all SIGNAL: to every process of the job: its keepers and kernels first, itself last.
signal_all() {
	local pid last=("$job")
	for pid in $(process_tree "$job"); do
		[ "$pid" = "$job" ] || last=("$pid" "${last[@]}")
	done
	kill -"$1" "${last[@]}" 2>/dev/null || true # some have ended by then
}

@test "guest: a signal to all processes of a run ends it in order, with 128 and its number, and its report" {
	local jobs signal processes
	for jobs in 1 2; do
		for signal in TERM HUP; do
			background_guest -j $jobs --report r.json --unit 1 --unit 2 --unit 3 -- sh -c 'echo >"ready.$1"; sleep 60' sh
			wait_until test -e ready.$jobs
			processes=$(process_tree "$job")
			signal_all $signal
			wait_for_job
			assert_status $((128 + $(kill -l $signal)))
			assert_contains "$stderr" "3 units: $jobs failed, $((3 - jobs)) not reached"
			assert_lacks "$stderr" 'TROUBLE' 'died'
			grep -q '"name": "1"' r.json
			# shellcheck disable=SC2086
			wait_until all_gone $processes
			rm ready.* r.json
		done
	done
}

@test "guest: a signal to all processes of a run ends it in order also while it boots" {
	local jobs
	for jobs in 1 2; do
		background_guest -j $jobs --unit 1 --unit 2 -- touch ran
		wait_until kernel_runs_below "$job"
		signal_all TERM
		wait_for_job
		assert_status 143
		assert_lacks "$stderr" 'died'
		[ ! -e ran ]
	done
}

@test "guest: what keeps a kernel from beginning is said: too few files, no /dev, no directory for its memory" {
	local files
	for files in 16 32; do
		capture bash -c "ulimit -n $files; exec ipvs-iso run --kernel uml -- true"
		assert_status 125
		assert_contains "$stderr" "no more than $files may be" 'ulimit -n'
		assert_lacks "$stderr" 'died'
	done
	[ "$EUID" -eq 0 ] || skip 'the rest hides directories: only root can do that'
	capture unshare -m sh -c 'mount -t tmpfs none /dev; exec ipvs-iso run --kernel uml -- true'
	assert_status 125
	assert_contains "$stderr" '/dev/null: No such file or directory'
	assert_lacks "$stderr" 'died'
	# A /dev/shm from which nothing can be executed, as containers have it, is passed over.
	mkdir elsewhere
	cp "$IPVS_ISO" elsewhere/ipvs-iso
	capture unshare -m sh -c '
		mount -t tmpfs -o noexec none /dev/shm
		exec ipvs-iso run --kernel uml -- echo well'
	assert_status 0
	assert_contains "$output" well
	capture unshare -m sh -c '
		mount --bind elsewhere /mnt
		mount -t tmpfs -o ro none /dev/shm
		mount -t tmpfs -o ro none /tmp
		cd /mnt
		exec ./ipvs-iso run --kernel uml -- true'
	assert_status 125
	assert_contains "$stderr" 'neither /dev/shm nor /tmp can hold'
	assert_lacks "$stderr" 'died'
}

# both_ends PID: the pipes of which that process holds both ends.
both_ends() {
	find /proc/"$1"/fd -lname 'pipe:*' -printf '%l %M\n' | sort -u | cut -d ' ' -f 1 | uniq -d
}

@test "guest: no worker of a run holds both ends of a pipe, so that none waits for itself" {
	local worker
	background_guest -j 2 --unit 1 --unit 2 -- sh -c 'echo >"ready.$1"; sleep 60' sh
	wait_until test -e ready.1 -a -e ready.2
	for worker in $(<"/proc/$job/task/$job/children"); do
		[ -z "$(both_ends "$worker")" ]
	done
	kill "$job"
	wait_for_job
	assert_status 143
}

@test "guest: a unit that restarts, halts or powers off the guest is told so, and the rest is not reached" {
	local how said
	while IFS=: read -r said how; do
		guest --unit first --unit "$how" --unit never -- sh -c '
			echo "$1 runs"
			[ "$1" = first ] || eval "$1"
			[ "$1" = first ] || sleep 60' sh
		assert_status 125
		assert_lacks "$output" 'never runs'
		assert_contains "$stderr" "$how: the guest was $said from inside, " \
			'3 units: 1 passed, 1 could not be run, 1 not reached'
		assert_lacks "$stderr" 'last lines' 'hangs'
	done <<-'HOW'
		restarted:python3 -c "import ctypes; ctypes.CDLL(None).reboot(0x1234567)"
		powered off:python3 -c "import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)"
		halted:python3 -c "import ctypes; ctypes.CDLL(None).reboot(0xcdef0123)"
		restarted:echo b >/proc/sysrq-trigger
		powered off:echo o >/proc/sysrq-trigger
	HOW
}

@test "guest: where memory is out the unit is ended and not the process that runs it, and the next unit runs" {
	guest --memory 128M --unit 1 --unit 2 --report result.json -- sh -c '
		[ {} = 2 ] || { echo -900 >/proc/self/oom_score_adj; exec tail /dev/zero; }
		[ "$(cat /proc/self/oom_score_adj)" = 0 ]'
	assert_status 137
	assert_contains "$stderr" ' 1 passed, 1 failed' '1: ended by signal 9 (Killed); the guest ran out of memory' \
		'a guest ran out of memory; --memory gives it more'
	capture ipvs-iso report -f junit result.json
	assert_contains "$output" 'ended by signal 9 (Killed); the guest ran out of memory'
}

@test "guest: memory that ran out is told of a unit that fails, whatever its status, and of no other" {
	guest --memory 128M -- sh -c 'mount -t tmpfs none /proc; tail /dev/zero; exit 3'
	assert_status 3
	assert_contains "$stderr" ': exit status 3; the guest ran out of memory' '--memory gives it more'
	guest --memory 128M -- sh -c 'tail /dev/zero; true'
	assert_status 0
	assert_lacks "$stderr" 'memory'
	guest -- sh -c 'kill -KILL $$'
	assert_status 137
	assert_lacks "$stderr" 'memory'
}

@test "guest: a unit that kills or stops the process that runs it harms no other, and --timeout still ends it" {
	# It is the guest's init that a stopped one is ended from. That takes a while, so the other is looked at meanwhile.
	# shellcheck disable=SC2016 # for the shell inside
	background timeout --kill-after=5 40 ipvs-iso run --kernel uml --timeout 0.5 --kill-after 0.1 -- \
		sh -c 'kill -STOP $PPID; exec sleep 600'

	guest --unit 1 --unit 2 -- sh -c '
		[ {} = 2 ] || { setsid sleep 600 & kill -KILL $PPID; exec sleep 600; }
		! pgrep sleep && ! ipvsadm -Sn | grep .'
	assert_status 125
	assert_contains "$stderr" '1: the process that ran the unit died' ' 1 passed, 1 could not be run'
	assert_matches "$stderr" ".* PASS [^
]* 2
.*"

	wait_for_job
	assert_status 124
	assert_contains "$stderr" ' TIMEOUT '
}

@test "guest: kill -9 of ipvs-iso leaves no process, also where the guest hangs" {
	local processes kernel guest
	for guest in works hangs; do
		background_guest -- sh -c 'setsid sleep 60 & echo >ready; sleep 60'
		wait_until test -e ready
		processes=$(process_tree "$job")
		kernel=$(kernel_processes "$job")
		[ "$(wc -w <<<"$processes")" -ge 4 ]
		# shellcheck disable=SC2086
		[ $guest = works ] || kill -STOP $kernel
		kill -KILL "$job"
		wait_for_job
		# shellcheck disable=SC2086
		wait_until all_gone $processes
		rm ready
	done
}

# ---- a unit that lies ----

# Writes attack.py, with what its functions need: a node of the line, and frames as src/guest/wire.h has them.
write_attack() {
	cat >attack.py <<-'PYTHON'
		import ctypes, fcntl, os, stat, struct, sys, termios

		def frame(kind, content, nonce=b""):
		    return nonce + bytes([kind]) + struct.pack("<I", len(content)) + content

		RESULT, RUN = 7, 11
		passed = b'{"name":"unit","status":0,"attempts":1}'

		def line():
		    if os.path.exists("/dev/ttyS0"):
		        return "/dev/ttyS0"
		    os.mknod("/tmp/line", stat.S_IFCHR | 0o600, os.makedev(4, 64))
		    return "/tmp/line"

		def tries(what, function):
		    try:
		        function()
		        print(what)
		    except OSError as error:
		        print(f"{what}: {error.strerror}", file=sys.stderr)
	PYTHON
}

@test "guest: the line to the host is out of a unit's reach, though it is root" {
	write_attack
	cat >>attack.py <<-'PYTHON'
		def of_process(pid):
		    for name in os.listdir(f"/proc/{pid}/fd"):
		        print(os.readlink(f"/proc/{pid}/fd/{name}"))
		def read_memory(pid):
		    open(f"/proc/{pid}/mem", "rb")
		def trace(pid):
		    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
		    if ptrace(16, pid, 0, 0) < 0:
		        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
		tries("the line", lambda: os.open(line(), os.O_RDWR | os.O_NOCTTY))
		for pid in 1, os.getppid():
		    tries("descriptors", lambda: of_process(pid))
		    tries("memory", lambda: read_memory(pid))
		    tries("trace", lambda: trace(pid))
		    tries("mounts", lambda: os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY))
		for path in "/proc/kcore", "/dev/mem":
		    tries(path, lambda: os.open(path, os.O_RDONLY))
		os.makedirs("/tmp/devices")
		if os.system("mount -t cgroup -o devices none /tmp/devices") == 0:
		    tries("another group", lambda: open("/tmp/devices/cgroup.procs", "w").write("0"))
		    def allow():
		        with open("/tmp/devices/devices.allow", "w") as file:
		            file.write("c 4:64 rwm")
		    tries("allowed", allow)
		    tries("the line", lambda: os.open(line(), os.O_RDWR | os.O_NOCTTY))
	PYTHON
	local isolation
	for isolation in lock netns; do
		guest -q -i $isolation -- /usr/bin/python3 attack.py
		assert_status 0
		assert_same 'another group' "$output" # the one that it is in already
		assert_lacks "$(tr '\0' '\n' </proc/self/environ; cat /proc/cmdline)" nonce
	done
	# Its own kind it may trace, and those of its user.
	guest -q -- sh -c 'sleep 600 & readlink /proc/$!/fd/0 >/dev/null && cat /proc/$!/environ >/dev/null && kill $!'
	assert_status 0
}

@test "guest: a unit that writes to the line neither forges its verdict nor ends the run" {
	write_attack
	# By a node, where it could be made; by a program that the kernel starts for it, which has all capabilities.
	cat >>attack.py <<-'PYTHON'
		attacks = {
		    "text": lambda file: os.write(file, b"harmless text\n"),
		    "frame": lambda file: os.write(file, frame(RESULT, passed) + frame(RESULT, passed, bytes(16))),
		    "inject": lambda file: [fcntl.ioctl(file, termios.TIOCSTI, bytes([byte])) for byte in frame(RUN,
		        b'{"name":"unit","arguments":["true"],"environment":[],"fixture":null,"user":null,'
		        b'"file_mask":18,"caller":0,"keep":false,"sandbox":false,"timeout_ms":0,"kill_after_ms":0}')],
		}
		def attack():
		    attacks[sys.argv[2]](os.open(line(), os.O_RDWR | os.O_NOCTTY))
		    print("written", file=open("/tmp/written", "w"))
		if sys.argv[1] == "unit":
		    tries("written", attack)
		    with open("/proc/sys/kernel/core_pattern", "w") as file:
		        file.write(f"|/usr/bin/python3 {os.path.realpath(__file__)} helper {sys.argv[2]}")
		    os.system("sh -c 'kill -ABRT $$'")
		    print(open("/tmp/written").read(), end="")
		    sys.exit(7)
		attack()
	PYTHON
	local attack
	for attack in text frame; do
		guest --unit 1 --unit 2 -- sh -c "[ {} = 2 ] || exec /usr/bin/python3 attack.py unit $attack"
		assert_status 7
		assert_same written "$output" # not by the unit itself, but by the helper
		assert_contains "$stderr" 'exit status 7' ' 1 passed, 1 failed'
	done
	# What the host has not sent ends the run, if not the unit does before; it is not obeyed.
	guest -- /usr/bin/python3 attack.py unit inject
	[ "$status" -eq 7 ] || assert_status 125
}

# ---- who may, and what is left ----

# Copies the program to where an ordinary user can read it, sets $as to what runs a command as one, and enters a folder of
# his, which is his home as well.
become_ordinary_user() {
	new_room /tmp
	cp "$IPVS_ISO" "$room/ipvs-iso"
	mkdir "$room/home"
	chmod 755 "$room"
	as=(env -u IPVS_ISO_STATE_DIR HOME="$room/home")
	user=$(id -u)
	if [ "$user" -eq 0 ]; then
		user=$nobody_else
		chown "$user:$user" "$room/home"
		as+=(setpriv --reuid="$user" --regid="$user" --clear-groups)
	fi
	cd "$room/home" || return
}

# What the ordinary user has in the places for temporary files, and in his home.
# All but the lock file of the processors that guests are kept on.
files_of_ordinary_user() {
	find /tmp /var/tmp /dev/shm -maxdepth 1 -user "$user" 2>/dev/null
	(cd "$room/home" && find . -mindepth 1 ! -path ./.cache ! -path ./.cache/ipvs-iso ! -path ./.cache/ipvs-iso/processors)
}

no_process_of_ordinary_user() {
	! ps -o state=,pid=,args= -u "$user" | awk '$1 != "Z" { print; some = 1 } END { exit !some }'
}

@test "guest: an ordinary user needs no rights, is root in there, and gains none out here" {
	become_ordinary_user
	capture "${as[@]}" timeout --kill-after=5 20 "$room/ipvs-iso" run --kernel uml -- sh -c '
		id -u
		ipvsadm -A -t 10.0.0.1:80 -s rr && ipvsadm -Ln | grep -c "TCP  10.0.0.1:80 rr" && ipvsadm -C
		echo written >file
		cat /etc/shadow >/dev/null 2>&1 || echo refused'
	assert_status 0
	if [ "$(id -u)" -eq 0 ] || [ ! -r /etc/shadow ]; then
		assert_same $'0\n1\nrefused' "$output"
	fi
	assert_same "$user" "$(stat -c %u file)"
}

@test "guest: an ordinary user without sbin on PATH finds root's programs, of which he is one in there" {
	become_ordinary_user
	capture "${as[@]}" env PATH=/usr/local/bin:/usr/bin:/bin timeout --kill-after=5 20 \
		"$room/ipvs-iso" run --kernel uml -- ipvsadm -Ln
	assert_status 0
	assert_contains "$output" 'IP Virtual Server'
}

@test "guest: git works in what belongs to the user who started it, with what he tells git; in no other's folder" {
	command -v git >/dev/null || skip 'git is not installed'
	become_ordinary_user
	as+=(env GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=somebody GIT_CONFIG_NOSYSTEM=1)
	"${as[@]}" git init -q .
	capture "${as[@]}" timeout --kill-after=5 20 "$room/ipvs-iso" run --kernel uml -- sh -c '
		git status --short && git config user.name && git init -q new && git -C new status --short'
	assert_status 0
	assert_same somebody "$(tail -n 1 <<<"$output")"

	[ "$(id -u)" -eq 0 ] || return 0 # who else could own it
	chown -R 61235:61235 "$room/home"
	capture "${as[@]}" timeout --kill-after=5 20 "$room/ipvs-iso" run --kernel uml -- git status
	assert_status 128
	assert_contains "$stderr" 'dubious ownership'
}

@test "guest: neither its end nor kill -9 leaves a process or a file on the host" {
	become_ordinary_user
	[ "$(id -u)" -eq 0 ] || skip 'only root can tell the files and processes of this test from others'
	capture "${as[@]}" timeout --kill-after=5 20 "$room/ipvs-iso" run --kernel uml -- sh -c 'setsid sleep 60 & :'
	assert_status 123
	assert_contains "$stderr" 'processes    left' 'sleep 60'
	no_process_of_ordinary_user
	assert_same '' "$(files_of_ordinary_user)"

	background "${as[@]}" "$room/ipvs-iso" run --kernel uml -- sh -c 'setsid sleep 60 & echo >ready; sleep 60'
	wait_until test -e ready
	kill -KILL "$job"
	wait_for_job
	wait_until no_process_of_ordinary_user
	rm ready job.stdout job.stderr
	assert_same '' "$(files_of_ordinary_user)"
}

# The kernel's own process, of all that kernel_processes shows: the one whose parent is none of them.
kernel_itself() {
	local pid parent all
	all=" $(kernel_processes "$1" | tr '\n' ' ')"
	for pid in $all; do
		parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
		[[ -z $parent || $all == *" $parent "* ]] || echo "$pid"
	done
}

@test "guest: nothing of an ordinary user's guest stays when it hangs, when it is killed, and when its run is" {
	become_ordinary_user
	local how processes wanted
	for how in hangs run kernel keeper; do
		background "${as[@]}" "$room/ipvs-iso" run --kernel uml -- sh -c 'setsid sleep 60 & echo >ready; sleep 60'
		wait_until test -e ready
		processes=$(process_tree "$job")
		case $how in
		hangs) # shellcheck disable=SC2046
			kill -STOP $(kernel_processes "$job")
			kill -INT "$job"
			kill -TERM "$job"
			wanted=130
			;;
		run) # shellcheck disable=SC2046
			kill -STOP $(kernel_processes "$job")
			kill -KILL "$job"
			wanted=137
			;;
		kernel)
			kill -KILL "$(kernel_itself "$job")"
			wanted=125
			;;
		keeper) # only that it goes on
			pkill -TERM -P "$job"
			kill -INT "$job"
			wanted=130
			;;
		esac
		wait_for_job
		echo "$how"
		assert_status "$wanted"
		# shellcheck disable=SC2086
		wait_until all_gone $processes
		rm ready
	done
}

@test "guest: where there is no user-mode-linux, the error names the package" {
	local hidden
	hidden=$(command -v linux.uml)
	local without=(unshare --mount)
	[ "$(id -u)" -eq 0 ] || without+=(--map-root-user)
	without+=(sh -c 'mount --bind /dev/null "$0" && exec "$@"' "$hidden")
	"${without[@]}" true || skip 'linux.uml cannot be hidden here'
	capture "${without[@]}" ipvs-iso run --kernel uml -- true
	assert_status 125
	assert_same '' "$output"
	assert_contains "$stderr" 'ipvs-iso: the embedded kernel is not here' 'apt-get install user-mode-linux'
	if ! host_has_ipvs; then
		capture "${without[@]}" ipvs-iso run -- true
		assert_status 125
		assert_contains "$stderr" 'has no IPVS' 'apt-get install user-mode-linux'
	fi
}

# ---- which kernel ----

@test "run: auto takes the embedded kernel where the host has no IPVS, and says so in one line" {
	host_has_ipvs && skip 'this host has IPVS'
	capture limited ipvs-iso run -- cat /proc/net/ip_vs
	assert_status 0
	assert_contains "$output" 'IP Virtual Server'
	assert_matches "$stderr" 'ipvs-iso: using a kernel of our own \(uml\): [^
]*IPVS[^
]*'
	capture limited ipvs-iso run --quiet -- cat /proc/net/ip_vs
	assert_status 0
	assert_same '' "$stderr"
}

@test "run: --kernel host on a host without IPVS is an error with a remedy" {
	host_has_ipvs && skip 'this host has IPVS'
	capture ipvs-iso run --kernel host -- touch ran
	assert_status 125
	assert_same '' "$output"
	assert_contains "$stderr" 'ipvs-iso: this kernel has no IPVS' 'modprobe ip_vs' '--kernel uml'
	[ ! -e ran ]
}

@test "run: a kernel that there is not is an error that names those there are" {
	capture ipvs-iso run --kernel nonsense -- touch ran
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: there is no kernel 'nonsense'" 'auto, host and uml'
	capture env IPVS_ISO_KERNEL=nonsense ipvs-iso run -- touch ran
	assert_status 125
	assert_contains "$stderr" "ipvs-iso: IPVS_ISO_KERNEL=nonsense: there is no kernel 'nonsense'" 'auto, host and uml'
	[ ! -e ran ]
}
