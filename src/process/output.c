/* SPDX-License-Identifier: MIT */
#include "process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/way.h"
#include "process/supervise.h"

/* How much may wait for a slow reader before we stop listening to the unit. */
#define WAITING_MAX (1u << 20)

/* A pipe that poll(2) calls writable takes so much without blocking (PIPE_BUF). */
#define CHUNK PIPE_BUF

#define READ_LENGTH 65536

/* How long a reader may take nothing once a signal has asked us to end. */
#define READER_PATIENCE_MS 1000
#define READER_LOOK_MS 200

static size_t place(int stream)
{
	return stream == STDERR_FILENO;
}

static int stream_at(size_t place)
{
	return place == 0 ? STDOUT_FILENO : STDERR_FILENO;
}

void output_init(struct output *output, bool live, bool kept)
{
	*output = (struct output){.live = live, .kept = kept, .ends = {-1, -1}, .spool = -1};
}

void output_clear(struct output *output)
{
	for (size_t i = 0; i < 2; i++) {
		file_cleanup_close(&output->ends[i]);
		queue_clear(&output->waiting[i]);
	}
	file_cleanup_close(&output->spool);
	array_free(&output->parts);
	output_init(output, false, false);
}

int output_open(struct output *output, int theirs[2], struct error *error)
{
	theirs[0] = theirs[1] = -1;
	for (size_t i = 0; i < 2; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0) {
			file_cleanup_close(&theirs[0]);
			return error_set_errno(error, errno, "cannot make a pipe for what the unit prints");
		}
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		output->ends[i] = ends[0];
		theirs[i] = ends[1];
	}
	return 0;
}

static const char *temporary_directory(void)
{
	const char *directory = getenv("TMPDIR");
	return directory && *directory ? directory : "/tmp";
}

/* On disk where that can be; a file system that cannot do without names is no reason to keep nothing. */
static void open_spool(struct output *output)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	CLEANUP_CLOSE int directory = way_open_directory(temporary_directory(), false, "cannot write in", &ignored);
	output->spool = directory < 0 ? -1 : openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	output->spool_is_memory = output->spool < 0;
	if (output->spool_is_memory)
		output->spool = memfd_create("ipvs-iso-output", MFD_CLOEXEC);
}

static void note_part(struct output *output, int stream, size_t length)
{
	output->length += length;
	size_t count = output->parts.count;
	if (count > 0 && output->parts.items[count - 1].stream == stream)
		output->parts.items[count - 1].length += length;
	else
		*array_append(&output->parts) = (struct output_part){.stream = stream, .length = length};
}

static void keep(struct output *output, int stream, const char *bytes, size_t length)
{
	CLEANUP_ERROR struct error ignored = ERROR_INIT;
	if (output->spool < 0)
		open_spool(output);
	errno = 0;
	if (output->spool >= 0 &&
	    file_write_all(output->spool, "what the unit printed", bytes, length, &ignored) == 0) {
		note_part(output, stream, length);
	} else {
		output->failure = errno ? errno : EIO;
		output->spool_failed = true;
	}
}

int output_failure(const struct output *output, struct error *error)
{
	if (!output->failure)
		return 0;
	if (!output->spool_failed)
		return error_set_errno(error, output->failure, "cannot write what the unit printed");
	error_set_errno(error, output->failure, "cannot keep what the unit printed in %s",
			output->spool_is_memory ? "memory" : temporary_directory());
	return error_remedy(error, "make room there, or have TMPDIR name another directory for temporary files");
}

void output_take(struct output *output, int stream, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	/* A hole would be worse than an end. */
	if (output->kept && !output->failure)
		keep(output, stream, bytes, length);
	if (output->live && !output->closed[place(stream)])
		queue_put(&output->waiting[place(stream)], bytes, length);
}

bool output_is_full(const struct output *output)
{
	return queue_length(&output->waiting[0]) > WAITING_MAX || queue_length(&output->waiting[1]) > WAITING_MAX;
}

bool output_is_waiting(const struct output *output)
{
	return queue_length(&output->waiting[0]) > 0 || queue_length(&output->waiting[1]) > 0;
}

void output_drop_waiting(struct output *output)
{
	queue_clear(&output->waiting[0]);
	queue_clear(&output->waiting[1]);
}

void output_poll(const struct output *output, struct pollfd polls[OUTPUT_POLLS])
{
	bool full = output_is_full(output);
	for (size_t i = 0; i < 2; i++) {
		bool waits = queue_length(&output->waiting[i]) > 0;
		polls[i] = (struct pollfd){.fd = full ? -1 : output->ends[i], .events = POLLIN};
		polls[2 + i] = (struct pollfd){.fd = waits ? stream_at(i) : -1, .events = POLLOUT};
	}
}

static void close_end(struct output *output, size_t i)
{
	file_cleanup_close(&output->ends[i]);
}

int output_wait_ms(const struct output *output, int milliseconds)
{
	if (!output->bystander)
		return milliseconds;
	int idle = output->bystander->idle(output->bystander->context);
	return idle >= 0 && (milliseconds < 0 || idle < milliseconds) ? idle : milliseconds;
}

static void tell_bystander(const struct output *output, int stream, char last)
{
	if (output->bystander)
		output->bystander->showing(output->bystander->context, stream, last);
}

