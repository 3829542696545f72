/* SPDX-License-Identifier: MIT */
/* Rules are what one would type into ipvsadm(8), and say what ipvsadm has no words for behind a '#'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "table/rules.h"

/* Compares with text that is freed. */
static void assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static struct service service_at(uint8_t protocol, const char *address, uint16_t port)
{
	struct address parsed = {0};
	assert_true(address_parse(&parsed, address));
	struct service service;
	service_init(&service, parsed.family);
	service.protocol = protocol;
	service.address = parsed;
	service.port = port;
	strcpy(service.scheduler, "rr");
	return service;
}

static struct service service_of_mark(uint32_t fwmark, sa_family_t family)
{
	struct service service;
	service_init(&service, family);
	service.fwmark = fwmark;
	return service;
}

static struct destination destination_at(const char *address, uint16_t port)
{
	struct destination destination;
	destination_init(&destination);
	assert_true(address_parse(&destination.address, address));
	destination.port = port;
	return destination;
}

static void services_have_names(void **state)
{
	(void)state;
	struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	assert_text(service_name_rule(&service), "-t 10.0.0.1:80");
	service = service_at(IPPROTO_UDP, "fd00::1", 53);
	assert_text(service_name_rule(&service), "-u [fd00::1]:53");
	service = service_at(IPPROTO_SCTP, "10.0.0.1", 9);
	assert_text(service_name_rule(&service), "--sctp-service 10.0.0.1:9");
	service = service_of_mark(7, AF_INET);
	assert_text(service_name_rule(&service), "-f 7");
	service = service_of_mark(UINT32_MAX, AF_INET6);
	assert_text(service_name_rule(&service), "-f 4294967295 -6");
}

static void services_have_options(void **state)
{
	(void)state;
	struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s rr");

	service.flags = SERVICE_FLAG_PERSISTENT;
	service.timeout = 300;
	service.netmask = 0xffffff00;
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0");
	strcpy(service.persistence_engine, "sip");
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0 --pe sip");

	service = service_at(IPPROTO_TCP, "fd00::1", 80);
	service.netmask = 64;
	assert_text(service_rule(&service), "-A -t [fd00::1]:80 -s rr -M 64");

	service = service_at(IPPROTO_UDP, "10.0.0.1", 53);
	service.flags = SERVICE_FLAG_ONE_PACKET;
	assert_text(service_rule(&service), "-A -u 10.0.0.1:53 -s rr -o");
}

static void scheduler_flags_have_the_schedulers_names(void **state)
{
	(void)state;
	struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	service.flags = SERVICE_FLAG_SCHEDULER_1 | SERVICE_FLAG_SCHEDULER_2;
	strcpy(service.scheduler, "sh");
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s sh -b sh-fallback,sh-port");
	strcpy(service.scheduler, "mh");
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s mh -b mh-fallback,mh-port");
	strcpy(service.scheduler, "wrr");
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s wrr -b flag-1,flag-2");
	strcpy(service.scheduler, "sh");
	service.flags = SERVICE_FLAG_SCHEDULER_2 | SERVICE_FLAG_SCHEDULER_3;
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3");
}

static void what_ipvsadm_cannot_say_of_services_is_a_remark(void **state)
{
	(void)state;
	struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	service.timeout = 5;
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s rr # persistence timeout 5");
	service.flags = SERVICE_FLAG_PERSISTENT | 0x40;
	service.timeout = 0;
	assert_text(service_rule(&service), "-A -t 10.0.0.1:80 -s rr -p # persistence timeout 0, flags 0x40");
}

static void destinations_have_options(void **state)
{
	(void)state;
	const struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	struct destination destination = destination_at("10.0.0.2", 80);
	assert_text(destination_rule(&service, &destination), "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1");
	destination.forward = FORWARD_MASQUERADE;
	destination.port = 8080;
	destination.upper_threshold = 100;
	destination.lower_threshold = 50;
	assert_text(destination_rule(&service, &destination),
		    "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1 -x 100 -y 50");
	destination = destination_at("fd00::2", 80);
	destination.forward = FORWARD_TUNNEL;
	destination.weight = INT32_MAX;
	assert_text(destination_rule(&service, &destination), "-a -t 10.0.0.1:80 -r [fd00::2]:80 -i -w 2147483647");
}

