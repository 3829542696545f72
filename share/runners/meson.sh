# SPDX-License-Identifier: MIT
# meson test: a unit for each test, all built before.
# command: meson test
# options: -C= --no-rebuild --suite= --no-suite= --setup= -t= --timeout-multiplier= -v --verbose -q --quiet
# options: --print-errorlogs --num-processes= --test-args=

# Builds what `meson test` would, which its --list does not.
build() {
	meson=$1 folder=.
	for word; do
		[ "$folder" ] || folder=$word
		case $word in
		--no-rebuild) return ;;
		-C) folder= ;;
		-C*) folder=${word#-C} ;;
		esac
	done
	"$meson" compile -C "$folder" >&2
}

list() {
	build "$@" || return
	"$@" --list >"$scratch/listed" || { status=$?; cat "$scratch/listed" >&2; return $status; }
	# "project:suite / test", but "project:test" is what one gives it.
	sed -n '/^ninja: /d; /^\[/d; /^INFO: /d; s|^\([^:/ ]*\)\(:[^/]*\)\{0,1\} / |\1:|; p' "$scratch/listed" >"$scratch/names"

	# It would succeed where a name matched no test, or several tests, so all are tried once, in place of the operands.
	i=0
	for word; do
		shift
		[ $((i += 1)) -gt "$options" ] || set -- "$@" "$word"
	done
	while IFS= read -r name; do set -- "$@" "$name"; done <"$scratch/names"
	[ "$("$@" --no-rebuild --list | wc -l)" -eq $(($# - options)) ] || decline 'its tests cannot be told apart by name'
	cat "$scratch/names"
}

run() { exec "$@" --no-rebuild "$unit"; }
