# SPDX-License-Identifier: MIT
# bats(1): a unit for each file.
# command: bats
# options: -f= --filter= --filter-tags= -F= --formatter= -p --pretty -t --tap -T --timing -x --trace -r --recursive
# options: -j= --jobs= --no-parallelize-within-files --no-tempdir-cleanup --print-output-on-failure
# options: --show-output-of-passing-tests --verbose-run

list() {
	depth='-maxdepth 1'
	i=0
	for word; do
		[ $((i += 1)) -gt "$options" ] && break
		case $word in -r | --recursive) depth= ;; esac
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
