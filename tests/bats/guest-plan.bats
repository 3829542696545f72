#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# restore --plan and --merge, and every kind of change, there and back again: what restore does, what it says that it
# would do, and what it leaves alone.

load helper

setup() {
	isolate_state
	# Two tables that differ in every way in which tables can; each service is another kind of difference.
	cat >one.rules <<-'RULES'
		-A -t 10.4.0.1:80 -s rr
		-a -t 10.4.0.1:80 -r 10.4.1.1:80 -m -w 1
		-A -t 10.4.0.2:80 -s wlc -p 60
		-a -t 10.4.0.2:80 -r 10.4.1.1:80 -g -w 1
		-a -t 10.4.0.2:80 -r 10.4.1.2:80 -g -w 2
		-a -t 10.4.0.2:80 -r 10.4.1.3:80 -g -w 3 -x 9 -y 8
		-A -f 1 -s rr
		-a -f 1 -r 10.4.1.1:0 -g -w 1
		-a -f 1 -r 10.4.1.2:0 -g -w 1
	RULES
	cat >two.rules <<-'RULES'
		-A -t 10.4.0.2:80 -s sh -b sh-port
		-a -t 10.4.0.2:80 -r 10.4.1.1:80 -m -w 1
		-a -t 10.4.0.2:80 -r 10.4.1.3:80 -g -w 30 -x 19 -y 8
		-a -t 10.4.0.2:80 -r 10.4.1.4:80 -i -w 3
		-A -f 1 -s rr
		-a -f 1 -r 10.4.1.2:0 -g -w 1
		-a -f 1 -r 10.4.1.1:0 -g -w 1
		-A -u [fd00:4::1]:53 -s rr -o
	RULES
}

teardown() {
	clean_table
	echo 0 >/proc/sys/net/ipv4/vs/sloppy_tcp
}

# Makes one of the two tables, and its snapshot.
make_one() {
	clean_table
	ipvsadm -R <one.rules
	ipvsadm --set 900 120 300
	ipvsadm --start-daemon master --mcast-interface lo --syncid 1
	echo 0 >/proc/sys/net/ipv4/vs/sloppy_tcp
	[ -e one.json ] || ipvs-iso snapshot -o one.json
}

make_two() {
	clean_table
	ipvsadm -R <two.rules
	ipvsadm --set 901 122 303
	ipvsadm --start-daemon master --mcast-interface lo --syncid 2
	ipvsadm --start-daemon backup --mcast-interface lo --syncid 3
	echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp
	[ -e two.json ] || ipvs-iso snapshot -o two.json
}

# All that others than ipvs-iso show.
everything() {
	local sloppy
	table
	read -r sloppy </proc/sys/net/ipv4/vs/sloppy_tcp
	echo "sloppy_tcp $sloppy"
}

there='- -A -t 10.4.0.1:80 -s rr
~ -A -t 10.4.0.2:80 -s sh -b sh-port (was: -s wlc -p 60)
- -a -t 10.4.0.2:80 -r 10.4.1.2:80 -g -w 2
~ -a -t 10.4.0.2:80 -r 10.4.1.3:80 -g -w 30 -x 19 -y 8 (was: -w 3 -x 9 -y 8)
~ -a -t 10.4.0.2:80 -r 10.4.1.1:80 -m -w 1 (was: -g -w 1)
+ -a -t 10.4.0.2:80 -r 10.4.1.4:80 -i -w 3
+ -A -u [fd00:4::1]:53 -s rr -o
- -a -f 1 -r 10.4.1.1:0 -g -w 1 (in another place)
+ -a -f 1 -r 10.4.1.1:0 -g -w 1 (in another place)
~ --set 901 122 303 (was: --set 900 120 300)
~ net.ipv4.vs.sloppy_tcp = 1 (was: 0)
~ --start-daemon master --mcast-interface lo --syncid 2 (was: --syncid 1)
+ --start-daemon backup --mcast-interface lo --syncid 3
3 to add, 6 to change, 2 to remove, 1 to put in another place'

