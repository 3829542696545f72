# SPDX-License-Identifier: MIT
# prove(1): a unit for each test program.
# command: prove
# options: -v --verbose -l --lib -b --blib -I= -f --failures -o --comments -q --quiet -Q --QUIET -m --merge -w -W -t -T
# options: -r --recurse -s --shuffle -e= --exec= --ext= --color --nocolor --norc --rc= -j= --jobs= --timer --trap
# options: -p --parse --directives --normalize --count --nocount

list() {
	case " $* " in *' :: '* | *' - '*) decline 'it does not know what :: and - mean for one program' ;; esac
	"$@" --dry
}

run() { exec "$@" "$unit"; }
