/* SPDX-License-Identifier: MIT */
/* The line between host and guest: frames whole and in order however the bytes come, and never more than fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "guest/wire.h"

#define HEADER_TO_GUEST 5
/* Of a frame from the guest. */
#define HEADER (WIRE_NONCE_LENGTH + 5)

/* Both ends of a line. */
struct line {
	struct wire host, guest;
};

static int open_line(void **state)
{
	static struct line line;
	int ends[2];
	signal(SIGPIPE, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	line = (struct line){.host.descriptor = ends[0], .guest = {.descriptor = ends[1], .in_guest = true}};
	*state = &line;
	return 0;
}

static int close_line(void **state)
{
	struct line *line = *state;
	close(line->host.descriptor);
	close(line->guest.descriptor);
	wire_clear(&line->host);
	wire_clear(&line->guest);
	return 0;
}

/* Sends bytes as they are from the guest's end. */
static void put_raw(struct line *line, const void *bytes, size_t length)
{
	if (length)
		assert_int_equal(write(line->guest.descriptor, bytes, length), length);
}

static void put_header(struct line *line, int type, uint32_t length)
{
	const uint32_t on_line = htole32(length);
	char header[HEADER] = {[WIRE_NONCE_LENGTH] = (char)type};
	memcpy(header, line->guest.nonce, WIRE_NONCE_LENGTH);
	memcpy(header + WIRE_NONCE_LENGTH + 1, &on_line, sizeof on_line);
	put_raw(line, header, sizeof header);
}

static void check_frame(struct wire *wire, enum frame_type type, const char *bytes, size_t length)
{
	struct frame frame;
	assert_int_equal(wire_next(wire, &frame), 1);
	assert_int_equal(frame.type, type);
	assert_int_equal(frame.length, length);
	if (length)
		assert_memory_equal(frame.bytes, bytes, length);
}

static void check_no_frame(struct wire *wire)
{
	struct frame frame;
	assert_int_equal(wire_next(wire, &frame), 0);
}

static void a_frame_is_whole_wherever_it_was_cut(void **state)
{
	struct line *line = *state;
	static const char content[] = "a\0b\xff\nc";
	const size_t length = sizeof content - 1;
	char bytes[HEADER + sizeof content] = {[WIRE_NONCE_LENGTH] = FRAME_STDOUT,
					       [WIRE_NONCE_LENGTH + 1] = (char)length};
	memcpy(bytes + HEADER, content, length);

	for (size_t cut = 1; cut < HEADER + length; cut++) {
		put_raw(line, bytes, cut);
		assert_int_equal(wire_receive(&line->host), 1);
		check_no_frame(&line->host);
		put_raw(line, bytes + cut, HEADER + length - cut);
		assert_int_equal(wire_receive(&line->host), 1);
		check_frame(&line->host, FRAME_STDOUT, content, length);
		check_no_frame(&line->host);
	}
}

static void many_frames_may_come_at_once(void **state)
{
	struct line *line = *state;
	wire_send(&line->guest, FRAME_READY, NULL, 0);
	wire_send_text(&line->guest, FRAME_HELLO, "6.1");
	wire_send(&line->guest, FRAME_STDERR, "\0\0", 2);
	wire_send_text(&line->guest, FRAME_STDOUT, "");
	assert_true(wire_can_send(&line->guest));
	assert_int_equal(wire_flush(&line->guest), 0);
	assert_false(wire_can_send(&line->guest));
	put_raw(line, "\0", 1); /* the first byte of the next */

	assert_int_equal(wire_receive(&line->host), 1);
	check_frame(&line->host, FRAME_READY, NULL, 0);
	check_frame(&line->host, FRAME_HELLO, "6.1", 3);
	check_frame(&line->host, FRAME_STDERR, "\0\0", 2);
	check_frame(&line->host, FRAME_STDOUT, NULL, 0);
	check_no_frame(&line->host);
	assert_int_equal(wire_receive(&line->host), 0);
}

static int waiting_bytes(int descriptor)
{
	int count = -1;
	assert_int_equal(ioctl(descriptor, FIONREAD, &count), 0);
	return count;
}

/* One turn of each end's loop. */
static void turn(struct line *line)
{
	assert_int_equal(wire_flush(&line->host), 0);
	assert_true(wire_receive(&line->guest) >= 0);
	assert_int_equal(wire_flush(&line->guest), 0);
	assert_true(wire_receive(&line->host) >= 0);
	check_no_frame(&line->host);
}

static void no_more_is_on_its_way_to_a_guest_than_it_has_room_for(void **state)
{
	struct line *line = *state;
	const size_t length = 3 * (size_t)WIRE_WINDOW;
	CLEANUP_FREE char *content = memory_allocate(length, 1);
	for (size_t i = 0; i < length; i++)
		content[i] = (char)(i * 7 + i / 256);
	wire_send(&line->host, FRAME_INPUT, content, length);

	assert_true(wire_can_send(&line->host));
	assert_int_equal(wire_flush(&line->host), 0);
	assert_int_equal(waiting_bytes(line->guest.descriptor), WIRE_WINDOW);
	assert_false(wire_can_send(&line->host));
	assert_int_equal(wire_flush(&line->host), 0);
	assert_int_equal(waiting_bytes(line->guest.descriptor), WIRE_WINDOW);

	/* Four windows: the header is on the line as well. */
	for (int i = 0; i < 4; i++) {
		struct frame frame;
		assert_int_equal(wire_next(&line->guest, &frame), 0);
		turn(line);
	}
	check_frame(&line->guest, FRAME_INPUT, content, length);
	assert_int_equal(line->host.in_flight, 0);
	assert_false(wire_can_send(&line->host));
}

static void a_guest_may_send_without_limit(void **state)
{
	struct line *line = *state;
	const size_t length = 50000;
	CLEANUP_FREE char *content = memory_allocate(length, 1);
	memset(content, 'x', length);
	wire_send(&line->guest, FRAME_STDOUT, content, length);
	assert_int_equal(wire_flush(&line->guest), 0);
	assert_int_equal(waiting_bytes(line->host.descriptor), HEADER + length);
	assert_int_equal(wire_receive(&line->host), 1);
	check_frame(&line->host, FRAME_STDOUT, content, length);
	/* The host acknowledges nothing. */
	assert_false(wire_can_send(&line->host));
}

static void acknowledgements_that_cannot_be_break_the_line(void **state)
{
	struct line *line = *state;
	struct frame frame;
	wire_send(&line->host, FRAME_INPUT, "12345", 5);
	assert_int_equal(wire_flush(&line->host), 0);
	assert_int_equal(line->host.in_flight, HEADER_TO_GUEST + 5);

	/* A part, then more than the rest. */
	put_header(line, FRAME_RECEIVED, 4);
	put_raw(line, "\x04\0\0\0", 4);
	assert_int_equal(wire_receive(&line->host), 1);
	check_no_frame(&line->host);
	assert_int_equal(line->host.in_flight, HEADER_TO_GUEST + 1);
	put_header(line, FRAME_RECEIVED, 4);
	put_raw(line, "\x07\0\0\0", 4);
	assert_int_equal(wire_receive(&line->host), 1);
	assert_int_equal(wire_next(&line->host, &frame), -1);
}

static void an_acknowledgement_of_another_length_breaks_the_line(void **state)
{
	struct line *line = *state;
	struct frame frame;
	put_header(line, FRAME_RECEIVED, 3);
	put_raw(line, "\0\0\0", 3);
	assert_int_equal(wire_receive(&line->host), 1);
	assert_int_equal(wire_next(&line->host, &frame), -1);
}

static void what_is_no_frame_breaks_the_line(void **state)
{
	struct line *line = *state;
	static const int types[] = {0, FRAME_POWER_OFF + 1, 0x7f, 0x80, 0xff};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct frame frame;
		put_header(line, types[i], 0);
		assert_int_equal(wire_receive(&line->host), 1);
		assert_int_equal(wire_next(&line->host, &frame), -1);
		wire_clear(&line->host);
	}
}