@test "--plan says every change in the words of ipvsadm and makes none; restore makes them, both ways" {
	local first second
	make_one
	first=$(everything)
	make_two
	second=$(everything)
	capture ipvs-iso restore --plan one.json
	assert_status 0
	assert_contains "$output" '+ -A -t 10.4.0.1:80 -s rr' '- -A -u [fd00:4::1]:53 -s rr -o' \
		'- --start-daemon backup' '4 to add, 5 to change, 4 to remove, 1 to put in another place'
	assert_same '' "$stderr"
	assert_same "$second" "$(everything)"
	[ ! -e "$IPVS_ISO_STATE_DIR"/journal.json ]

	ipvs-iso restore one.json
	assert_same "$first" "$(everything)"
	capture ipvs-iso restore --plan - <two.json
	shopt -s extglob
	assert_same "$there" "${output// --sync-maxlen +([0-9])/}" # which depends on the interface
	assert_same "$first" "$(everything)"

	ipvs-iso restore two.json
	assert_same "$second" "$(everything)"
	capture ipvs-iso restore --plan two.json
	assert_status 0
	assert_same 'nothing to change' "$output"
}

@test "--plan refuses what restore would refuse" {
	echo '{"format": "ipvs-iso.snapshot", "version": 1, "sysctl": {"nosuch": 1}}' >wrong.json
	capture ipvs-iso restore --plan wrong.json
	assert_status 125
	assert_contains "$stderr" 'this kernel has no sysctl net.ipv4.vs.nosuch'
	assert_same '' "$output"
}

# refused RULES MESSAGE COMMAND...: restore, its plan, and a run with RULES as its fixture refuse them before anything is
# changed; or COMMAND alone does.
refused() {
	local rules=$1 message=$2 before command
	shift 2
	printf '%s\n' "$rules" >wrong.rules
	before=$(everything)
	for command in "${@-restore --plan wrong.rules}" "${@-restore wrong.rules}" \
		"${@-run --fixture wrong.rules -- touch ran}"; do
		# shellcheck disable=SC2086 # words
		capture ipvs-iso $command
		assert_status 125
		assert_same "ipvs-iso: $message" "$stderr"
		assert_same '' "$output"
		assert_same "$before" "$(everything)"
	done
	[ ! -e ran ]
}

