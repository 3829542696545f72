#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

setup() {
	isolate_state
}

teardown() {
	clean_table
}

# One thing added, one changed, one removed.
change_table() {
	ipvsadm -R <<-'RULES'
		-A -f 5 -s lc
		-e -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 9
		-d -t 10.9.0.1:443 -r 10.9.1.3:8443
	RULES
}

@test "diff of equal tables prints nothing and exits with 0" {
	fill_table
	ipvs-iso snapshot -o before.json
	capture ipvs-iso diff before.json
	assert_status 0
	assert_same '' "$output$stderr"
	capture ipvs-iso diff live live
	assert_status 0
}

@test "diff of a file with the live table shows what was added, changed and removed, and exits with 1" {
	fill_table
	ipvs-iso snapshot -o before.json
	change_table
	ipvsadm --set 800 90 201
	local before
	before=$(table)
	capture ipvs-iso diff before.json
	assert_status 1
	assert_same '- -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50
~ -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 9 (was: -w 1)
+ -A -f 5 -s lc
~ --set 800 90 201 (was: --set 800 90 200)' "$output"
	assert_same '' "$stderr"
	assert_same "$before" "$(table)"
}

@test "diff goes from the first table to the second, each of them a file, standard input or live" {
	ipvs-iso snapshot -o empty.json
	ipvsadm -A -f 5 -s lc
	ipvs-iso snapshot -o marked.json
	capture ipvs-iso diff empty.json marked.json
	assert_same '+ -A -f 5 -s lc' "$output"
	capture ipvs-iso diff marked.json empty.json
	assert_same '- -A -f 5 -s lc' "$output"
	capture ipvs-iso diff live empty.json
	assert_same '- -A -f 5 -s lc' "$output"
	capture ipvs-iso diff - live <empty.json
	assert_same '+ -A -f 5 -s lc' "$output"
}

@test "diff tells when destinations are the same in another order" {
	fill_table
	ipvs-iso snapshot -o before.json
	ipvsadm -R <<-'RULES'
		-d -t 10.9.0.1:443 -r 10.9.1.1:8443
		-a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1
	RULES
	capture ipvs-iso diff before.json
	assert_status 1
	assert_contains "$output" ' (in another place)'
}

@test "diff --format json prints an object with the same changes" {
	fill_table
	ipvs-iso snapshot -o before.json
	change_table
	capture ipvs-iso diff --format json before.json
	assert_status 1
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/stdout" <<-'CHECK'
		import json, sys
		diff = json.load(open(sys.argv[1]))
		assert (diff["format"], diff["version"]) == ("ipvs-iso.diff", 1), diff
		changes = [(change["action"], change["subject"], change["text"]) for change in diff["changes"]]
		assert changes == [
		    ("remove", "destination", "-a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50"),
		    ("change", "destination", "-a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 9 (was: -w 1)"),
		    ("add", "service", "-A -f 5 -s lc"),
		], changes
	CHECK
}

@test "diff --quiet tells by its exit status alone" {
	ipvs-iso snapshot -o before.json
	ipvsadm -A -f 5 -s lc
	capture ipvs-iso diff -q before.json
	assert_status 1
	assert_same '' "$output$stderr"
}
