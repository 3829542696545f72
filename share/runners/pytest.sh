# SPDX-License-Identifier: MIT
# pytest: a unit for each file that has tests. To find them pytest imports the files, once, before any of them is run.
# command: pytest
# command: pytest-3
# command: py.test
# command: python* -m pytest
# options: -v --verbose --verbosity= -q --quiet -s --capture= -l --showlocals --tb= --color= --durations= -r= -k= -m=
# options: -p= -c= --rootdir= --confcutdir= --import-mode= -o= --override-ini= -W= --pythonwarnings= --strict-markers
# options: --strict-config --runxfail --log-level= --log-cli-level= --show-capture= --timeout= --full-trace -n= --numprocesses=
# options: --no-header --no-summary --ignore= --ignore-glob= --deselect=

list() {
	operands=$(shift "$options" && printf ' %s' "$@")
	case $operands in *::*) decline 'single tests are named' ;; *' ..'*) decline 'files elsewhere are named' ;; esac
	# What is set elsewhere than on the command line is not known but to pytest itself.
	cat >"$scratch/ipvs_iso_settings.py" <<-'END'
		OPTIONS = {"maxfail": "-x", "xmlpath": "--junit-xml", "cov_source": "--cov", "lf": "--lf", "stepwise": "--stepwise",
		           "htmlpath": "--html", "report_log": "--report-log", "log_file": "--log-file"}
		def pytest_configure(config):
		    with open(__file__ + ".found", "w") as file:
		        print(*(OPTIONS[name] for name in OPTIONS if getattr(config.option, name, None)), file=file)
	END
	# Names come relative to --rootdir, one file to a line with this verbosity. It is no run that counts for the cache.
	status=0
	PYTHONPATH=$scratch${PYTHONPATH:+:$PYTHONPATH} "$@" --collect-only --verbosity=-2 --rootdir="$PWD" \
		-o cache_dir="$scratch/cache" -p ipvs_iso_settings >"$scratch/collected" || status=$?
	found=
	[ ! -e "$scratch/ipvs_iso_settings.py.found" ] || read -r found <"$scratch/ipvs_iso_settings.py.found"
	[ -z "$found" ] || unknown "$found" '(addopts or PYTEST_ADDOPTS)'
	[ $status -ne 5 ] || return 0 # no tests, which pytest itself shall say
	[ $status -eq 0 ] || { cat "$scratch/collected" >&2; return $status; }
	sed -n 's/: [0-9][0-9]*$//p' "$scratch/collected" >"$scratch/files"
	while IFS= read -r file; do
		[ -e "$file" ] || decline "$file, as pytest calls it, is not to be found from here"
	done <"$scratch/files"
	cat "$scratch/files"
}

run() { exec "$@" "$unit"; }
