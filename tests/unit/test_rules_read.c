/* SPDX-License-Identifier: MIT */
/*
 * Rules for ipvsadm -R, read and written: every option in every way in which ipvsadm takes it, in the words that are
 * written for it; and those that are refused, with what is said of them. guest-rules.bats asks ipvsadm itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "table/json.h"
#include "table/rules_read.h"
#include "table/rules_write.h"
#include "table/table_text.h"

static int find_port(const char *name, const char *protocol)
{
	if (strcmp(name, "http") == 0 && (strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0))
		return 80;
	if (strcmp(name, "x400-snd") == 0)
		return 104;
	return strcmp(name, "only-udp") == 0 && strcmp(protocol, "udp") == 0 ? 7 : -1;
}

static int read_rules(struct table *table, const char *text, struct error *error)
{
	table_init(table);
	return table_from_rules(table, text, strlen(text), "f", find_port, error);
}

/* What is written of what is read. */
static void expect_rules(const char *text, const char *expected)
{
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = {0};
	if (read_rules(&table, text, &error) < 0)
		fail_msg("%s: %s", text, error.message);
	CLEANUP_FREE char *unsaid = NULL;
	CLEANUP_FREE char *written = table_to_rules(&table, NULL, &unsaid);
	assert_string_equal(written, expected);
	assert_string_equal(unsaid, "");
}

struct reading {
	const char *text, *expected;
};

static void expect_each(const struct reading *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_rules(cases[i].text, cases[i].expected);
}

#define EXPECT_EACH(cases) expect_each(cases, sizeof(cases) / sizeof *(cases))

#define ADD "-A -t 10.0.0.1:80 -s wlc\n"

static void services_are_named_in_every_way(void **state)
{
	(void)state;
	const struct reading cases[] = {
		{"-A -t 10.0.0.1:80", ADD},
		{"-A -t=10.0.0.1:80", ADD},
		{"-A -t10.0.0.1:80", ADD},
		{"-At 10.0.0.1:80", ADD},
		{"-At=10.0.0.1:80", ADD},
		{"--add-service --tcp-service 10.0.0.1:80", ADD},
		{"--add-service --tcp-service=10.0.0.1:80", ADD},
		{"-A -t 10.0.0.1:http", ADD},
		{"-A -t 10.0.0.1:0080", ADD},
		{"ipvsadm -A -t 10.0.0.1:80", ADD},
		{" \t -A\t-t  10.0.0.1:80 \r\n", ADD},
		{"# a comment -A\n\n   \n-A -t 10.0.0.1:80 --\n  #\n", ADD},
		{"-A -u 10.0.0.1:only-udp", "-A -u 10.0.0.1:7 -s wlc\n"},
		{"-A --udp-service 10.0.0.1:53", "-A -u 10.0.0.1:53 -s wlc\n"},
		{"-A --sctp-service 10.0.0.1:9", "-A --sctp-service 10.0.0.1:9 -s wlc\n"},
		{"-A --sctp-service=[fd00::1]:x400-snd", "-A --sctp-service [fd00::1]:104 -s wlc\n"},
		{"-A -t [fd00:0:0::1]:80", "-A -t [fd00::1]:80 -s wlc\n"},
		{"-A -t [::ffff:10.0.0.1]:80", "-A -t [::ffff:10.0.0.1]:80 -s wlc\n"},
		{"-A -t fd00::1 -p", "-A -t [fd00::1]:0 -s wlc -p 360\n"},
		{"-A -t fd00::1:80 -p", "-A -t [fd00::1:80]:0 -s wlc -p 360\n"},
		{"-A -t 10.0.0.1 -p", "-A -t 10.0.0.1:0 -s wlc -p 360\n"},
		{"-A -f 7", "-A -f 7 -s wlc\n"},
		{"-A --fwmark-service=4294967295 --ipv6", "-A -f 4294967295 -6 -s wlc\n"},
		{"-A -f 7 -6", "-A -f 7 -6 -s wlc\n"},
	};
	EXPECT_EACH(cases);
}