static void tunnels_have_options(void **state)
{
	(void)state;
	static const struct {
		struct tunnel tunnel;
		const char *rule;
	} cases[] = {
		{{TUNNEL_GUE, 6080, 0}, "-a -f 1 -r 10.0.0.2:0 -i --tun-type gue --tun-port 6080 --tun-nocsum -w 1"},
		{{TUNNEL_GUE, 6080, 1}, "-a -f 1 -r 10.0.0.2:0 -i --tun-type gue --tun-port 6080 --tun-csum -w 1"},
		{{TUNNEL_GUE, 6080, 2}, "-a -f 1 -r 10.0.0.2:0 -i --tun-type gue --tun-port 6080 --tun-remcsum -w 1"},
		{{TUNNEL_GUE, 6080, 3}, "-a -f 1 -r 10.0.0.2:0 -i -w 1 # tunnel gue port 6080 flags 3"},
		{{TUNNEL_GRE, 0, 0}, "-a -f 1 -r 10.0.0.2:0 -i --tun-type gre --tun-nocsum -w 1"},
		{{TUNNEL_GRE, 0, 1}, "-a -f 1 -r 10.0.0.2:0 -i --tun-type gre --tun-csum -w 1"},
		{{TUNNEL_GRE, 0, 2}, "-a -f 1 -r 10.0.0.2:0 -i -w 1 # tunnel gre port 0 flags 2"},
		{{TUNNEL_GRE, 9, 0}, "-a -f 1 -r 10.0.0.2:0 -i -w 1 # tunnel gre port 9 flags 0"},
		{{TUNNEL_IPIP, 0, 1}, "-a -f 1 -r 10.0.0.2:0 -i -w 1 # tunnel ipip port 0 flags 1"},
	};
	const struct service service = service_of_mark(1, AF_INET);
	struct destination destination = destination_at("10.0.0.2", 0);
	destination.forward = FORWARD_TUNNEL;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		destination.tunnel = cases[i].tunnel;
		assert_text(destination_rule(&service, &destination), cases[i].rule);
	}
}

static void what_ipvsadm_cannot_say_of_destinations_is_a_remark(void **state)
{
	(void)state;
	const struct service service = service_of_mark(1, AF_INET);
	struct destination destination = destination_at("10.0.0.2", 0);
	destination.forward = FORWARD_LOCAL;
	assert_text(destination_rule(&service, &destination), "-a -f 1 -r 10.0.0.2:0 -w 1 # forward local");
	destination.forward = FORWARD_BYPASS;
	destination.tunnel.type = TUNNEL_GRE;
	assert_text(destination_rule(&service, &destination),
		    "-a -f 1 -r 10.0.0.2:0 -w 1 # forward bypass, tunnel gre port 0 flags 0");
}

static void timeouts_daemons_and_sysctls_have_rules(void **state)
{
	(void)state;
	const struct timeouts timeouts = TIMEOUTS_DEFAULT;
	assert_text(timeouts_rule(&timeouts), "--set 900 120 300");

	struct sync_daemon daemon = {.role = DAEMON_BACKUP, .interface = "eth0"};
	assert_text(daemon_rule(&daemon), "--start-daemon backup --mcast-interface eth0");
	daemon = (struct sync_daemon){.role = DAEMON_BACKUP, .interface = "eth0", .port = 8848, .ttl = 1};
	assert_true(address_parse(&daemon.group, "224.0.0.81"));
	assert_text(daemon_rule(&daemon), "--start-daemon backup --mcast-interface eth0");
	daemon = (struct sync_daemon){
		.role = DAEMON_MASTER, .interface = "lo", .sync_id = 3, .max_length = 1000, .port = 9000, .ttl = 4};
	assert_true(address_parse(&daemon.group, "ff02::81"));
	assert_text(daemon_rule(&daemon), "--start-daemon master --mcast-interface lo --syncid 3 --sync-maxlen 1000 "
					  "--mcast-group ff02::81 --mcast-port 9000 --mcast-ttl 4");

	char name[] = "sync_threshold";
	char value[] = "3 50";
	const struct sysctl sysctl = {.name = name, .value = value};
	assert_text(sysctl_rule(&sysctl), "net.ipv4.vs.sync_threshold = 3 50");
}

