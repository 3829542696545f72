# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For bats tests that run under ipvs-iso(8): every test of a file starts from the same IPVS table, and says what it
# wants of it in the words of ipvsadm(8).
#
#     load /usr/local/share/ipvs-iso/bats/ipvs-iso
#
#     setup_file() { ipvs_iso_setup; ipvsadm -A -t 10.0.0.1:80 -s rr; }    # where the tests start from more than
#     teardown_file() { ipvs_iso_teardown; }                               # what was there before
#     setup() { ipvs_iso_setup; }
#     teardown() { ipvs_iso_teardown; }
#
#     @test "a destination gets its weight" {
#         my-controller add 10.0.0.2
#         ipvs_iso_assert_destination -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 5
#     }
#
# Run it with `ipvs-iso run -- bats FILE...`: the savepoints are that run's. The tests of a file share one table, so not
# with `bats --jobs`. bats 1.4 or later.

# ipvs_iso_setup: for setup(), at its beginning. The first test of a file makes the file's savepoint, of the table as
# it is then; every later one rolls back to it. In setup_file(), before that changes the table: makes one to end with.
ipvs_iso_setup() {
	local made=$BATS_FILE_TMPDIR/ipvs-iso-savepoint
	if [ -z "${BATS_TEST_NAME-}" ]; then
		ipvs-iso savepoint "before $BATS_TEST_FILENAME"
	elif [ -e "$made" ]; then
		ipvs-iso rollback "$BATS_TEST_FILENAME"
	else
		ipvs-iso savepoint "$BATS_TEST_FILENAME" && : >"$made"
	fi
}

# ipvs_iso_teardown: for teardown(). Rolls back to the file's savepoint. In teardown_file(): to that of setup_file().
ipvs_iso_teardown() {
	if [ -z "${BATS_TEST_NAME-}" ]; then
		ipvs-iso rollback "before $BATS_TEST_FILENAME"
	else
		ipvs-iso rollback "$BATS_TEST_FILENAME"
	fi
}

# ---- assertions: where it is not so they say what they wanted and what there is, and return 1 ----
#
# SERVICE is -t ADDRESS:PORT, -u ADDRESS:PORT, --sctp-service ADDRESS:PORT or -f MARK, with -6 for IPv6. OPTION is what else
# ipvsadm would take, such as -s rr, -p 300 or --weight=5; what is not named may be anything. All of it may stand in any
# order and in any spelling that ipvsadm knows. Write the values as `ipvs-iso diff` prints them: addresses and ports are
# numbers, IPv6 is [fd00::1]:80.

# ipvs_iso_assert_service SERVICE [OPTION...]: there is such a service, and it has these options.
ipvs_iso_assert_service() {
	local _name _destination _options
	_ipvs_iso_parse "$@" && _ipvs_iso_assert_rule "-A $_name" -s
}

# ipvs_iso_assert_no_service SERVICE: there is none.
ipvs_iso_assert_no_service() {
	local _name _destination _options
	_ipvs_iso_parse "$@" && _ipvs_iso_assert_no_rule "-A $_name" -s
}

# ipvs_iso_assert_destination SERVICE -r ADDRESS:PORT [OPTION...]: it has such a destination, with these options.
ipvs_iso_assert_destination() {
	local _name _destination _options
	_ipvs_iso_parse "$@" && _ipvs_iso_parse_destination && _ipvs_iso_assert_rule "-a $_name"
}

# ipvs_iso_assert_no_destination SERVICE -r ADDRESS:PORT: it has none.
ipvs_iso_assert_no_destination() {
	local _name _destination _options
	_ipvs_iso_parse "$@" && _ipvs_iso_parse_destination && _ipvs_iso_assert_no_rule "-a $_name"
}

# ipvs_iso_assert_clean: no services, no sync daemons, the kernel's default timeouts.
ipvs_iso_assert_clean() {
	local _found
	_found=$(ipvs-iso check) || _ipvs_iso_fail $? 'the table is not clean:' "$_found"
}

# ipvs_iso_assert_equals FILE: the table equals the snapshot in FILE.
ipvs_iso_assert_equals() {
	local _found
	_found=$(ipvs-iso diff "$1" live) ||
		_ipvs_iso_fail $? "the table does not equal $1 (- is missing, + is too much, ~ is different):" "$_found"
}

# ---- what they are made of ----

# _ipvs_iso_fail STATUS MESSAGE LINES: fails, saying why, unless STATUS shows that ipvs-iso itself has done so.
_ipvs_iso_fail() {
	[ "$1" -eq 1 ] && printf '%s\n    %s\n' "$2" "${3//$'\n'/$'\n'    }" >&2
	return "$1"
}

