#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The examples for CI services do what they say: their commands are run here as the services run them, in a home and a
# project of their own. Only apt-get, which would install, git, which would fetch our source code, and the place that
# `make install` writes to are ours.

load helper

source_folder=$BATS_TEST_DIRNAME/../..

setup() {
	isolate_state
	HOME=$BATS_TEST_TMPDIR/home
	DESTDIR=$BATS_TEST_TMPDIR/installed
	mkdir -p tests stubs "$HOME/.config/ipvs-iso"
	cp "$source_folder"/share/examples/leaky/{clean/web,leaves-service/dns}.bats tests
	# Those that are installed are looked for below the prefix, which is not where they are now.
	ln -s "$(realpath "$source_folder")/share/runners" "$HOME/.config/ipvs-iso/runners"
	# The same flags, so that nothing has to be compiled again.
	WERROR=
	if grep -q -e ' -Werror' "${IPVS_ISO%/*}/flags"; then WERROR=1; fi

	cat >stubs/apt-get <<-'STUB'
		#!/bin/sh
		case $* in update | "install --yes --no-install-recommends "*) ;; *) exit 1 ;; esac
	STUB
	cat >stubs/git <<-STUB
		#!/bin/sh
		[ "\$1 \$2 \$3 \$4" = 'clone --depth 1 https://example.org/ipvs-iso.git' ] || exit 1
		mkdir "\$5" && cp -a "\$5/../../"source/. "\$5" && cp -a '${IPVS_ISO%/*}' "\$5/build"
	STUB
	chmod +x stubs/*
	mkdir "$BATS_TEST_TMPDIR/source"
	cp -a "$source_folder"/{Makefile,cmd,completions,man,share,src,tests} "$BATS_TEST_TMPDIR/source"
	# bats puts its own folder before all others, where a `bats` is that only it can call.
	PATH=$PWD/stubs:$DESTDIR/usr/local/bin:${PATH#*libexec/bats-core:}
}

needs_guest() {
	command -v linux.uml >/dev/null || skip 'the package user-mode-linux is not installed'
}

# of_example FILE EXPRESSION: what the Python expression makes of the example, `job` being its only job, one a line.
of_example() {
	/usr/bin/python3 - "$source_folder/share/examples/$1" "$2" <<-'PYTHON'
		import sys, yaml
		example = yaml.safe_load(open(sys.argv[1]))
		(job,) = example.get("jobs", example).values()
		print("\n".join(eval(f"({sys.argv[2]})")))
	PYTHON
}

# run_script FILE [NAME=VALUE...]: in the environment that a service would give it, without that of these tests.
run_script() {
	local file=$1
	shift
	capture timeout 120 env -i PATH="$PATH" HOME="$HOME" DESTDIR="$DESTDIR" WERROR="$WERROR" "$@" sh -e "$file"
	assert_status 123 # dns.bats leaves a service behind
	assert_same "$DESTDIR/usr/local/bin/ipvs-iso" "$(command -v ipvs-iso)"
	assert_contains "$stderr" 'PASS' 'tests/web.bats' 'RESIDUE' 'tests/dns.bats' '2 units: 1 passed, 1 left residue'
}

@test "the example for GitHub Actions installs ipvs-iso, runs tests, annotates and leaves a summary and results" {
	needs_guest
	local result
	of_example github-actions.yml '[f"export {name}={value}" for name, value in job["env"].items()]
		+ [step["run"] for step in job["steps"] if "run" in step]' >script
	run_script script GITHUB_STEP_SUMMARY="$PWD/summary"
	assert_contains "$stderr" '::error title=RESIDUE tests/dns.bats::'
	assert_contains "$(<summary)" 'tests/dns.bats' '-A -u 10.2.0.1:53 -s wrr'
	for result in $(of_example github-actions.yml '[job["steps"][-1]["with"]["path"]]'); do
		[ -s "$result" ]
	done
	xmllint --noout --schema "$source_folder/tests/fixtures/junit.xsd" results.xml
}

@test "the example for GitLab CI installs ipvs-iso, runs a job's share of the tests, and leaves results for GitLab" {
	needs_guest
	local result
	of_example gitlab-ci.yml '[f"export {name}={value}" for name, value in job["variables"].items()]
		+ job["before_script"] + job["script"]' >script
	run_script script CI_NODE_INDEX=1 CI_NODE_TOTAL=1
	for result in $(of_example gitlab-ci.yml 'job["artifacts"]["paths"] + [job["artifacts"]["reports"]["junit"]]'); do
		[ -s "$result" ]
	done
	xmllint --noout --schema "$source_folder/tests/fixtures/junit.xsd" results.xml
	# As many jobs as there are have each file once.
	assert_same 'tests/dns.bats tests/web.bats' "$(for job in 1 2; do
		ipvs-iso run --list --shard "$job/$(of_example gitlab-ci.yml '[str(job["parallel"])]')" -- bats tests
	done | sort | paste -sd ' ')"
}