static void services_have_every_option(void **state)
{
	(void)state;
	const struct reading cases[] = {
		{"-A -t 10.0.0.1:80 -s rr", "-A -t 10.0.0.1:80 -s rr\n"},
		{"-A -s rr -t 10.0.0.1:80", "-A -t 10.0.0.1:80 -s rr\n"},
		{"-A -t 10.0.0.1:80 --scheduler=none", "-A -t 10.0.0.1:80 -s none\n"},
		{"-A -t 10.0.0.1:80 -p", "-A -t 10.0.0.1:80 -s wlc -p 360\n"},
		{"-A -p -t 10.0.0.1:80", "-A -t 10.0.0.1:80 -s wlc -p 360\n"},
		{"-A -t 10.0.0.1:80 -p 300", "-A -t 10.0.0.1:80 -s wlc -p 300\n"},
		{"-A -t 10.0.0.1:80 -p300", "-A -t 10.0.0.1:80 -s wlc -p 300\n"},
		{"-A -t 10.0.0.1:80 -p=2678400", "-A -t 10.0.0.1:80 -s wlc -p 2678400\n"},
		{"-A -t 10.0.0.1:80 --persistent --netmask 255.255.0.0",
		 "-A -t 10.0.0.1:80 -s wlc -p 360 -M 255.255.0.0\n"},
		{"-A -t 10.0.0.1:80 --persistent=1 -M 0.0.0.0", "-A -t 10.0.0.1:80 -s wlc -p 1 -M 0.0.0.0\n"},
		{"-A -t 10.0.0.1:80 -M 255.255.255.255", ADD},
		{"-A -t [fd00::1]:80 -p 5 -M 1", "-A -t [fd00::1]:80 -s wlc -p 5 -M 1\n"},
		{"-A -t [fd00::1]:80 -p 5 -M 128", "-A -t [fd00::1]:80 -s wlc -p 5\n"},
		{"-A -f 1 -6 -p 5 -M 64", "-A -f 1 -6 -s wlc -p 5 -M 64\n"},
		{"-A -t 10.0.0.1:80 --pe sip", "-A -t 10.0.0.1:80 -s wlc --pe sip\n"},
		{"-A -u 10.0.0.1:80 -o", "-A -u 10.0.0.1:80 -s wlc -o\n"},
		{"-A -f 1 --ops", "-A -f 1 -s wlc -o\n"},
		{"-A -t 10.0.0.1:80 -s sh -b sh-port", "-A -t 10.0.0.1:80 -s sh -b sh-port\n"},
		{"-A -b=sh-fallback,sh-port,flag-3 -t 10.0.0.1:80 -s sh",
		 "-A -t 10.0.0.1:80 -s sh -b sh-fallback,sh-port,flag-3\n"},
		{"-A -t 10.0.0.1:80 -s mh --sched-flags mh-port,mh-fallback",
		 "-A -t 10.0.0.1:80 -s mh -b mh-fallback,mh-port\n"},
		{"-A -t 10.0.0.1:80 -b flag-1,flag-2,flag-1", "-A -t 10.0.0.1:80 -s wlc -b flag-1,flag-2\n"},
	};
	EXPECT_EACH(cases);
}

#define SERVER ADD "-a -t 10.0.0.1:80 -r "

static void destinations_have_every_option(void **state)
{
	(void)state;
	const struct reading cases[] = {
		{SERVER "10.0.0.2:80", SERVER "10.0.0.2:80 -g -w 1\n"},
		{ADD "--add-server --tcp-service=10.0.0.1:80 --real-server=10.0.0.2:http",
		 SERVER "10.0.0.2:80 -g -w 1\n"},
		{SERVER "10.0.0.2 -g", SERVER "10.0.0.2:80 -g -w 1\n"},
		/* ipvsadm gives all but masqueraded ones the service's port. */
		{SERVER "10.0.0.2:8080", SERVER "10.0.0.2:80 -g -w 1\n"},
		{SERVER "10.0.0.2:8080 --ipip", SERVER "10.0.0.2:80 -i -w 1\n"},
		{SERVER "10.0.0.2:8080 -m", SERVER "10.0.0.2:8080 -m -w 1\n"},
		{SERVER "10.0.0.2 --masquerading", SERVER "10.0.0.2:80 -m -w 1\n"},
		{SERVER "10.0.0.2 --gatewaying --weight 0", SERVER "10.0.0.2:80 -g -w 0\n"},
		{SERVER "10.0.0.2 -mw 5", SERVER "10.0.0.2:80 -m -w 5\n"},
		{SERVER "10.0.0.2 -w2147483647", SERVER "10.0.0.2:80 -g -w 2147483647\n"},
		{SERVER "10.0.0.2 -x 9 -y 8", SERVER "10.0.0.2:80 -g -w 1 -x 9 -y 8\n"},
		{SERVER "10.0.0.2 --l-threshold=1 --u-threshold=2147483647",
		 SERVER "10.0.0.2:80 -g -w 1 -x 2147483647 -y 1\n"},
		{SERVER "fd00::2 -i", SERVER "[fd00::2]:80 -i -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type ipip", SERVER "10.0.0.2:80 -i -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type gue --tun-port=6080",
		 SERVER "10.0.0.2:80 -i --tun-type gue --tun-port 6080 --tun-nocsum -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type=gue --tun-port 6080 --tun-csum",
		 SERVER "10.0.0.2:80 -i --tun-type gue --tun-port 6080 --tun-csum -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type gue --tun-port 6080 --tun-remcsum",
		 SERVER "10.0.0.2:80 -i --tun-type gue --tun-port 6080 --tun-remcsum -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type gre --tun-csum",
		 SERVER "10.0.0.2:80 -i --tun-type gre --tun-csum -w 1\n"},
		{SERVER "10.0.0.2 -i --tun-type gre --tun-nocsum",
		 SERVER "10.0.0.2:80 -i --tun-type gre --tun-nocsum -w 1\n"},
		{"-A -f 1\n-a -f 1 -r 10.0.0.2\n", "-A -f 1 -s wlc\n-a -f 1 -r 10.0.0.2:0 -g -w 1\n"},
		{"-A -f 1\n-a -f 1 -r 10.0.0.2:http -g\n", "-A -f 1 -s wlc\n-a -f 1 -r 10.0.0.2:80 -g -w 1\n"},
		{"-A -f 1 -6\n-a -f 1 -6 -r [fd00::2]:8 -m", "-A -f 1 -6 -s wlc\n-a -f 1 -6 -r [fd00::2]:8 -m -w 1\n"},
		/* Before the service its port is not known; what is not masqueraded gets it in the end. */
		{ADD "-a -m -r 10.0.0.2 -t 10.0.0.1:80", ADD "-a -t 10.0.0.1:80 -r 10.0.0.2:0 -m -w 1\n"},
		{ADD "-a -r 10.0.0.2:81 -t 10.0.0.1:80", ADD "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n"},
		{ADD "-a -r 10.0.0.2:81 -m -t 10.0.0.1:80 -w 4", ADD "-a -t 10.0.0.1:80 -r 10.0.0.2:81 -m -w 4\n"},
	};
	EXPECT_EACH(cases);
}

