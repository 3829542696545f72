#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a unit starts, and a storm of it: for a machine that nobody else needs meanwhile.

@test "a storm of forks that ignores SIGTERM is ended, also when every process forks and is gone before it is seen" {
	IPVS_ISO_TEST_STORM=1 run "${IPVS_ISO%/*}/tests/unit/test_supervise"
	echo "$output"
	[ "$status" -eq 0 ]
	# It has run, and was not skipped.
	[[ "$output" == *'[       OK ] a_storm_of_forks_ends'* ]]
}
