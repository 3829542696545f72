#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# share/bats/ipvs-iso.bash, which helper.bash loads.

load helper

setup_file() {
	ipvs_iso_setup
	fill_table
	ipvsadm -R <<-'RULES'
		-A -f 7 -s sh -b sh-port
		-A -f 7 -6 -s rr
		-a -f 7 -6 -r [fd00:9::2]:0 -g -w 4
	RULES
}

teardown_file() {
	ipvs_iso_teardown
}

setup() {
	ipvs_iso_setup
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	in_session_of_tests ipvs_iso_teardown
}

# fails STATUS TEXT COMMAND...: it ends with that status, and says TEXT on stderr.
fails() {
	capture "${@:3}"
	assert_status "$1"
	assert_same '' "$output"
	assert_same "$2" "$stderr"
}

@test "assertions of what is there, with the options that are named and any others" {
	ipvs_iso_assert_service -t 10.9.0.1:443
	ipvs_iso_assert_service -t 10.9.0.1:443 -p 300 -s wrr
	ipvs_iso_assert_service -u '[fd00:9::1]:53' -o
	ipvs_iso_assert_service -f 7 -s sh -b sh-port
	ipvs_iso_assert_service -f 7 -6 -s rr
	ipvs_iso_assert_service --scheduler=wrr --persistent 300 --tcp-service 10.9.0.1:443
	ipvs_iso_assert_service -p300 -t=10.9.0.1:443
	ipvs_iso_assert_service -b sh-port --fwmark-service 7 --scheduler sh
	ipvs_iso_assert_no_service -t 10.9.0.1:44
	ipvs_iso_assert_no_service -u 10.9.0.1:443
	ipvs_iso_assert_no_service -f 70
	ipvs_iso_assert_destination -t 10.9.0.1:443 -r 10.9.1.3:8443 -w 3 -m -x 100 -y 50
	ipvs_iso_assert_destination -f 7 -6 -r '[fd00:9::2]:0' -w 4
	ipvs_iso_assert_destination -mw 3 --real-server=10.9.1.3:8443 --tcp-service 10.9.0.1:443 --u-threshold 100 -y50
	ipvs_iso_assert_destination -r '[fd00:9::2]:0' --ipv6 --weight=4 --gatewaying -f 7
	ipvs_iso_assert_no_destination -t 10.9.0.1:443 -r 10.9.1.3:844
	ipvs_iso_assert_no_destination -f 7 -r '[fd00:9::2]:0'
	ipvs-iso snapshot -o now.json
	ipvs_iso_assert_equals now.json
	ipvsadm -C
	ipvsadm --set 900 120 300
	ipvs_iso_assert_clean
	ipvs_iso_assert_no_service -f 7
}

@test "assertions that do not hold say what they wanted and what there is" {
	fails 1 'wanted: -A -t 10.9.0.1:443 -s rr; there is:
    -A -t 10.9.0.1:443 -s wrr -p 300' ipvs_iso_assert_service -t 10.9.0.1:443 -s rr
	fails 1 'wanted: -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 30; there is:
    -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50' \
		ipvs_iso_assert_destination -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 30
	fails 1 'unwanted:
    -A -f 7 -6 -s rr' ipvs_iso_assert_no_service -f 7 -6
	fails 1 'unwanted:
    -a -t 10.9.0.1:443 -r 10.9.1.1:8443 -m -w 1' ipvs_iso_assert_no_destination -t 10.9.0.1:443 -r 10.9.1.1:8443
	ipvs-iso snapshot -o before.json
	ipvsadm -D -t 10.9.0.1:443
	ipvsadm -D -f 7
	ipvsadm -E -f 7 -6 -s lc
	ipvsadm --set 800 90 201
	fails 1 'there is no -A -t 10.9.0.1:443; there is:
    -A -u [fd00:9::1]:53 -s rr -o
    -A -f 7 -6 -s lc
    -a -f 7 -6 -r [fd00:9::2]:0 -g -w 4
    --set 800 90 201 (was: --set 900 120 300)' ipvs_iso_assert_service -t 10.9.0.1:443
	fails 1 'the table does not equal before.json (- is missing, + is too much, ~ is different):
    - -A -t 10.9.0.1:443 -s wrr -p 300
    - -A -f 7 -s sh -b sh-port
    ~ -A -f 7 -6 -s lc (was: -s rr)
    ~ --set 800 90 201 (was: --set 800 90 200)' ipvs_iso_assert_equals before.json
	ipvsadm -C
	ipvsadm --set 900 120 300
	fails 1 'there is no -A -f 7; there is:
    nothing' ipvs_iso_assert_service -f 7
	ipvsadm -A -f 8
	fails 1 'the table is not clean:
    services     left     -A -f 8 -s wlc' ipvs_iso_assert_clean
}

@test "assertions that make no sense, and those that cannot look, say so" {
	fails 2 "no service in '10.0.0.1:80': name it with -t, -u, --sctp-service or -f" ipvs_iso_assert_service 10.0.0.1:80
	fails 2 "no service in '': name it with -t, -u, --sctp-service or -f" ipvs_iso_assert_no_service
	fails 2 'no destination of -f 7 -6: name it with -r ADDRESS:PORT' ipvs_iso_assert_destination -f 7 -6 -w 1
	fails 1 'wanted: -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -w 30; there is:
    -a -t 10.9.0.1:443 -r 10.9.1.3:8443 -m -w 3 -x 100 -y 50' \
		ipvs_iso_assert_destination --tcp-service=10.9.0.1:443 -r 10.9.1.3:8443 --weight=30
	fails 125 'ipvs-iso: cannot open missing.json: No such file or directory' ipvs_iso_assert_equals missing.json
}

@test "each test of a file starts from what setup_file made, and nothing of the last one is left" {
	isolate_state
	# bats would take lines that begin with @test for tests of this file.
	sed 's/^TEST/@test/' >demo.bats <<-DEMO
		load $BATS_TEST_DIRNAME/../../share/bats/ipvs-iso
		setup_file() { ipvs_iso_setup; ipvsadm -A -t 10.0.0.1:80 -s rr; }
		teardown_file() { ipvs_iso_teardown; }
		setup() { ipvs_iso_setup; }
		teardown() { ipvs_iso_teardown; }
		TEST "one" {
			ipvsadm -C
			ipvsadm -A -f 7
			ipvs_iso_assert_service -t 10.0.0.1:80
		}
		TEST "two" {
			ipvs_iso_assert_service -t 10.0.0.1:80 -s rr
			ipvs_iso_assert_no_service -f 7
			ipvsadm -A -f 8
		}
	DEMO
	capture ipvs-iso run -- bats --tap demo.bats
	assert_status 1
	assert_contains "$output" 'not ok 1 one' '# there is no -A -t 10.0.0.1:80; there is:
#     -A -f 7 -s wlc' 'ok 2 two'
	# No residue either.
	assert_matches "$stderr" '    FAIL [^
]*'
}