static void rules_are_carried_out_in_their_order(void **state)
{
	(void)state;
	const struct reading cases[] = {
		/* As they come, and no other order: what is written is in the order of adding, too. */
		{SERVER "10.0.0.3\n-a -t 10.0.0.1:80 -r 10.0.0.2\n-a -t 10.0.0.1:80 -r 10.0.0.4",
		 SERVER "10.0.0.3:80 -g -w 1\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n"
			"-a -t 10.0.0.1:80 -r 10.0.0.4:80 -g -w 1\n"},
		/* An edit sets what it does not say to its default, and the destination keeps its place. */
		{"-A -t 10.0.0.1:80 -s rr -p 9 --pe sip\n-a -t 10.0.0.1:80 -r 10.0.0.3 -m -w 9 -x 9\n"
		 "-a -t 10.0.0.1:80 -r 10.0.0.2\n"
		 "-e -t 10.0.0.1:80 -r 10.0.0.3 -m -y 0\n--edit-service -t 10.0.0.1:80 -p",
		 "-A -t 10.0.0.1:80 -s wlc -p 360\n-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 1\n"
		 "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n"},
		/* What is removed and added again is the newest. */
		{SERVER "10.0.0.3\n-a -t 10.0.0.1:80 -r 10.0.0.2\n-d -t 10.0.0.1:80 -r 10.0.0.3:80\n"
			"-a -t 10.0.0.1:80 -r 10.0.0.3 -m",
		 SERVER "10.0.0.2:80 -g -w 1\n-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 1\n"},
		{SERVER "10.0.0.3\n--delete-server -t 10.0.0.1:80 -r 10.0.0.3", ADD},
		{SERVER "10.0.0.3\n-D -t 10.0.0.1:80\n-A -t 10.0.0.1:80", ADD},
		{SERVER "10.0.0.3\n-A -f 1\n-C\n-A -t 10.0.0.1:80", ADD},
	};
	EXPECT_EACH(cases);
}

static void timeouts_and_daemons_are_read(void **state)
{
	(void)state;
	const struct reading cases[] = {
		{"--set 5 6 7", "--set 5 6 7\n"},
		{"--set 5 0 0\n--set 0 2678400 0", "--set 5 2678400 0\n"},
		{"--start-daemon master", "--start-daemon master --mcast-interface eth0\n"},
		{"--start-daemon=backup --mcast-interface=lo --syncid=255 --sync-maxlen=65507 --mcast-group=224.1.2.3 "
		 "--mcast-port=9 --mcast-ttl=2",
		 "--start-daemon backup --mcast-interface lo --syncid 255 --sync-maxlen 65507 --mcast-group 224.1.2.3 "
		 "--mcast-port 9 --mcast-ttl 2\n"},
		{"--start-daemon backup --mcast-group ff02::81 --mcast-interface lo\n--start-daemon master --syncid 1",
		 "--start-daemon master --mcast-interface eth0 --syncid 1\n"
		 "--start-daemon backup --mcast-interface lo --mcast-group ff02::81\n"},
		{"--stop-daemon master --syncid 1\n--start-daemon master\n--stop-daemon master", ""},
	};
	EXPECT_EACH(cases);
}

