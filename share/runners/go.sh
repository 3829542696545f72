# SPDX-License-Identifier: MIT
# go test: a unit for each package that has tests. `go test -exec` compiles all of them, as many at once as it likes,
# and calls a program instead of each test binary, in the package's folder and with the arguments for the binary: that
# program keeps the binary and notes the rest.
# command: go test
# passed: ok  \t$unit\t$time
# failed: FAIL\t$unit\t$time
# note: [no tests to run] = testing: warning: no tests to run

# known WORD [PLACE]: declines where that is an option which is not for one package alone.
known() {
	option=${1#-} option=${option#-} option=${option#test.}
	case ${option%%=*} in
	c | i | n | o | C | exec | json | list | fuzz | cover* | *profile | trace | h | help) unknown "$@" ;;
	esac
}

# fails PACKAGE: a unit that does not compile prints why, which go says of the package or of what it imports, and fails.
fails() {
	folder=$scratch/units/$1/@
	mkdir -p "$folder" || exit
	awk -v package="$1" '/^# / && $2 !~ /^\[/ { own = $2 == package } own' "$scratch/errors" >"$folder/errors"
	[ -s "$folder/errors" ] || cp "$scratch/errors" "$folder/errors"
	grep -F "FAIL$tab$1 [" "$scratch/output" >"$folder/verdict"
	cat >"$folder/command" <<-'END'
		cat "$scratch/units/$unit/@/errors" >&2
		cat "$scratch/units/$unit/@/verdict"
		exit 1
	END
}

list() {
	set -f
	for word in $("$1" env GOFLAGS | tr -d "'\""); do known "$word" '(GOFLAGS)'; done
	set +f
	for word; do
		case $word in -args | --args) break ;; -*) known "$word" ;; esac
	done
	# Go's own quotes know no escape.
	case $scratch$ipvs_iso in *\'*) decline 'the name of the folder for temporary files has a quote in it' ;; esac
	cat >"$scratch/keep" <<-'END'
		quote() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
		scratch=$1 ipvs_iso=$2 binary=$3
		shift 3
		# Go shows this where it would show what a package that passes prints.
		echo "shown by go"
		# No part of an import path is @.
		folder=$scratch/units/$("$ipvs_iso" run --list -- "$binary" "$@")/@
		mkdir -p "$folder" || exit
		ln "$binary" "$folder/" 2>/dev/null || cp "$binary" "$folder/" || exit
		{
			printf 'cd %s && exec 2>&1 %s' "$(quote "$PWD")" "$(quote "$folder/${binary##*/}")"
			for word; do
				# That log is for the cache of results, which is not used.
				case $word in -test.testlogfile=*) ;; *) quote "$word" ;; esac
			done
		} >"$folder/command"
	END
	go=$1
	shift 2
	status=0
	"$go" test -exec "sh '$scratch/keep' '$scratch' '$ipvs_iso'" "$@" >"$scratch/output" 2>"$scratch/errors" || status=$?
	cat "$scratch/errors" >&2
	tab=$(printf '\t')
	built=" \[\(build\|setup\) failed\]\$"
	sed -n "s/^FAIL$tab\(.*\)$built/\1/p" "$scratch/output" >"$scratch/broken"
	if [ $status -ne 0 ] && { [ ! -s "$scratch/broken" ] || grep "^FAIL$tab" "$scratch/output" | grep -qv "$built"; }; then
		# It says ok of those that were only kept.
		grep -v -e '^ok ' -e '^?' -e '^shown by go$' "$scratch/output" >&2
		return $status
	fi
	grep "^?" "$scratch/output" >&2
	while read -r package; do
		fails "$package"
	done <"$scratch/broken"
	grep -q '^shown by go$' "$scratch/output" || hide_passing
	[ ! -d "$scratch/units" ] || (cd "$scratch/units" && find . -name @ | sed 's|^\./||; s|/@$||' | LC_ALL=C sort)
}

run() { . "$scratch/units/$unit/@/command"; }
