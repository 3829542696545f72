#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Units that are run again, or not at all: --retries, --fail-fast, --repeat, --shard, --order.

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
}

@test "--retries: a unit that passes then is flaky, on a clean table each time; one that never does has failed" {
	cat >unit <<-'END'
		services=$(grep -c : /proc/net/ip_vs)
		echo "$1 on $services"
		ipvsadm -A -t 10.0.0.1:80
		[ "$1" = good ] || [ -e "$1.seen" ] || { : >"$1.seen"; exit 3; }
		ipvsadm -D -t 10.0.0.1:80
		[ "$1" != bad ] || exit 4
	END
	capture ipvs-iso run --retries 2 --report run.json --unit good --unit flaky --unit bad -- sh unit
	assert_status 4
	local headings
	headings=$(grep -c : /proc/net/ip_vs)
	assert_same "good on $headings
flaky on $headings
flaky on $headings
bad on $headings
bad on $headings
bad on $headings" "$output"
	local left=' +services     left     -A -t 10\.0\.0\.1:80 -s wlc'
	assert_matches "$stderr" ".*   RETRY [^:]* flaky: exit status 3
$left
   FLAKY [^:]* flaky \(attempt 2\)
   RETRY [^:]* bad: exit status 3
$left
   RETRY [^:]* bad: exit status 4 \(2 attempts\)
    FAIL [^:]* bad: exit status 4 \(3 attempts\)
--------
   FLAKY [^:]* flaky \(attempt 2\)
    FAIL [^:]* bad: exit status 4 \(3 attempts\)
 SUMMARY 3 units: 1 passed, 1 flaky, 1 failed; [0-9.]+ s"
	# Only the first attempt was waited for. What is indented further is of the earlier attempts.
	local -a started waited
	mapfile -t started < <(sed -n 's/^    "started": \([0-9]*\).*/\1/p' run.json)
	mapfile -t waited < <(sed -n 's/^    "waited": \([0-9]*\).*/\1/p' run.json)
	[ "${waited[0]}" -eq "${started[0]}" ]
	[ "${waited[1]}" -lt "${started[1]}" ]
	[ "${waited[2]}" -gt "${waited[1]}" ]

	rm flaky.seen
	capture ipvs-iso run --retries 1 --unit flaky -- sh unit
	assert_status 0
	assert_contains "$stderr" '   FLAKY '
	capture ipvs-iso run --retries 1 -- ipvsadm -A -t 10.0.0.1:80
	assert_status 123
	assert_lacks "$stderr" RETRY
}

@test "--retries: also where several units run at once" {
	capture ipvs-iso run --isolation netns -j 2 --retries 1 --unit a --unit b --unit c -- \
		sh -c '[ -e "$0.seen" ] || { : >"$0.seen"; exit 3; }'
	assert_status 0
	assert_contains "$stderr" '3 units: 3 flaky'
}

@test "--fail-fast: the first unit that does not pass is the last" {
	local -a units=(--unit true --unit '[ -e again ] || ! : >again' --unit 'exit 5' --unit 'echo not reached')
	capture ipvs-iso run --fail-fast --retries 1 "${units[@]}" -- sh -c
	assert_status 5
	assert_same '' "$output"
	assert_contains "$stderr" '4 units: 1 passed, 1 flaky, 1 failed, 1 not reached'
	local -a residue=(--unit 'ipvsadm -A -t 10.0.0.1:80' --unit 'echo reached')
	capture ipvs-iso run --fail-fast "${residue[@]}" -- sh -c
	assert_status 123
	assert_same '' "$output"
	capture ipvs-iso run --fail-fast --fail-on none "${residue[@]}" -- sh -c
	assert_status 0
	assert_same reached "$output"
}

@test "--order shuffle says its seed, and shuffle:SEED runs the units in that order; a shard may be empty" {
	local -a units=(--unit a --unit b --unit c --unit d --unit e)
	capture ipvs-iso run --order shuffle "${units[@]}" -- echo
	assert_status 0
	local order=$output seed
	seed=$(sed -n 's/^ipvs-iso: in the order shuffle://p' <<<"$stderr")
	capture ipvs-iso run --list --order "shuffle:$seed" "${units[@]}" -- echo
	assert_same "$order" "$output"

	capture ipvs-iso run -q --repeat 2 --unit x --unit y -- echo
	assert_same $'x\ny\nx\ny' "$output"

	local k empty=0
	for k in 1 2 3; do
		capture ipvs-iso run --shard $k/3 -- echo whole
		assert_status 0
		[ "$output" = whole ] || { assert_same "ipvs-iso: shard $k of 3 has no units" "$stderr"; empty=$((empty + 1)); }
	done
	assert_same 2 $empty
}