static void what_no_rule_sets_is_of_no_concern(void **state)
{
	(void)state;
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = {0};
	assert_int_equal(read_rules(&table, "--set 0 5 0\n", &error), 0);
	assert_int_equal(table.timeouts.tcp, 0);
	assert_int_equal(table.timeouts.tcp_fin, 5);
	assert_true(table.any_daemons);
	assert_true(table.any_order);
	table_fill_defaults(&table);
	assert_int_equal(table.timeouts.tcp, 900);
	assert_int_equal(table.timeouts.tcp_fin, 5);
	assert_int_equal(table.timeouts.udp, 300);
	assert_false(table.any_daemons);

	table_clear(&table);
	assert_int_equal(read_rules(&table, "--stop-daemon backup\n", &error), 0);
	assert_false(table.any_daemons);
}

static void rules_are_told_from_snapshots(void **state)
{
	(void)state;
	static const char *const rules[] = {"-A", "\n\n --set", "ipvsadm -A", "# JSON: {", "\r\n\t-"};
	static const char *const others[] = {"", " \n", "{", "\n{}", "[-1]", "ipvs", "hello"};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		assert_true(rules_are_meant(rules[i], strlen(rules[i])));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(rules_are_meant(others[i], strlen(others[i])));
	assert_false(rules_are_meant("\0-A", 3));
}

/* ---- what is refused ---- */

struct refusal {
	const char *text, *message;
};

static void a_text_that_is_neither_rules_nor_a_snapshot_is_refused(void **state)
{
	(void)state;
#define NEITHER                                                                                              \
	"neither a snapshot (JSON) nor rules for ipvsadm -R | a snapshot begins with {, and a rule with an " \
	"option of ipvsadm, such as -A"
#define MARK "1:1: there is a byte order mark before the text | save it as UTF-8 without a byte order mark"
#define EMPTY " | to empty the live table, use ipvs-iso flush; a file that stands for an empty table holds the rule -C"
	static const struct refusal cases[] = {
		{"", "1:1: the file is empty" EMPTY},
		{" \r\n\t", "1:1: the file is empty" EMPTY},
		{"# nothing", "1:1: there is nothing but comments in the file" EMPTY},
		{"\n# -A -t 10.0.0.1:80\n \n#\n", "1:1: there is nothing but comments in the file" EMPTY},
		{"*filter\n", "1:1: " NEITHER},
		{"\n  sudo ipvsadm -A -t 10.0.0.1:80\n", "2:3: " NEITHER},
		{"\xef\xbb\xbf-A -t 10.0.0.1:80\n", MARK},
		{"\xef\xbb\xbf{}\n", MARK},
		{"\xff\xfe-", "1:1: UTF-16 text, or no text at all | save it as UTF-8 without a byte order mark"},
		{"{} {}", "1:4: the snapshot is followed by something else"},
		{"[]", "1:1: must be an object, not an array"},
		{"# rules\n{}", "2:1: '{}' is neither an option nor the value of one"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP_TABLE struct table table;
		CLEANUP_ERROR struct error error = {0};
		table_init(&table);
		const char *text = cases[i].text;
		assert_int_equal(table_from_text(&table, text, strlen(text), "f", find_port, &error), -1);
		CLEANUP_FREE char *whole = memory_printf("%s%s%s", error.message, error.remedy ? " | " : "",
							 error.remedy ? error.remedy : "");
		CLEANUP_FREE char *expected = memory_printf("f:%s", cases[i].message);
		assert_string_equal(whole, expected);
		assert_int_equal(error.kind, ERROR_INPUT);
	}
}

static void an_empty_table_is_the_rule_that_clears(void **state)
{
	(void)state;
	static const char text[] = "# all of it\n-C\n";
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = {0};
	table_init(&table);
	assert_int_equal(table_from_text(&table, text, strlen(text), "f", find_port, &error), 0);
	assert_int_equal(table.services.count, 0);
}

static void expect_refusals(const struct refusal *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP_TABLE struct table table;
		CLEANUP_ERROR struct error error = {0};
		table_init(&table);
		table.timeouts.tcp = 77;
		if (table_from_rules(&table, cases[i].text, strlen(cases[i].text), "f", find_port, &error) == 0)
			fail_msg("not refused: %s", cases[i].text);
		CLEANUP_FREE char *whole = memory_printf("%s%s%s", error.message, error.remedy ? " | " : "",
							 error.remedy ? error.remedy : "");
		CLEANUP_FREE char *expected = memory_printf("f:%s", cases[i].message);
		assert_string_equal(whole, expected);
		assert_int_equal(error.kind, ERROR_INPUT);
		assert_int_equal(table.timeouts.tcp, 77);
	}
}

#define EXPECT_REFUSALS(cases) expect_refusals(cases, sizeof(cases) / sizeof *(cases))

