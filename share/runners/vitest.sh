# SPDX-License-Identifier: MIT
# vitest: a unit for each file. Without `run` it watches for changes, which is not for units.
# command: vitest run
# command: npx vitest run
# command: yarn vitest run
# command: pnpm vitest run
# options: -c= --config= -r= --root= --dir= -t= --testNamePattern= --silent --environment= --globals --isolate
# options: --no-isolate --pool= --testTimeout= --hookTimeout= --passWithNoTests --project= --mode= --no-color --color

list() {
	# The same words, with `list` for `run`.
	replaced=
	for word; do
		shift
		[ -z "$replaced" ] && [ "$word" = run ] && word='list' && replaced=yes
		set -- "$@" "$word"
	done
	"$@" --filesOnly >"$scratch/files" && LC_ALL=C sort "$scratch/files"
}

run() {
	# It takes all files whose whole path has this in it.
	[ ! -e "$PWD/$unit" ] || unit=$PWD/$unit
	exec "$@" "$unit"
}