static void a_frame_that_is_too_long_breaks_the_line(void **state)
{
	struct line *line = *state;
	struct frame frame;
	put_header(line, FRAME_STDOUT, FRAME_LENGTH_MAX);
	assert_int_equal(wire_receive(&line->host), 1);
	check_no_frame(&line->host);
	wire_clear(&line->host);

	put_header(line, FRAME_STDOUT, FRAME_LENGTH_MAX + 1);
	assert_int_equal(wire_receive(&line->host), 1);
	assert_int_equal(wire_next(&line->host, &frame), -1);
	wire_clear(&line->host);

	put_header(line, FRAME_STDOUT, UINT32_MAX);
	assert_int_equal(wire_receive(&line->host), 1);
	assert_int_equal(wire_next(&line->host, &frame), -1);
}

/* The guest knows the nonce, and the host has seen it. */
static void tell_nonce(struct line *line)
{
	memcpy(line->host.nonce, "sixteen letters.", WIRE_NONCE_LENGTH);
	/* Until the guest has been told it has none. */
	put_header(line, FRAME_ALIVE, 0);
	assert_int_equal(wire_receive(&line->host), 1);
	check_frame(&line->host, FRAME_ALIVE, NULL, 0);
	memcpy(line->guest.nonce, line->host.nonce, WIRE_NONCE_LENGTH);
	put_header(line, FRAME_READY, 0);
	assert_int_equal(wire_receive(&line->host), 1);
	check_frame(&line->host, FRAME_READY, NULL, 0);
}