static void refuses_what_is_no_rule(void **state)
{
	(void)state;
	const struct refusal cases[] = {
		{"-", "1:1: '-' is neither an option nor the value of one"},
		{"hello", "1:1: 'hello' is neither an option nor the value of one"},
		{"-A -t 10.0.0.1:80 # x",
		 "1:19: '#' is neither an option nor the value of one | a comment has a line of "
		 "its own"},
		{"-A -t 10.0.0.1:80 x", "1:19: 'x' is neither an option nor the value of one"},
		{"-A -t 10.0.0.1:80 -- -p", "1:22: '-p' is neither an option nor the value of one"},
		{"\n\n  --add-servise", "3:3: ipvsadm has no option '--add-servise' | is it --add-service?"},
		{"-A -t 10.0.0.1:80 --wieght 3", "1:19: ipvsadm has no option '--wieght' | is it --weight?"},
		{"-A -t 10.0.0.1:80 --zzzzzz", "1:19: ipvsadm has no option '--zzzzzz'"},
		{"-A -t 10.0.0.1:80 -q", "1:19: ipvsadm has no option '-q'"},
		{"-A -t 10.0.0.1:80 -\303\244\033", "1:19: ipvsadm has no option '-\303\244?'"},
		{"-A -t 10.0.0.1:80 --ops=1", "1:19: --ops takes no value"},
		{"-A -t", "1:4: -t wants a value"},
		{"-A -t= -s rr", "1:4: -t wants a value"},
		{"-A -t -s rr", "1:4: -t wants a value"},
		{"-A -t 10.0.0.1:80 -p= -s rr", "1:19: -p wants a value"},
		{"-A --tcp-service", "1:4: --tcp-service wants a value"},
		{"--set 1 2", "1:1: --set wants three timeouts: for TCP, TCP FIN and UDP"},
		{"--set 1 2 3 4", "1:13: '4' is neither an option nor the value of one"},
		{"-A -D -t 10.0.0.1:80", "1:4: a rule has one command, and there is -A already"},
		{"-t 10.0.0.1:80 -A", "1:1: a rule begins with what to do, such as -A or -a, not with -t"},
		{"-L -n", "1:1: -L sets nothing, and so has no place among rules"},
		{"-A -t 10.0.0.1:80 --sort", "1:19: --sort sets nothing, and so has no place among rules"},
		{"-Z", "1:1: -Z is about counters, which are no part of a table: leave it out"},
		{"-C -t 10.0.0.1:80", "1:4: -t has no place in a rule with -C"},
		{"-A -t 10.0.0.1:80 -w 1", "1:19: -w has no place in a rule with -A"},
		{ADD "-a -t 10.0.0.1:80 -r 10.0.0.2 -s rr", "2:31: -s has no place in a rule with -a"},
		{"--stop-daemon master --mcast-interface lo",
		 "1:22: --mcast-interface has no place in a rule with --stop-daemon"},
		{"-A -t 10.0.0.1:80 -s rr --scheduler rr", "1:25: --scheduler is one too many beside -s"},
		{"-A -t 10.0.0.1:80 -u 10.0.0.1:80", "1:19: -u is one too many beside -t"},
		{ADD "-a -t 10.0.0.1:80 -r 10.0.0.2 -gm", "2:31: -m is one too many beside -g"},
		{"-A -s rr", "1:1: -A wants a virtual service: -t, -u, --sctp-service or -f"},
		{"-D", "1:1: -D wants a virtual service: -t, -u, --sctp-service or -f"},
		{ADD "--add-server -t 10.0.0.1:80", "2:1: --add-server wants a destination: -r"},
		{"--start-daemon slave", "1:16: a sync daemon is master or backup, not 'slave'"},
		{"--start-daemon", "1:1: --start-daemon wants a value"},
	};
	EXPECT_REFUSALS(cases);
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = {0};
	table_init(&table);
	assert_int_equal(table_from_rules(&table, "-C\n-\0C\n", 7, "f", find_port, &error), -1);
	assert_string_equal(error.message, "f:2:2: a NUL byte is not allowed");
}

