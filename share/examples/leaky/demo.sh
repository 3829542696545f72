#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Usage: share/examples/leaky/demo.sh [PROGRAM]
#
# Runs the three packages beside this script under ipvs-iso (PROGRAM, by default the one that make built), shows what it
# says and explains how it ended. Succeeds when the residue was found: when ipvs-iso's exit status was 123.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 1

units=()
for package in clean leaves-service leaves-daemon; do
	units+=(--unit "$package")
done
command=("${1:-build/ipvs-iso}" run "${units[@]}" -- bats 'share/examples/leaky/{}')

printf '\n$ %s\n' "${command[*]}"
"${command[@]}"
status=$?

printf '\nexit status %s: ' $status
case $status in
123) echo 'all tests passed, and two of the three packages left residue behind. That is what this demo shows.' ;;
0) echo 'nothing was found, though two of the three packages leave residue behind.' ;;
124) echo 'a package ran past its time.' ;;
125) echo 'ipvs-iso itself failed; it says why above.' ;;
126 | 127) echo 'bats could not be run.' ;;
*) echo 'a test failed.' ;;
esac
[ $status -eq 123 ]
