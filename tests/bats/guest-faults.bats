#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Killed or failed at any system call, no table is lost: a sample of what `make check-faults` tries at every call.

@test "killed or failed at one system call after another, run and restore lose no table" {
	run "$BATS_TEST_DIRNAME/../faults/inject" --every 311
	echo "$output"
	[ "$status" -eq 0 ]
	# Both commands, killed and failed.
	[[ "$output" == *'ok'*'run: signal=KILL'* ]]
	[[ "$output" == *'ok'*'run: error='* ]]
	[[ "$output" == *'ok'*'restore: signal=KILL'* ]]
}

@test "killed or failed around its journal, a run inside of a unit loses nothing of that unit's table" {
	run "$BATS_TEST_DIRNAME/../faults/inject" --nested --only renameat,unlinkat
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *'ok'*'nested run: signal=KILL'* ]]
	[[ "$output" == *'ok'*'nested run: error='* ]]
}