static void refuses_wrong_values(void **state)
{
	(void)state;
	const struct refusal cases[] = {
		{"-A -t www.example.org:80", "1:7: 'www.example.org' is no address, and names of hosts are not looked "
					     "up | write the address (getent "
					     "ahosts tells it); 'ipvsadm -Sn' saves addresses, not names"},
		{"-A -t 10.1:80",
		 "1:7: '10.1' is an unusual way to write an address | if 10.0.0.1 is meant, write that"},
		{"-A -t 010.0.0.1:80",
		 "1:7: '010.0.0.1' is an unusual way to write an address | if 8.0.0.1 is meant, write that"},
		{"-A -t 80", "1:7: '80' is not ADDRESS or ADDRESS:PORT"},
		{"-A -t :80", "1:7: ':80' is not ADDRESS or ADDRESS:PORT"},
		{"-A -t [fd00::1]", "1:7: '[fd00::1]' is not ADDRESS:PORT; an IPv6 one is written [ADDRESS]:PORT"},
		{"-A -t [fd00::1:80", "1:7: '[fd00::1:80' is not ADDRESS:PORT; an IPv6 one is written [ADDRESS]:PORT"},
		{"-A -t [10.0.0.1]:80", "1:7: '[10.0.0.1]:80' is not [ADDRESS]:PORT: brackets are for IPv6 addresses"},
		{"-A -t 10.0.0.1:65536",
		 "1:7: '65536' is neither a port from 0 to 65535 nor the name of a service for tcp"},
		{"-A -t 10.0.0.1:", "1:7: '' is neither a port from 0 to 65535 nor the name of a service for tcp"},
		{"-A -t 10.0.0.1:only-udp",
		 "1:7: 'only-udp' is neither a port from 0 to 65535 nor the name of a service for tcp"},
		{"-A -t 10.0.0.1:80000000000000000000",
		 "1:7: '80000000000000000000' is neither a port from 0 to 65535 nor the name of a service for tcp"},
		{"-A -f 0", "1:7: '0' is not a whole number from 1 to 4294967295"},
		{"-A -f 4294967296", "1:7: '4294967296' is not a whole number from 1 to 4294967295"},
		{"-A -f 0x1", "1:7: '0x1' is not a whole number from 1 to 4294967295"},
		{"-A -f 7 -p rr", "1:12: 'rr' is not a whole number from 1 to 2678400"},
		{"-A -f 7 -p 0", "1:12: '0' is not a whole number from 1 to 2678400"},
		{"-A -f 7 -s a-very-long-name-of-a-scheduler-that-nobody-has",
		 "1:12: 'a-very-long-name-of-a-scheduler-that-nob...' is not the name of a scheduler: 1 to 15 bytes "
		 "of UTF-8 without slashes"},
		{"-A -f 7 --pe a/b",
		 "1:14: 'a/b' is not the name of a persistence engine: 1 to 15 bytes of UTF-8 without "
		 "slashes"},
		{"-A -f 7 -M 24", "1:12: '24' is not an IPv4 mask such as 255.255.255.0"},
		{"-A -f 7 -6 -M 129", "1:15: '129' is not a whole number from 1 to 128"},
		{"-A -f 7 -6 -M 0", "1:15: '0' is not a whole number from 1 to 128"},
		{"-A -f 7 -6 -M 255.0.0.0", "1:15: '255.0.0.0' is not a whole number from 1 to 128"},
		{"-A -f 7 -s rr -b sh-port", "1:18: 'sh-port' is no flag of the scheduler 'rr'"},
		{"-A -f 7 -s shx -b sh-port", "1:19: 'sh-port' is no flag of the scheduler 'shx'"},
		{"-A -f 7 -s sh -b sh-port,x", "1:18: 'x' is no flag of a scheduler | there are sh-fallback, sh-port, "
					       "mh-fallback, mh-port, flag-1, flag-2 "
					       "and flag-3"},
		{"-A -f 7 -b persistent",
		 "1:12: 'persistent' is no flag of a scheduler | there are sh-fallback, sh-port, mh-fallback, mh-port, "
		 "flag-1, flag-2 and flag-3"},
		{SERVER "10.0.0.2 -w 2147483648", "2:34: '2147483648' is not a whole number from 0 to 2147483647"},
		{SERVER "10.0.0.2 -w 1.5", "2:34: '1.5' is not a whole number from 0 to 2147483647"},
		{SERVER "10.0.0.2 -x 2147483648", "2:34: '2147483648' is not a whole number from 0 to 2147483647"},
		{SERVER "10.0.0.2 -i --tun-type gre6", "2:45: 'gre6' is not ipip, gue or gre"},
		{SERVER "10.0.0.2 -i --tun-type gue --tun-port 0", "2:60: '0' is not a whole number from 1 to 65535"},
		{"--set 1 2 2678401", "1:11: '2678401' is not a whole number from 0 to 2678400"},
		{"--start-daemon master --syncid 256", "1:32: '256' is not a whole number from 0 to 255"},
		{"--start-daemon master --sync-maxlen 65508", "1:37: '65508' is not a whole number from 1 to 65507"},
		{"--start-daemon master --mcast-group 10.0.0.1", "1:37: '10.0.0.1' is not a multicast address"},
		{"--start-daemon master --mcast-group fd00::1", "1:37: 'fd00::1' is not a multicast address"},
		{"--start-daemon master --mcast-port 0", "1:36: '0' is not a whole number from 1 to 65535"},
		{"--start-daemon master --mcast-ttl 256", "1:35: '256' is not a whole number from 1 to 255"},
		{"--start-daemon master --mcast-interface 1234567890123456",
		 "1:41: '1234567890123456' is not the name of a network interface: 1 to 15 bytes of UTF-8 without "
		 "slashes"},
	};
	EXPECT_REFUSALS(cases);
}

