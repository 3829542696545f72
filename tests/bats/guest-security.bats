#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What another user may try against root's runs: to hold its lock, to read or forge its journal, to set traps where its state
# directory is. All attempts are real ones, made by the user nobody.

load helper

setup() {
	isolate_state
	fill_table
	# The way to the state directory is open to everybody; what keeps others out is what ipvs-iso makes.
	export IPVS_ISO_STATE_DIR=/tmp/ipvs-iso-security.$$
	rm -rf "$IPVS_ISO_STATE_DIR"*
}

teardown() {
	end_background
	rm -rf "$IPVS_ISO_STATE_DIR"* /tmp/loot.$$
	clean_table
}

# as_nobody SCRIPT: without any of root's rights.
as_nobody() {
	capture setpriv --reuid nobody --regid nogroup --clear-groups --bounding-set -all --no-new-privs \
		env HOME=/ LOOT=/tmp/loot.$$ bash -c "$1"
}

# Tells of each of its arguments, which are commands, whether it succeeded. To be called as nobody.
# shellcheck disable=SC2016 # for the shell of nobody
try='try() { if eval "$1" 2>/dev/null; then echo "done: $1"; else echo "refused"; fi; }
'

@test "another user can neither take root's lock nor read, forge or remove its journal" {
	background_run -- 'ipvsadm -A -f 6'
	local folder dirty
	folder=$(echo "$IPVS_ISO_STATE_DIR"/cookie-*)
	dirty=$(services)
	assert_same '700 root 700 root 600 root 600 root ' \
		"$(stat -c '%a %U' "$IPVS_ISO_STATE_DIR" "$folder" "$folder/lock" "$folder/journal.json" | tr '\n' ' ')"
	as_nobody "$try
		try 'cd $IPVS_ISO_STATE_DIR'
		try 'cat $folder/journal.json >\$LOOT'
		try 'mv $IPVS_ISO_STATE_DIR ${IPVS_ISO_STATE_DIR}2'"
	assert_same $'refused\nrefused\nrefused' "$output"

	# Even where its folders are opened by mistake, the files in them are not for others.
	chmod 755 "$IPVS_ISO_STATE_DIR" "$folder"
	as_nobody "$try
		cd $folder
		for attempt in 'flock --nonblock lock true' 'flock --shared --nonblock lock true' \
			'cat journal.json >\$LOOT' 'cat lock >\$LOOT' 'echo {} >journal.json' 'rm -f journal.json' \
			'mv journal.json \$LOOT' 'ln journal.json \$LOOT' ': >journal-1.json' \
			'IPVS_ISO_LOCK_FD=3 ipvs-iso run -w 0 true 3<.' 'ipvs-iso recover --kill'; do
			try \"\$attempt\"
		done"
	assert_same "$(printf 'refused\n%.0s' {1..11})" "$output"
	chmod 700 "$IPVS_ISO_STATE_DIR"
	kill -0 "$job"
	assert_same "$dirty" "$(services)"
	kill "$job"
	wait_for_job
	assert_status 143
	assert_contains "$(services)" 0A090001
}

@test "another user's state directory, lock or journal is not used, whatever it is" {
	local before name base=$IPVS_ISO_STATE_DIR trap
	before=$(services)
	ipvs-iso run true
	name=$(basename "$base"/cookie-*)
	rm -rf "$base"
	# In /tmp anybody may be first. Each trap is what somebody made there, with a journal that would empty the table.
	for trap in 'mkdir -p $B/$N; cp $J $B/$N/journal.json' \
		'mkdir -m 777 $B; mkdir -m 777 $B/$N; cp $J $B/$N/journal.json' \
		'mkdir -p $B.own/$N; cp $J $B.own/$N/journal.json; ln -s $B.own $B' \
		'ln -s /etc $B' \
		'mkfifo $B' \
		': >$B'; do
		as_nobody "B=$base N=$name J=/tmp/loot.$$; umask 0
			echo '{\"format\": \"ipvs-iso.snapshot\", \"version\": 1}' >\$J; $trap"
		assert_status 0
		capture timeout 20 ipvs-iso recover
		assert_status 125
		assert_contains "$stderr" "$base" "
          "
		assert_same "$before" "$(services)"
		rm -rf "$base" "$base.own"
	done
	[ ! -e "/etc/$name" ]
}

@test "links, FIFOs and files of others inside of root's own state directory are refused" {
	local before folder trap
	before=$(services)
	ipvs-iso run true
	folder=$(echo "$IPVS_ISO_STATE_DIR"/cookie-*)
	# As if the folder had been open to nobody for a while.
	chown nobody "$IPVS_ISO_STATE_DIR" "$folder"
	echo precious >/tmp/loot.$$
	chmod 600 /tmp/loot.$$
	for trap in 'ln -s /tmp/loot.'$$' lock' 'mkfifo lock' ': >lock' \
		'mkfifo journal.json' 'echo {\"format\": \"ipvs-iso.snapshot\", \"version\": 1} >journal.json' \
		'ln -s /proc/self/environ journal.json'; do
		chown nobody "$IPVS_ISO_STATE_DIR" "$folder"
		as_nobody "cd $folder && rm -f lock journal.json && $trap"
		assert_status 0
		chown root "$IPVS_ISO_STATE_DIR" "$folder"
		capture timeout 20 ipvs-iso run -w 0 touch ran
		assert_status 125
		assert_lacks "$stderr" precious PATH=
		assert_same "$before" "$(services)"
	done
	[ ! -e ran ]
	assert_same precious "$(</tmp/loot.$$)"
}

