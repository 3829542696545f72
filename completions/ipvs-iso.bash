# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of ipvs-iso(8) for bash. It uses bash-completion where that is there, and does without it.

# _ipvs_iso_options COMMAND: its options. Those that take a value end with "=".
_ipvs_iso_options() {
	case $1 in
	run)
		echo -k= --kernel= -i= --isolation= -j= --jobs= -w= --wait= --unit= --units-from= --no-split --list --order= \
			--repeat= --shard= --fail-fast --retries= --fixture= --timeout= --kill-after= --fail-on= --stdin= \
			--output= --keep --report= --user= --memory= --guest-timeout=
		;;
	snapshot) echo -o= --output= -f= --format= --stats ;;
	restore) echo --plan --merge -w= --wait= ;;
	diff) echo -f= --format= ;;
	wait) echo -u= --until= -s= --stable= -t= --timeout= ;;
	recover) echo --kill -w= --wait= ;;
	flush | savepoint | rollback | release) echo -w= --wait= ;;
	report) echo -f= --format= -o= --output= --verdict ;;
	esac
	[ -z "$1" ] || echo -q --quiet -v --verbose
	echo -h --help -V --version
}

# _ipvs_iso_takes_value COMMAND OPTION
_ipvs_iso_takes_value() {
	[[ " $(_ipvs_iso_options "$1" | tr '\n' ' ')" == *" $2= "* ]]
}

# _ipvs_iso_files WORD
_ipvs_iso_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# _ipvs_iso_results WORD: results of runs, and folders of such.
_ipvs_iso_results() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(
		compgen -d -- "$1"
		compgen -f -X '!*.json' -- "$1"
	)
}

# _ipvs_iso_report WORD: a file with one of the endings, or what is no file.
_ipvs_iso_report() {
	local stem=$1
	[[ ${1##*/} != ?*.* ]] || stem=${1%.*}
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <({
		compgen -f -- "$1"
		compgen -W github -- "$1"
		case $stem in
		'' | */) ;;
		*) printf '%s\n' "$stem".{html,json,md,tap,txt,xml} ;;
		esac
	} | sort -u | while IFS= read -r file; do [[ $file != "$1"* ]] || printf '%s\n' "$file"; done)
}

# _ipvs_iso_unit WORD: what can take the place of {} in the command, where that is on the line already; else a file. The {}
# has to be in quotes: bash ends the command's words at a bare one.
_ipvs_iso_unit() {
	local i pattern file
	for ((i = COMP_CWORD + 1; i < ${#COMP_WORDS[@]}; i++)); do
		pattern=${COMP_WORDS[i]//[\'\"]/}
		[[ $pattern == *{}* ]] || continue
		for file in "${pattern%%\{\}*}$1"*"${pattern#*\{\}}"; do
			[ -e "$file" ] || continue
			file=${file#"${pattern%%\{\}*}"}
			COMPREPLY+=("${file%"${pattern#*\{\}}"}")
		done
		return
	done
	_ipvs_iso_files "$1"
}

_ipvs_iso_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _ipvs_iso_value COMMAND OPTION WORD: what the option's value may be.
_ipvs_iso_value() {
	case "$1 $2" in
	'run --output')
		_ipvs_iso_words 'always on-failure never' "$3"
		return
		;;
	'report -f' | 'report --format')
		_ipvs_iso_words 'text json junit tap tap13 markdown html github' "$3"
		return
		;;
	'snapshot -f' | 'snapshot --format')
		_ipvs_iso_words 'json ipvsadm' "$3"
		return
		;;
	esac
	shift
	case $1 in
	-k | --kernel) _ipvs_iso_words 'auto host uml' "$2" ;;
	-i | --isolation) _ipvs_iso_words 'lock netns' "$2" ;;
	--stdin) _ipvs_iso_words 'inherit none' "$2" ;;
	--order) _ipvs_iso_words 'listed shuffle' "$2" ;;
	-f | --format) _ipvs_iso_words 'text json' "$2" ;;
	-o | --output | --fixture) _ipvs_iso_files "$2" ;;
	--report) _ipvs_iso_report "$2" ;;
	--unit) _ipvs_iso_unit "$2" ;;
	-u | --until)
		compopt -o nospace 2>/dev/null
		_ipvs_iso_words 'equals= contains= services=' "$2"
		;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
	--units-from) mapfile -t COMPREPLY < <(compgen -c -- "$2") ;;
	--fail-on)
		# A list: what is before the last comma stays.
		local before=
		[[ $2 == *,* ]] && before=${2%,*},
		compopt -o nospace 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -P "$before" -W 'services destinations timeouts daemons sysctl processes
			connections all none' -- "${2##*,}")
		;;
	esac
}

# _ipvs_iso_operand COMMAND WORD
_ipvs_iso_operand() {
	case $1 in
	diff)
		_ipvs_iso_files "$2"
		local words
		mapfile -t words < <(compgen -W 'live' -- "$2")
		COMPREPLY+=("${words[@]}")
		;;
	restore | check) _ipvs_iso_files "$2" ;;
	report) _ipvs_iso_results "$2" ;;
	wait) _ipvs_iso_files "${2#=}" ;; # it has none; bash makes three words of equals=FILE
	esac
}

# _ipvs_iso_wrapped INDEX: completes the command that begins with that word, as its own completion does.
_ipvs_iso_wrapped() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$1" -eq "$COMP_CWORD" ]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		_ipvs_iso_files "${COMP_WORDS[COMP_CWORD]}"
	fi
}

_ipvs_iso() {
	local word=${COMP_WORDS[COMP_CWORD]} command='' option='' only_operands='' i
	COMPREPLY=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		local before=${COMP_WORDS[i]}
		if [ -z "$command" ]; then
			[[ $before == -* ]] || command=$before
		elif [ -n "$option" ]; then
			# bash makes three words of --kernel=uml.
			[ "$before" = = ] || option=
		elif [ -z "$only_operands" ] && [ "$before" = -- ]; then
			only_operands=yes
		elif [ -z "$only_operands" ] && [[ $before == -?* ]]; then
			if _ipvs_iso_takes_value "$command" "$before"; then option=$before; fi
		elif [ "$command" = run ]; then
			_ipvs_iso_wrapped "$i"
			return
		fi
	done

	if [ -n "$option" ]; then
		_ipvs_iso_value "$command" "$option" "${word#=}"
	elif [ -z "$only_operands" ] && [[ $word == -* ]]; then
		_ipvs_iso_words "$(_ipvs_iso_options "$command" | tr -d =)" "$word"
	elif [ -z "$command" ]; then
		_ipvs_iso_words 'run snapshot restore diff flush check wait savepoint rollback release status recover report' "$word"
	elif [ "$command" = run ]; then
		_ipvs_iso_wrapped "$COMP_CWORD"
	else
		_ipvs_iso_operand "$command" "$word"
	fi
}

complete -F _ipvs_iso ipvs-iso
