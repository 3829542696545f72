# SPDX-License-Identifier: MIT
# ctest(1): a unit for each test.
# command: ctest
# options: -C= --build-config= --test-dir= --preset= -V --verbose -VV --extra-verbose -Q --quiet --progress
# options: --output-on-failure --debug -j= --parallel= --timeout= --stop-time= --repeat= -R= --tests-regex= -E=
# options: --exclude-regex= -L= --label-regex= -LE= --label-exclude= --no-label-summary --no-subproject-summary

list() { "$@" --show-only | sed -n '/ (Disabled)$/d; s/^ *Test *#[0-9]*: //p'; }

run() {
	# The last -R counts. Where nothing matched, ctest would succeed.
	exec "$@" --no-tests=error -R "^$(printf '%s' "$unit" | sed 's/[][\.*^$+?()|]/\\&/g')\$"
}
