# SPDX-License-Identifier: MIT
# cargo test: a unit for each test binary, and one for all doc tests. Cargo compiles the binaries and calls a program
# instead of each, in the package's folder and with the variables that it sets for it: that program notes these.
# command: cargo test
# command: cargo +* test
# command: cargo t

# with OPTION WORD...: puts the option behind the word `test`, and runs that.
with() {
	option=$1
	shift
	for word; do
		shift
		set -- "$@" "$word"
		case $option/$word in ?*/test | ?*/t) set -- "$@" "$option" && option= ;; esac
	done
	"$@"
}

list() {
	selected='' arguments=''
	for word; do
		case $word in
		--) arguments=yes && break ;;
		--no-run | --target | --target=* | --message-format* | -h | --help | --config | --config=* | --doc)
			unknown "$word" ;;
		--lib | --bin | --bin=* | --bins | --test | --test=* | --tests | --example | --example=* | --examples | \
			--bench | --bench=* | --benches | --all-targets) selected=yes ;;
		esac
	done
	! env | grep -q '^CARGO_TARGET_[A-Z0-9_]*_RUNNER=' || decline 'a runner for its binaries is set'
	case $scratch in *[[:space:]]*) decline 'the name of the folder for temporary files has a space in it' ;; esac
	cat >"$scratch/keep" <<-'END'
		quote() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
		scratch=$1 ipvs_iso=$2 binary=$3
		shift 3
		name=$("$ipvs_iso" run --list -- "$binary")
		# A library and a program of one package may have the same name.
		[ ! -e "$scratch/units/$name" ] || name=${name%/*}/${binary##*/}
		mkdir -p "$scratch/units/$name" || exit
		{
			for variable in $(env | sed -n 's/^\(CARGO[A-Z0-9_]*\|LD_LIBRARY_PATH\)=.*/\1/p'); do
				eval "value=\$$variable"
				printf 'export %s=%s\n' "$variable" "$(quote "$value")"
			done
			printf 'cd %s && exec ' "$(quote "$PWD")"
			for word in "$binary" "$@"; do quote "$word"; done
		} >"$scratch/units/$name/command"
		printf '%s\n' "$name" >>"$scratch/names"
	END
	triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
	export "CARGO_TARGET_${triple}_RUNNER=sh $scratch/keep $scratch $ipvs_iso"
	if [ "$selected" ]; then
		"$@" >"$scratch/output"
	else
		with --tests "$@" >"$scratch/output"
	fi || return
	[ ! -e "$scratch/names" ] || cat "$scratch/names"
	[ -z "$selected" ] || return 0
	unset "CARGO_TARGET_${triple}_RUNNER"
	[ "$arguments" ] || set -- "$@" --
	# Fails where there is no library.
	! with --doc "$@" --list 2>/dev/null | grep -q ': test$' || echo 'doc tests'
}

run() {
	if [ "$unit" = 'doc tests' ]; then
		with --doc "$@"
	else
		. "$scratch/units/$unit/command"
	fi
}