static void additions_and_removals_are_rules(void **state)
{
	(void)state;
	const struct service service = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	const struct destination destination = destination_at("10.0.0.2", 80);
	struct change change = {.action = CHANGE_ADD, .subject = SUBJECT_SERVICE, .service_to = &service};
	assert_text(change_text(&change), "-A -t 10.0.0.1:80 -s rr");
	change = (struct change){.action = CHANGE_REMOVE, .subject = SUBJECT_SERVICE, .service_from = &service};
	assert_text(change_text(&change), "-A -t 10.0.0.1:80 -s rr");
	change = (struct change){
		.action = CHANGE_REMOVE,
		.subject = SUBJECT_DESTINATION,
		.reorders = true,
		.service_from = &service,
		.destination_from = &destination,
	};
	assert_text(change_text(&change), "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1 (in another place)");
}

static void edits_say_what_was(void **state)
{
	(void)state;
	struct service old = service_at(IPPROTO_TCP, "10.0.0.1", 80);
	struct service new = old;
	struct change change = {
		.action = CHANGE_EDIT, .subject = SUBJECT_SERVICE, .service_from = &old, .service_to = &new};
	strcpy(new.scheduler, "rrr");
	assert_text(change_text(&change), "-A -t 10.0.0.1:80 -s rrr (was: -s rr)");
	strcpy(new.scheduler, "rr");
	new.flags = SERVICE_FLAG_ONE_PACKET;
	assert_text(change_text(&change), "-A -t 10.0.0.1:80 -s rr -o (was: without -o)");
	change.service_from = &new;
	change.service_to = &old;
	assert_text(change_text(&change), "-A -t 10.0.0.1:80 -s rr (was: with -o)");

	const struct destination light = destination_at("10.0.0.2", 80);
	struct destination heavy = light;
	heavy.weight = 5;
	change.subject = SUBJECT_DESTINATION;
	change.destination_from = &heavy;
	change.destination_to = &light;
	assert_text(change_text(&change), "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1 (was: -w 5)");

	const struct timeouts before = TIMEOUTS_DEFAULT;
	const struct timeouts after = {.tcp = 900, .tcp_fin = 120, .udp = 5};
	change = (struct change){
		.action = CHANGE_EDIT, .subject = SUBJECT_TIMEOUTS, .timeouts_from = &before, .timeouts_to = &after};
	assert_text(change_text(&change), "--set 900 120 5 (was: --set 900 120 300)");

	char name[] = "conntrack";
	char zero[] = "0";
	char one[] = "1";
	const struct sysctl off = {.name = name, .value = zero};
	const struct sysctl on = {.name = name, .value = one};
	change = (struct change){
		.action = CHANGE_EDIT, .subject = SUBJECT_SYSCTL, .sysctl_from = &off, .sysctl_to = &on};
	assert_text(change_text(&change), "net.ipv4.vs.conntrack = 1 (was: 0)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_have_names),
		cmocka_unit_test(services_have_options),
		cmocka_unit_test(scheduler_flags_have_the_schedulers_names),
		cmocka_unit_test(what_ipvsadm_cannot_say_of_services_is_a_remark),
		cmocka_unit_test(destinations_have_options),
		cmocka_unit_test(tunnels_have_options),
		cmocka_unit_test(what_ipvsadm_cannot_say_of_destinations_is_a_remark),
		cmocka_unit_test(timeouts_daemons_and_sysctls_have_rules),
		cmocka_unit_test(additions_and_removals_are_rules),
		cmocka_unit_test(edits_say_what_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