static void refuses_what_does_not_go_together(void **state)
{
	(void)state;
	const struct refusal cases[] = {
		{"-A -t 10.0.0.1", "1:1: a service without a port, or of port 0, must be persistent (-p)"},
		{"-A -t 10.0.0.1:80 -o", "1:1: -o is for UDP services and firewall marks only"},
		{"-A -t 10.0.0.1:80 -6", "1:19: -6 is for firewall marks (-f) only"},
		{"-A -6 -f 7", "1:4: ipvsadm takes -6 only behind -f"},
		{"-A -M 64 -t [fd00::1]:80",
		 "1:4: ipvsadm forgets the -M of an IPv6 service when it stands before -t | write -M behind -t"},
		{"-A -f 7 -M 64 -6",
		 "1:9: ipvsadm forgets the -M of an IPv6 service when it stands before -6 | write -M behind -6"},
		{ADD "-a -r 10.0.0.2:http -t 10.0.0.1:80",
		 "2:7: ipvsadm looks the port 'http' up only behind the service, which has the protocol | write the "
		 "service before the destination, or the port as a number"},
		{ADD "\n" ADD, "3:1: the service -t 10.0.0.1:80 is there from line 1"},
		{"-E -f 7",
		 "1:1: there is no service -f 7 here | a service is added (-A) before anything is done with it"},
		{"-D -f 7 -6",
		 "1:1: there is no service -f 7 -6 here | a service is added (-A) before anything is done with it"},
		{"-a -t 10.0.0.1:80 -r 10.0.0.2", "1:1: there is no service -t 10.0.0.1:80 here | a service is added "
						  "(-A) before anything is done with it"},
		{SERVER "10.0.0.2\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m",
		 "3:22: the service has this destination from line 2"},
		{SERVER "10.0.0.2\n-e -t 10.0.0.1:80 -r 10.0.0.3",
		 "3:22: the service has no such destination here | a destination is added (-a) before anything is done "
		 "with "
		 "it"},
		{ADD "-d -t 10.0.0.1:80 -r 10.0.0.3", "2:22: the service has no such destination here | a destination "
						      "is added (-a) before anything is done with "
						      "it"},
		{SERVER "10.0.0.2 -x 1 -y 2",
		 "2:39: the lower threshold may not be above the upper one (-x), which is 1"},
		{SERVER "fd00::2",
		 "2:22: a destination of another address family than its service must be a tunnel (-i)"},
		{SERVER "10.0.0.2 --tun-csum", "2:31: --tun-csum is for tunnels (-i) only"},
		{SERVER "10.0.0.2 -i --tun-type gue", "2:34: a tunnel of type gue wants a port: --tun-port"},
		{SERVER "10.0.0.2 -i --tun-port 5", "2:34: --tun-port is for --tun-type gue only"},
		{SERVER "10.0.0.2 -i --tun-type gre --tun-port 5", "2:49: --tun-port is for --tun-type gue only"},
		{SERVER "10.0.0.2 -i --tun-type gre --tun-remcsum", "2:49: --tun-remcsum is for --tun-type gue only"},
		{SERVER "10.0.0.2 -i --tun-csum", "2:34: --tun-csum is for --tun-type gue and gre only"},
		{SERVER "10.0.0.2 -i --tun-nocsum", "2:34: --tun-nocsum is for --tun-type gue and gre only"},
		{"--start-daemon master\n--start-daemon master --syncid 3", "2:16: there is a master daemon already"},
		{SERVER "fd00::2 -i\n--start-daemon master",
		 "2:1: the destination is of another address family than its service, which the kernel does not allow "
		 "beside sync daemons"},
		{"-A -f -1", "1:7: '-1' is not a whole number from 1 to 4294967295 | ipvsadm -S writes a mark above "
			     "2147483647 as a negative number: "
			     "add 4294967296 to "
			     "it"},
	};
	EXPECT_REFUSALS(cases);
}

/* ---- what ipvsadm has no words for ---- */

