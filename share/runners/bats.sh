# SPDX-License-Identifier: MIT
# bats(1): a unit for each file.
# command: bats
# options: -f= --filter= --filter-tags= -F= --formatter= -p --pretty -t --tap -T --timing -x --trace -r --recursive
# options: -j= --jobs= --no-parallelize-across-files --no-parallelize-within-files --no-tempdir-cleanup
# options: --print-output-on-failure --code-quote-style= --show-output-of-passing-tests --verbose-run

list() {
	depth='-maxdepth 1' before='' i=0
	for word; do
		[ $((i += 1)) -gt "$options" ] && break
		case $before$word in
		-r | --recursive) depth= ;;
		# It prints one document about all files, or who knows what.
		-Fjunit | -F/* | --formatter=junit | --formatter=/*) unknown "$before$word" ;;
		esac
		case $word in -F) before=-F ;; --formatter) before=--formatter= ;; *) before= ;; esac
	done
	shift "$options"
	for path; do
		if [ -d "$path" ]; then
			# shellcheck disable=SC2086
			find -L "$path" $depth -name '*.bats' -type f | sed 's|^\./\([^-]\)|\1|' | LC_ALL=C sort
		else
			printf '%s\n' "$path"
		fi
	done
}

run() { exec "$@" "$unit"; }
