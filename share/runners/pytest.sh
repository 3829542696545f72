# SPDX-License-Identifier: MIT
# pytest: a unit for each file that has tests. To find them pytest imports the files, once, before any of them is run.
# command: pytest
# command: pytest-3
# command: py.test
# command: python* -m pytest
# options: -v --verbose --verbosity= -q --quiet -s --capture= -l --showlocals --tb= --color= --durations= -r= -k= -m=
# options: -p= -c= --rootdir= --confcutdir= --import-mode= -o= --override-ini= -W= --pythonwarnings= --strict-markers
# options: --strict-config --runxfail --log-level= --log-cli-level= --show-capture= --timeout= --full-trace -n= --numprocesses=

list() {
	case " $* " in *::*) decline 'single tests are named' ;; *' ..'*) decline 'files elsewhere are named' ;; esac
	# Names of files come relative to --rootdir, and one to a line with this verbosity; -p: it is no run of its own.
	"$@" --collect-only --verbosity=-2 --rootdir="$PWD" -p no:cacheprovider >"$scratch/collected" || {
		status=$?
		[ $status -eq 5 ] && return # no tests, which pytest itself shall say
		cat "$scratch/collected" >&2
		return $status
	}
	sed -n 's/: [0-9][0-9]*$//p' "$scratch/collected" >"$scratch/files"
	while IFS= read -r file; do
		[ -e "$file" ] || decline "$file, as pytest calls it, is not to be found from here"
	done <"$scratch/files"
	cat "$scratch/files"
}

run() { exec "$@" "$unit"; }
