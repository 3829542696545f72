# SPDX-License-Identifier: MIT
# prove(1): a unit for each test program.
# command: prove
# options: -v --verbose -l --lib -b --blib -I= -f --failures -o --comments -q --quiet -Q --QUIET -m --merge -w -W -t -T
# options: -r --recurse -s --shuffle -e= --exec= --ext= --color --nocolor --norc --rc= -j= --jobs= --timer --trap
# options: -p --parse --directives --normalize --count --nocount

list() {
	case " $* " in *' :: '*) unknown :: ;; *' - '*) unknown - ;; esac
	for file in ~/.proverc .proverc; do
		! grep -qse '^[^#]*--\(state\|archive\|formatter\)' "$file" || decline "$file sets what is for all programs at once"
	done
	"$@" --dry
}

run() { exec "$@" "$unit"; }