@test "what the kernel would refuse is refused before: interfaces, destinations, families beside a sync daemon" {
	make_one
	local destination
	refused '--start-daemon master --mcast-interface nosuch0' \
		"there is no network interface 'nosuch0', which the master sync daemon wants"$'\n'"          \
add it, and ip link set nosuch0 up"
	for destination in '10.4.0.9:80 -r 224.0.0.5:80' '10.4.0.9:80 -r 0.0.0.0:80' '10.4.0.9:80 -r 255.255.255.255:80' \
		'[fd00:4::9]:80 -r [ff02::1]:80' '[fd00:4::9]:80 -r [::]:80' '[fd00:4::9]:80 -r [::ffff:1.2.3.4]:80'; do
		# The kernel does so, too.
		ipvsadm -A -t "${destination%% *}"
		# shellcheck disable=SC2086 # words
		! ipvsadm -a -t $destination -m || return 1
		ipvsadm -D -t "${destination%% *}"
		refused "-A -t ${destination%% *}"$'\n'"-a -t $destination -m" \
			"the kernel does not take the destination '-t $destination': its address is not unicast
          correct the address, or leave the destination out" 'restore --plan wrong.rules'
	done

	# What depends on the addresses of this host.
	ip link add own0 type dummy
	ip addr add 10.4.7.1/24 dev own0
	ip addr add fe80::7/64 dev own0 nodad
	ip link set own0 up
	wait_until grep -q '^fe80.*07 .* own0$' /proc/net/if_inet6
	for destination in '[fd00:4::9]:80 -r [fe80::1234]:80|its address is link-local and not one of this host'"'"'s own' \
		'10.4.0.9:80 -r 10.4.7.255:80|its address is the broadcast address of own0' \
		'10.4.0.9:80 -r 127.255.255.255:80|its address is the broadcast address of lo'; do
		local why=${destination#*|}
		destination=${destination%|*}
		ipvsadm -A -t "${destination%% *}"
		# shellcheck disable=SC2086 # words
		! ipvsadm -a -t $destination -m || return 1
		ipvsadm -D -t "${destination%% *}"
		refused "-A -t ${destination%% *}"$'\n'"-a -t $destination -m" \
			"the kernel does not take the destination '-t $destination': $why
          correct the address, or leave the destination out"
	done
	# Its own it takes, and what is there already stays when the address is gone.
	printf '%s\n' '-A -t [fd00:4::9]:80' '-a -t [fd00:4::9]:80 -r [fe80::7]:80 -m' \
		'-A -t 10.4.0.9:80' '-a -t 10.4.0.9:80 -r 10.4.7.1:80 -m' >own.rules
	ipvs-iso restore --merge own.rules
	assert_contains "$(ipvsadm -Sn)" '-r [fe80::7]:80 -m' '-r 10.4.7.1:80 -m'
	ip link del own0
	sed -i 's/-m$/-m -w 9/' own.rules
	ipvs-iso restore --merge own.rules
	assert_contains "$(ipvsadm -Sn)" '-r [fe80::7]:80 -m -w 9'
	ipvsadm -D -t '[fd00:4::9]:80'
	ipvsadm -D -t 10.4.0.9:80

	ip link add down0 type dummy
	refused '--start-daemon master --mcast-interface down0' \
		"the network interface 'down0', which the master sync daemon wants, is down"$'\n'"          \
ip link set down0 up"
	# A backup needs it only to be there; and what runs already, not even that.
	echo '--start-daemon backup --mcast-interface down0' >backup.rules
	ipvs-iso restore --merge backup.rules
	ip link del down0
	ipvs-iso restore --merge --plan backup.rules
	ipvs-iso restore --merge backup.rules

	local families="the destination '-t 10.4.0.7:80 -r [fd00:4::7]:80' would be of another address family than its \
service, which the kernel does not allow beside sync daemons
          leave the destination out, or stop the sync daemon first"
	local mixed=$'-A -t 10.4.0.7:80\n-a -t 10.4.0.7:80 -r [fd00:4::7]:80 -i'
	refused "$mixed" "$families" 'restore --plan wrong.rules' 'restore wrong.rules' 'restore --merge wrong.rules' \
		'restore --merge --plan wrong.rules'
	ipvsadm --stop-daemon master
	ipvsadm --stop-daemon backup
	ipvs-iso restore wrong.rules
	refused '--start-daemon master --mcast-interface lo' "$families" 'restore --merge --plan wrong.rules' \
		'restore --merge wrong.rules'
	assert_same '' "$(ls "$IPVS_ISO_STATE_DIR"/*/journal* 2>&- || :)"
}

@test "--merge adds and changes, and removes nothing; --plan says so before" {
	make_two
	make_one
	local before
	before=$(everything)
	capture ipvs-iso restore --merge --plan two.json
	assert_status 0
	assert_lacks "$output" $'\n- '
	assert_contains "$output" '+ -a -t 10.4.0.2:80 -r 10.4.1.4:80 -i -w 3' '3 to add, 6 to change, 0 to remove'
	assert_same "$before" "$(everything)"

	ipvs-iso restore --merge two.json
	assert_same '-A -t 10.4.0.1:80 -s rr
-a -t 10.4.0.1:80 -r 10.4.1.1:80 -m -w 1
-A -t 10.4.0.2:80 -s sh -b sh-port
-a -t 10.4.0.2:80 -r 10.4.1.1:80 -m -w 1
-a -t 10.4.0.2:80 -r 10.4.1.2:80 -g -w 2
-a -t 10.4.0.2:80 -r 10.4.1.3:80 -g -w 30
-a -t 10.4.0.2:80 -r 10.4.1.4:80 -i -w 3 --tun-type ipip
-A -u [fd00:4::1]:53 -s rr -o
-A -f 1 -s rr
-a -f 1 -r 10.4.1.1:0 -g -w 1
-a -f 1 -r 10.4.1.2:0 -g -w 1' "$(ipvsadm -Sn)"
	assert_same 'Timeout (tcp tcpfin udp): 901 122 303' "$(ipvsadm -L --timeout)"
	assert_contains "$(ipvsadm -L --daemon)" 'master sync daemon (mcast=lo, syncid=2' 'backup sync daemon'
	assert_contains "$(everything)" 'sloppy_tcp 1'

	# The other way: one has neither the backup daemon nor the UDP service, and both stay.
	ipvs-iso restore --merge one.json
	assert_contains "$(ipvsadm -L --daemon)" 'master sync daemon (mcast=lo, syncid=1' 'backup sync daemon'
	assert_contains "$(ipvsadm -Sn)" '-A -u [fd00:4::1]:53 -s rr -o' '-r 10.4.1.4:80 -i' '-s wlc -p 60' \
		'-r 10.4.1.3:80 -g -w 3'
	assert_same 'Timeout (tcp tcpfin udp): 900 120 300' "$(ipvsadm -L --timeout)"

	echo '{"format": "ipvs-iso.snapshot", "version": 1, "timeouts": {"udp": 77}}' >some.json
	before=$(services)
	ipvs-iso restore --merge some.json
	assert_same 'Timeout (tcp tcpfin udp): 900 120 77' "$(ipvsadm -L --timeout)"
	assert_same "$before" "$(services)"
}