# Each command line gets a place to write to behind its last word.
writers=('snapshot -o' 'snapshot -f ipvsadm -o' 'report -o' 'run --report')

# refused_there WHAT COMMAND...: it ends with 125, and says that another user's WHAT is in the way.
refused_there() {
	local what=$1
	shift
	capture timeout 20 env "$@"
	echo "$*"
	assert_status 125
	assert_contains "$stderr" "is a $what that another user made in a sticky directory"
}

@test "nothing is made, written or appended through another user's link, with fs.protected_symlinks and without" {
	local sticky=/tmp/ipvs-iso-security.$$.sticky precious before place writer words
	# What they are after.
	precious=$PWD/precious
	mkdir -m 755 precious
	echo precious >precious/file.json
	before=$(ls -lRi --time-style=full-iso precious)
	mkdir -m 1777 "$sticky"
	chmod 1777 "$sticky"
	as_nobody "cd $sticky && mkdir -m 755 theirs && mkdir -m 1777 theirs/sticky && chmod 1777 theirs/sticky &&
		ln -s $precious way && ln -s $precious theirs/way && ln -s $precious theirs/sticky/way &&
		ln -s $precious/file.json file.json && ln -s $precious/new.json new.json && mkfifo -m 666 pipe.json"
	assert_status 0
	ln -s "$sticky/way" ours
	ipvs-iso run --report result.json -- true
	for protected in 0 1; do
		echo $protected >/proc/sys/fs/protected_symlinks
		for place in "$sticky"/{way,theirs/way,theirs/sticky/way}/new.json "$sticky"/{file,new}.json ours/new.json; do
			for writer in "${writers[@]}"; do
				read -ra words <<<"$writer"
				case $writer in
				run*) refused_there link ipvs-iso "${words[@]}" "$place" -- touch ran ;;
				report*) refused_there link ipvs-iso "${words[@]}" "$place" result.json ;;
				*) refused_there link ipvs-iso "${words[@]}" "$place" ;;
				esac
			done
			refused_there link GITHUB_STEP_SUMMARY="$place" ipvs-iso report -f github result.json
		done
		for place in "$sticky"/{way,theirs/way,theirs/sticky/way} "$PWD/ours"; do
			refused_there link IPVS_ISO_REPORT_DIR="$place" ipvs-iso run -- touch ran
			refused_there link IPVS_ISO_REPORT_DIR="$place/new" ipvs-iso run -- touch ran
			refused_there link IPVS_ISO_STATE_DIR="$place/new" ipvs-iso run -- touch ran
			refused_there link IPVS_ISO_STATE_DIR="$place/new" ipvs-iso flush
		done
		# From within, where the path says nothing of what is around it.
		cd "$sticky/theirs"
		for writer in "${writers[@]:0:3}"; do
			read -ra words <<<"$writer"
			words+=(way/new.json)
			[ "${words[0]}" != report ] || words+=("$OLDPWD/result.json")
			refused_there link ipvs-iso "${words[@]}"
		done
		refused_there link GITHUB_STEP_SUMMARY=way/new.json ipvs-iso report -f github "$OLDPWD/result.json"
		refused_there link ipvs-iso run --report way/new.json -- touch "$OLDPWD/ran"
		refused_there link ipvs-iso run --report ./way/new.json -- touch "$OLDPWD/ran"
		cd "$OLDPWD"
		refused_there pipe GITHUB_STEP_SUMMARY="$sticky/pipe.json" ipvs-iso report -f github result.json
		refused_there pipe ipvs-iso snapshot -o "$sticky/pipe.json"
	done
	[ ! -e ran ]
	assert_same "$before" "$(ls -lRi --time-style=full-iso precious)"
	# The caller's own lead on.
	ln -s "$precious" "$sticky/ours"
	ipvs-iso snapshot -o "$sticky/ours/new.json"
	ipvs-iso check precious/new.json
}

@test "no environment is written anywhere: neither beside the lock nor in a report" {
	export UNSAID=open-sesame.$$
	local ending reports=(--report github)
	for ending in html xml json tap md txt; do
		reports+=(--report "result.$ending")
	done
	mkdir results
	# shellcheck disable=SC2016 # for the unit's shell
	IPVS_ISO_REPORT_DIR=$PWD/results background_run "${reports[@]}" -- '
		ipvsadm -A -f 6
		ipvs-iso savepoint here
		ipvs-iso run -- true
		sleep 600 &'
	[ -n "$(find "$IPVS_ISO_STATE_DIR" -name 'journal*')" ]
	! grep -r "$UNSAID" "$IPVS_ISO_STATE_DIR" || return 1
	# The search would find it: the unit has it in its environment.
	grep -qz "$UNSAID" "/proc/$unit/environ"
	kill "$job"
	wait_for_job
	assert_status 143
	! grep -r "$UNSAID" "$IPVS_ISO_STATE_DIR" result.* results job.stdout job.stderr || return 1
	assert_same 6 "$(find . -name 'result.*' -size +0 | wc -l)"
	[ "$(find results -name '*.json' -size +0 | wc -l)" -ge 1 ]

	# Nor after a kill, by whoever recovers.
	background_run -- 'ipvsadm -A -f 6'
	kill -KILL "$job" "$unit"
	ipvs-iso recover --kill
	! grep -r "$UNSAID" "$IPVS_ISO_STATE_DIR" || return 1
}