static void tells_what_cannot_be_said(void **state)
{
	(void)state;
	static const char text[] =
		"{\"format\": \"ipvs-iso.snapshot\", \"version\": 1, \"sysctl\": {\"sloppy_tcp\": 1},"
		"\"timeouts\": {\"tcp\": 2678401},"
		"\"daemons\": [{\"role\": \"master\", \"interface\": \"lo\", \"sync_id\": 0, \"max_length\": 65535}],"
		"\"services\": ["
		"{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 0, \"destinations\": ["
		"{\"address\": \"10.0.0.2\", \"port\": 0}]},"
		"{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 1, \"flags\": [\"one-packet\", \"0x40\"],"
		"\"persistence_timeout\": 5},"
		"{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 2, \"flags\": [\"persistent\"],"
		"\"persistence_timeout\": 2678401},"
		"{\"protocol\": \"tcp\", \"address\": \"10.0.0.1\", \"port\": 3, \"flags\": [\"persistent\"],"
		"\"destinations\": ["
		"{\"address\": \"10.0.0.2\", \"port\": 8, \"upper_threshold\": 4294967295},"
		"{\"address\": \"10.0.0.3\", \"port\": 3, \"forward\": \"local\"},"
		"{\"address\": \"10.0.0.4\", \"port\": 3, \"forward\": \"tunnel\", \"tunnel\": {\"type\": \"gre\","
		"\"flags\": [\"checksum\", \"remote-checksum\"]}},"
		"{\"address\": \"10.0.0.5\", \"port\": 3, \"tunnel\": {\"type\": \"gue\", \"port\": 5}},"
		"{\"address\": \"10.0.0.6\", \"port\": 3, \"upper_threshold\": 4294967295}"
		"]}]}";
	CLEANUP_TABLE struct table table;
	CLEANUP_ERROR struct error error = {0};
	table_init(&table);
	if (table_from_json(&table, text, strlen(text), "s", &error) < 0)
		fail_msg("%s", error.message);
	CLEANUP_FREE char *unsaid = NULL;
	size_t length;
	CLEANUP_FREE char *rules = table_to_rules(&table, &length, &unsaid);
	assert_int_equal(length, strlen(rules));
	assert_string_equal(rules, "-A -t 10.0.0.1:1 -s wlc\n"
				   "-A -t 10.0.0.1:2 -s wlc -p 2678400\n"
				   "-A -t 10.0.0.1:3 -s wlc -p 1\n"
				   "-a -t 10.0.0.1:3 -r 10.0.0.6:3 -g -w 1 -x 2147483647\n"
				   "-a -t 10.0.0.1:3 -r 10.0.0.5:3 -g -w 1\n"
				   "-a -t 10.0.0.1:3 -r 10.0.0.4:3 -i --tun-type gre --tun-csum -w 1\n"
				   "-a -t 10.0.0.1:3 -r 10.0.0.3:3 -g -w 1\n"
				   "--set 2678400 120 300\n"
				   "--start-daemon master --mcast-interface lo --sync-maxlen 65507\n");
	assert_string_equal(
		unsaid, "-t 10.0.0.1:0: a service of port 0 that is not persistent, and its destinations (left out)\n"
			"-t 10.0.0.1:1: the flags 0x40\n"
			"-t 10.0.0.1:1: one-packet scheduling of anything but UDP\n"
			"-t 10.0.0.1:1: a persistence timeout of 5 (written: 0)\n"
			"-t 10.0.0.1:2: a persistence timeout of 2678401 (written: 2678400)\n"
			"-t 10.0.0.1:3: a persistence timeout of 0 (written: 1)\n"
			"-t 10.0.0.1:3 -r 10.0.0.6:3: a threshold of 4294967295 (written: 2147483647)\n"
			"-t 10.0.0.1:3 -r 10.0.0.5:3: the tunnel's type gue, port 5, flags 0x0 together\n"
			"-t 10.0.0.1:3 -r 10.0.0.4:3: the tunnel's type gre, port 0, flags 0x3 together\n"
			"-t 10.0.0.1:3 -r 10.0.0.3:3: the forwarding method local (written: -g)\n"
			"-t 10.0.0.1:3 -r 10.0.0.2:8: another port than the service's without masquerading (left out)\n"
			"--set: a timeout of 2678401 (written: 2678400)\n"
			"--start-daemon: messages of 65535 bytes (written: 65507)\n"
			"sysctls\n");
	/* And that is something that is read again. */
	CLEANUP_TABLE struct table again;
	assert_int_equal(read_rules(&again, rules, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_named_in_every_way),
		cmocka_unit_test(services_have_every_option),
		cmocka_unit_test(destinations_have_every_option),
		cmocka_unit_test(rules_are_carried_out_in_their_order),
		cmocka_unit_test(timeouts_and_daemons_are_read),
		cmocka_unit_test(what_no_rule_sets_is_of_no_concern),
		cmocka_unit_test(rules_are_told_from_snapshots),
		cmocka_unit_test(a_text_that_is_neither_rules_nor_a_snapshot_is_refused),
		cmocka_unit_test(an_empty_table_is_the_rule_that_clears),
		cmocka_unit_test(refuses_what_is_no_rule),
		cmocka_unit_test(refuses_wrong_values),
		cmocka_unit_test(refuses_what_does_not_go_together),
		cmocka_unit_test(tells_what_cannot_be_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