static void what_others_write_to_the_line_is_neither_taken_for_a_frame_nor_breaks_it(void **state)
{
	struct line *line = *state;
	tell_nonce(line);
	static const char forged[HEADER] = {[WIRE_NONCE_LENGTH] = FRAME_RESULT};
	static const char unlucky[] = "sixteen sixteen letter";
	static const struct {
		const char *bytes;
		size_t length;
	} noises[] = {
		{"x", 1},
		{"harmless text\n", 14},
		{forged, HEADER},
		{forged + WIRE_NONCE_LENGTH, HEADER_TO_GUEST},
		{unlucky, sizeof unlucky - 1},
		{"sixteen letters.\xff\xff\xff\xff\xff", HEADER},
	};
	for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
		put_raw(line, noises[i].bytes, noises[i].length);
		wire_receive(&line->host);
		check_no_frame(&line->host);
		put_header(line, FRAME_STDOUT, 3);
		put_raw(line, "abc", 3);
		put_raw(line, noises[i].bytes, noises[i].length);
		put_header(line, FRAME_STDERR, 0);
		assert_int_equal(wire_receive(&line->host), 1);
		check_frame(&line->host, FRAME_STDOUT, "abc", 3);
		check_frame(&line->host, FRAME_STDERR, NULL, 0);
		check_no_frame(&line->host);
	}
}

static void the_end_of_the_line_is_told_from_silence(void **state)
{
	struct line *line = *state;
	assert_int_equal(wire_receive(&line->host), 0);
	shutdown(line->guest.descriptor, SHUT_RDWR);
	errno = EIO;
	assert_int_equal(wire_receive(&line->host), -1);
	assert_int_equal(errno, 0);
	wire_send(&line->host, FRAME_POWER_OFF, NULL, 0);
	assert_int_equal(wire_flush(&line->host), -1);
	assert_int_equal(errno, EPIPE);
}

static void a_queue_keeps_what_was_not_taken(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	const size_t length = 200000; /* more than a pipe takes */
	CLEANUP_FREE char *content = memory_allocate(length, 1);
	CLEANUP_FREE char *got = memory_allocate(length, 1);
	for (size_t i = 0; i < length; i++)
		content[i] = (char)(i * 11 + i / 256);

	struct queue queue = {0};
	assert_int_equal(queue_write(&queue, ends[1], 0), 0);
	queue_put(&queue, content, 1000);
	assert_int_equal(queue_write(&queue, ends[1], 400), 0);
	assert_int_equal(queue_length(&queue), 600);
	queue_put(&queue, content + 1000, length - 1000);

	size_t taken = 0;
	while (taken < length) {
		assert_int_equal(queue_write(&queue, ends[1], 0), 0);
		/* Full now, most of the time: nothing is lost and nothing fails. */
		assert_int_equal(queue_write(&queue, ends[1], 0), 0);
		ssize_t part = read(ends[0], got + taken, length - taken);
		assert_true(part > 0);
		taken += (size_t)part;
	}
	assert_int_equal(queue_length(&queue), 0);
	assert_memory_equal(got, content, length);

	close(ends[0]);
	queue_put(&queue, "x", 1);
	assert_int_equal(queue_write(&queue, ends[1], 0), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	queue_clear(&queue);
	assert_int_equal(queue_length(&queue), 0);
}

#define LINE_TEST(test) cmocka_unit_test_setup_teardown(test, open_line, close_line)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(a_frame_is_whole_wherever_it_was_cut),
		LINE_TEST(many_frames_may_come_at_once),
		LINE_TEST(no_more_is_on_its_way_to_a_guest_than_it_has_room_for),
		LINE_TEST(a_guest_may_send_without_limit),
		LINE_TEST(acknowledgements_that_cannot_be_break_the_line),
		LINE_TEST(an_acknowledgement_of_another_length_breaks_the_line),
		LINE_TEST(what_is_no_frame_breaks_the_line),
		LINE_TEST(a_frame_that_is_too_long_breaks_the_line),
		LINE_TEST(what_others_write_to_the_line_is_neither_taken_for_a_frame_nor_breaks_it),
		LINE_TEST(the_end_of_the_line_is_told_from_silence),
		LINE_TEST(a_queue_keeps_what_was_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