# ipvsadm's long options that have a letter, too.
declare -gA _ipvs_iso_letters=(
	[tcp-service]=-t [udp-service]=-u [fwmark-service]=-f [ipv6]=-6 [scheduler]=-s [persistent]=-p [netmask]=-M
	[sched-flags]=-b [ops]=-o [real-server]=-r [gatewaying]=-g [ipip]=-i [masquerading]=-m [weight]=-w
	[u-threshold]=-x [l-threshold]=-y
)

# _ipvs_iso_spell WORD...: sets $_words to the words with each option as `ipvs-iso diff` spells it: "--weight=5", "-mw5"
# become "-w 5", "-m -w 5".
_ipvs_iso_spell() {
	local _word _name
	_words=()
	for _word; do
		if [[ $_word == --* ]]; then
			_name=${_word#--}
			_name=${_name%%=*}
			_words+=("${_ipvs_iso_letters[${_name:-none}]-"--$_name"}")
			[[ $_word != *=* ]] || _words+=("${_word#*=}")
			continue
		fi
		while [[ $_word == -[gimo6]?* ]]; do
			_words+=("${_word:0:2}")
			_word=-${_word:2}
		done
		if [[ $_word == -[a-zA-Z]?* ]]; then
			_words+=("${_word:0:2}")
			_word=${_word:2}
			_word=${_word#=}
		fi
		_words+=("$_word")
	done
}

# _ipvs_iso_parse WORD...: sets $_name to what names the service, $_destination to what names the destination, and
# $_options to the other words.
_ipvs_iso_parse() {
	local _words _given="$*" _ipv6=
	_name='' _destination='' _options=()
	_ipvs_iso_spell "$@"
	set -- "${_words[@]}"
	while [ $# -gt 0 ]; do
		case $1 in
		-t | -u | --sctp-service | -f) _name="$1 ${2-}" ;;
		-r) _destination=" -r ${2-}" ;;
		-6) _ipv6=' -6' ;;
		*) _options+=("$1") ;;
		esac
		case $1 in
		-t | -u | --sctp-service | -f | -r) shift $(($# < 2 ? $# : 2)) ;;
		*) shift ;;
		esac
	done
	if [ -z "$_name" ]; then
		echo "no service in '$_given': name it with -t, -u, --sctp-service or -f" >&2
		return 2
	fi
	_name+=$_ipv6
}

# Moves what names the destination to $_name.
_ipvs_iso_parse_destination() {
	if [ -z "$_destination" ]; then
		echo "no destination of $_name: name it with -r ADDRESS:PORT" >&2
		return 2
	fi
	_name+=$_destination
}

# _ipvs_iso_find NAME [OPTION]: sets $_table to the whole table as rules, a line each, and $_rule to that which begins
# with NAME, with OPTION behind it, or with anything; to nothing where there is none.
_ipvs_iso_find() {
	local _status=0 _line
	_table=$(ipvs-iso diff - live <<<'{"format": "ipvs-iso.snapshot", "version": 1}') || _status=$?
	[ $_status -le 1 ] || return $_status
	_table=${_table#[+~] }
	_table=${_table//$'\n'[+~] /$'\n'}
	_rule=
	while IFS= read -r _line; do
		if [[ $_line == "$1 ${2-}"* ]]; then
			_rule=$_line
		fi
	done <<<"$_table"
}

# _ipvs_iso_assert_rule NAME [OPTION]: there is such a rule, and it has each of $_options.
_ipvs_iso_assert_rule() {
	local _table _rule _word _wanted=
	_ipvs_iso_find "$@" || return
	[ -n "$_rule" ] || _ipvs_iso_fail 1 "there is no $1; there is:" "${_table:-nothing}" || return
	for _word in "${_options[@]}" -; do
		# A word with a dash begins the next option, and what is before it is whole.
		if [[ $_word == -* && -n $_wanted && " $_rule " != *"$_wanted "* ]]; then
			_ipvs_iso_fail 1 "wanted: $1 ${_options[*]}; there is:" "$_rule" || return
		fi
		[[ $_word == -* ]] && _wanted=
		_wanted+=" $_word"
	done
}

# _ipvs_iso_assert_no_rule NAME [OPTION]: there is no such rule.
_ipvs_iso_assert_no_rule() {
	local _table _rule
	_ipvs_iso_find "$@" || return
	[ -z "$_rule" ] || _ipvs_iso_fail 1 "unwanted:" "$_rule"
}