/* The unit learns of a reader that has gone away as it would without us between: its next write gets a SIGPIPE. */
static void write_waiting(struct output *output, size_t i)
{
	const struct queue *waiting = &output->waiting[i];
	size_t length = queue_length(waiting) < CHUNK ? queue_length(waiting) : CHUNK;
	if (length)
		tell_bystander(output, stream_at(i), waiting->bytes[waiting->start + length - 1]);
	if (queue_write(&output->waiting[i], stream_at(i), CHUNK) == 0)
		return;
	if (errno != EPIPE)
		output->failure = errno;
	queue_clear(&output->waiting[i]);
	output->closed[i] = true;
	close_end(output, i);
}

/* Reads at most `limit` bytes. False when there is nothing more to come. */
static bool read_end(struct output *output, size_t i, size_t limit)
{
	char bytes[READ_LENGTH];
	ssize_t got = read(output->ends[i], bytes, limit < sizeof bytes ? limit : sizeof bytes);
	if (got > 0)
		output_take(output, stream_at(i), bytes, (size_t)got);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void output_move(struct output *output, const struct pollfd polls[OUTPUT_POLLS])
{
	for (size_t i = 0; i < 2; i++) {
		if (polls[2 + i].revents)
			write_waiting(output, i);
		if (polls[i].revents && output->ends[i] >= 0 && !read_end(output, i, READ_LENGTH))
			close_end(output, i);
	}
}

void output_drain(struct output *output)
{
	for (size_t i = 0; i < 2; i++) {
		int left = 0;
		if (output->ends[i] < 0 || ioctl(output->ends[i], FIONREAD, &left) < 0)
			left = 0;
		for (; left > 0 && read_end(output, i, (size_t)left); left -= READ_LENGTH)
			;
	}
}

void output_flush(struct output *output, bool hurried)
{
	while (output_is_waiting(output)) {
		struct pollfd polls[1 + OUTPUT_POLLS] = {{.fd = signals_descriptor(), .events = POLLIN}};
		output_poll(output, polls + 1);
		int ready = poll(polls, 1 + OUTPUT_POLLS, hurried ? READER_PATIENCE_MS : -1);
		if (ready > 0)
			output_move(output, polls + 1);
		else if (ready == 0)
			output_drop_waiting(output);
		hurried = hurried || supervise_pending_signal();
	}
}

enum written output_write(int stream, const char *bytes, size_t length)
{
	int64_t moved = duration_now();
	while (length > 0) {
		struct pollfd poll_stream = {.fd = stream, .events = POLLOUT};
		if (poll(&poll_stream, 1, READER_LOOK_MS) <= 0) {
			if (supervise_pending_signal() && duration_now() - moved > READER_PATIENCE_MS)
				return WRITTEN_INCOMPLETE;
			continue;
		}
		ssize_t put = write(stream, bytes, length < CHUNK ? length : CHUNK);
		if (put < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (put < 0)
			return errno == EPIPE ? WRITTEN_TO_NOBODY : WRITTEN_FAILED;
		moved = duration_now();
		bytes += put;
		length -= (size_t)put;
	}
	return WRITTEN_WHOLE;
}

/* Reads exactly that much of what was kept. */
static int read_kept(const struct output *output, size_t at, char *bytes, size_t length, struct error *error)
{
	while (length > 0) {
		ssize_t got = pread(output->spool, bytes, length, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set_errno(error, got < 0 ? errno : EIO, "cannot read again what the unit printed");
		at += (size_t)got;
		bytes += got;
		length -= (size_t)got;
	}
	return 0;
}

int output_show(const struct output *output, struct error *error)
{
	bool gone[2] = {false, false};
	size_t at = 0;
	for (size_t i = 0; i < output->parts.count; i++) {
		const struct output_part *part = &output->parts.items[i];
		bool *nobody = &gone[place(part->stream)];
		char bytes[READ_LENGTH];
		for (size_t done = 0, step; done < part->length && !*nobody; done += step) {
			step = part->length - done < sizeof bytes ? part->length - done : sizeof bytes;
			if (read_kept(output, at + done, bytes, step, error) < 0)
				return -1;
			tell_bystander(output, part->stream, bytes[step - 1]);
			enum written written = output_write(part->stream, bytes, step);
			if (written == WRITTEN_FAILED)
				return error_set_errno(error, errno, "cannot write what the unit printed");
			*nobody = written != WRITTEN_WHOLE;
		}
		at += part->length;
	}
	return 0;
}

/* How many bytes at the start belong to a UTF-8 character that began before; 0 where it does not look so. */
static size_t rest_of_character(const char *bytes, size_t length)
{
	size_t count = 0;
	while (count < length && ((unsigned char)bytes[count] & 0xc0) == 0x80)
		count++;
	return count <= 3 ? count : 0;
}

char *output_tail(const struct output *output, size_t limit, size_t *length, struct error *error)
{
	*length = output->length < limit ? output->length : limit;
	char *bytes = memory_allocate(*length + 1, 1);
	if (read_kept(output, output->length - *length, bytes, *length, error) < 0) {
		free(bytes);
		return NULL;
	}
	size_t rest = *length < output->length ? rest_of_character(bytes, *length) : 0;
	*length -= rest;
	memmove(bytes, bytes + rest, *length);
	return bytes;
}
