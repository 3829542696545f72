#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
}

# IPVS_ISO_ROUNDS=5000 tests/run tests/bats/guest-random.bats, for more of them.
@test "restore(snapshot(T)) == T for live tables made by chance, from each straight to the next" {
	fill_table
	local before
	before=$(table)
	capture "${IPVS_ISO%/*}/tests/random/live_tables"
	assert_status 0
	assert_matches "$output" '[0-9]+ rounds'
	assert_same "$before" "$(table)"
}
