#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The Debian package: built, accepted by lintian, installed, used and purged. The latter in a guest, whose file system is
# thrown away.

load helper

@test "make deb builds a package that lintian accepts and that installs, runs and purges" {
	local build=$BATS_TEST_TMPDIR/build
	run make -C "$BATS_TEST_DIRNAME/../.." --no-print-directory BUILD="$build" deb
	echo "$output"
	[ "$status" -eq 0 ]

	cat >"$BATS_TEST_TMPDIR/try" <<-'TRY'
		set -e
		unset IPVS_ISO_LOCK_FD IPVS_ISO_DEPTH
		export IPVS_ISO_STATE_DIR=/run/try
		# Of root's, an ordinary user cannot open the locks.
		export DPKG_ADMINDIR=/run/dpkg
		mkdir -p $DPKG_ADMINDIR/updates $DPKG_ADMINDIR/triggers
		cp -r /var/lib/dpkg/status /var/lib/dpkg/info $DPKG_ADMINDIR
		dpkg -i "$1"/deb/ipvs-iso_*.deb
		hash -r
		echo "program: $(command -v ipvs-iso)"
		/usr/bin/ipvs-iso run -- ipvsadm -A -t 10.1.1.1:80 || echo "status: $?"
		test -s /usr/share/man/man8/ipvs-iso.8.gz
		dpkg --purge ipvs-iso
		echo "left: $(find /usr /etc $DPKG_ADMINDIR/info -xdev -name '*ipvs-iso*' | tr '\n' ' ')"
	TRY
	isolate_state
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		capture "$IPVS_ISO" run --kernel uml --fail-on none -- bash "$BATS_TEST_TMPDIR/try" "$build"
	show_captured
	assert_status 0
	assert_contains "$output" 'program: /usr/bin/ipvs-iso' 'status: 123'
	[[ $output == *'left: ' || $output == *'left: '$'\n'* ]]
}

@test "the package's changelog has the program's version" {
	local version
	version=$(sed -n 's/^VERSION := //p' "$BATS_TEST_DIRNAME/../../Makefile")
	[[ $(head -n 1 "$BATS_TEST_DIRNAME/../../debian/changelog") == "ipvs-iso ($version) "* ]]
}
