/* SPDX-License-Identifier: MIT */
#include "guest/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "guest/request.h"
#include "guest/root.h"
#include "guest/worker.h"
#include "result/result.h"

/* How often the host hears that all is well. */
#define ALIVE_INTERVAL_MS 1000

/* How much output may wait for a slow host before we stop reading more of it from the unit. */
#define OUTGOING_MAX (1u << 20)

#define READ_LENGTH 65536

struct server {
	struct wire *wire;
	const char *directory;
	/* One pipe for all units: what one has not read is there for the next, as with a host's standard input. */
	int input_read, input_write;
	struct queue input; /* what does not fit into the pipe yet */
	bool input_asked, input_ended;
	struct guest_request request; /* of the unit that runs */
	struct worker worker;
	struct output output; /* only its pipes are used: what comes out of them goes onto the line */
	struct queue result;
	int signals; /* a signalfd for SIGCHLD */
	bool power_off;
};

/* Moves what a unit wrote onto the line. 1 something, 0 nothing now, -1 the end. */
static int relay(struct server *server, int descriptor, enum frame_type type)
{
	char bytes[READ_LENGTH];
	ssize_t got = read(descriptor, bytes, sizeof bytes);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (got == 0)
		return -1;
	wire_send(server->wire, type, bytes, (size_t)got);
	return 1;
}

static void relay_or_close(struct server *server, int *descriptor, enum frame_type type)
{
	if (relay(server, *descriptor, type) < 0) {
		close(*descriptor);
		*descriptor = -1;
	}
}

/* The unit shall learn that nobody listens, as it would on the host: its next write gets a SIGPIPE. */
static void close_output(struct server *server, int stream)
{
	int *descriptor = &server->output.ends[stream == STDERR_FILENO];
	file_cleanup_close(descriptor);
	*descriptor = -1;
}

static void receive_result(struct server *server)
{
	char bytes[READ_LENGTH];
	ssize_t got = read(server->worker.answers, bytes, sizeof bytes);
	if (got > 0)
		queue_put(&server->result, bytes, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(server->worker.answers);
		server->worker.answers = -1;
	}
}

static void send_trouble(struct server *server, const char *name, const char *message)
{
	struct unit_result result = {.name = memory_copy_string(name)};
	error_set(&result.trouble, ERROR_FAILED, "%s", message);
	CLEANUP_FREE char *text = unit_result_to_json(&result);
	wire_send_text(server->wire, FRAME_RESULT, text);
	unit_result_clear(&result);
}

/* A worker that died has ended nothing of what its unit started: that still has the session's lock, and its outputs. */
static void end_all_processes(void)
{
	kill(-1, SIGKILL); /* from process 1: all but itself and the kernel's own */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* The worker has ended, with `status` of waitpid(2), and with it all that the unit started: the pipes hold all of
   it. */
static void finish_unit(struct server *server, int status)
{
	struct worker *worker = &server->worker;
	if (status != 0)
		end_all_processes();
	guest_root_mend(server->directory);
	while (worker->answers >= 0)
		receive_result(server);
	while (server->output.ends[0] >= 0 && relay(server, server->output.ends[0], FRAME_STDOUT) > 0)
		;
	while (server->output.ends[1] >= 0 && relay(server, server->output.ends[1], FRAME_STDERR) > 0)
		;
	if (status == 0)
		wire_send(server->wire, FRAME_RESULT, server->result.bytes + server->result.start,
			  queue_length(&server->result));
	else
		send_trouble(server, server->request.name, "the process that ran the unit died");

	output_clear(&server->output);
	*worker = (struct worker){.answers = -1};
	queue_clear(&server->result);
	guest_request_clear(&server->request);
}

static void reap(struct server *server)
{
	struct signalfd_siginfo info;
	while (read(server->signals, &info, sizeof info) > 0)
		;
	/* Everything that loses its parent becomes ours; only the worker's end means something. */
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == server->worker.pid)
			finish_unit(server, status);
	}
}

static void start_unit(struct server *server, const struct frame *frame)
{
	/* The host sends one at a time: this one is from somebody in here. */
	if (server->worker.pid > 0)
		return;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (guest_request_from_json(&server->request, frame->bytes, frame->length, &error) < 0) {
		send_trouble(server, "", error.message);
		return;
	}
	if (guest_worker_start(&server->worker, &server->request, server->directory, server->input_read,
			       &server->output, &error) < 0) {
		send_trouble(server, server->request.name, error.message);
		output_clear(&server->output);
		guest_request_clear(&server->request);
	}
}

static void end_input(struct server *server)
{
	if (server->input_ended && queue_length(&server->input) == 0 && server->input_write >= 0) {
		close(server->input_write);
		server->input_write = -1;
	}
}

static void obey(struct server *server, const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_RUN:
		start_unit(server, frame);
		break;
	case FRAME_INPUT:
		server->input_asked = false;
		server->input_ended = frame->length == 0;
		queue_put(&server->input, frame->bytes, frame->length);
		end_input(server);
		break;
	case FRAME_OUTPUT_CLOSED:
		if (frame->length == 1)
			close_output(server, frame->bytes[0]);
		break;
	case FRAME_SIGNAL:
		if (server->worker.pid > 0 && frame->length == 1)
			kill(server->worker.pid, frame->bytes[0]);
		break;
	case FRAME_POWER_OFF:
		server->power_off = true;
		break;
	default:
		break;
	}
}

/* The pipe has room: fill it, and ask for more when there is nothing left to fill it with. */
static void feed_input(struct server *server)
{
	if (queue_length(&server->input)) {
		/* Nobody may be left to read it: that is no failure of ours. */
		if (queue_write(&server->input, server->input_write, 0) < 0)
			queue_clear(&server->input);
		end_input(server);
		return;
	}
	wire_send(server->wire, FRAME_WANT_INPUT, NULL, 0);
	server->input_asked = true;
}

static int turn(struct server *server)
{
	struct worker *worker = &server->worker;
	bool full = queue_length(&server->wire->outgoing) > OUTGOING_MAX;
	bool hungry = worker->pid > 0 && !server->input_asked && !server->input_ended;
	bool feeding = server->input_write >= 0 && (hungry || queue_length(&server->input));
	struct pollfd ends[] = {
		{.fd = server->wire->descriptor,
		 .events = (short)(POLLIN | (wire_can_send(server->wire) ? POLLOUT : 0))},
		{.fd = server->signals, .events = POLLIN},
		{.fd = full ? -1 : server->output.ends[0], .events = POLLIN},
		{.fd = full ? -1 : server->output.ends[1], .events = POLLIN},
		{.fd = worker->answers, .events = POLLIN},
		{.fd = feeding ? server->input_write : -1, .events = POLLOUT},
	};
	int ready = poll(ends, sizeof ends / sizeof *ends, ALIVE_INTERVAL_MS);
	if (ready == 0)
		wire_send(server->wire, FRAME_ALIVE, NULL, 0);

	if (ends[2].revents)
		relay_or_close(server, &server->output.ends[0], FRAME_STDOUT);
	if (ends[3].revents)
		relay_or_close(server, &server->output.ends[1], FRAME_STDERR);
	if (ends[4].revents)
		receive_result(server);
	if (ends[5].revents)
		feed_input(server);
	if (ends[1].revents)
		reap(server);
	if (ends[0].revents & ~POLLOUT) {
		if (wire_receive(server->wire) < 0)
			return -1;
		struct frame frame;
		int got;
		while ((got = wire_next(server->wire, &frame)) > 0)
			obey(server, &frame);
		if (got < 0)
			return -1;
	}
	return wire_flush(server->wire);
}

static int prepare(struct server *server)
{
	int input[2];
	if (pipe2(input, O_CLOEXEC) < 0)
		return -1;
	server->input_read = input[0];
	server->input_write = input[1];
	fcntl(server->input_write, F_SETFL, O_NONBLOCK);

	sigset_t children;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	signal(SIGPIPE, SIG_IGN);
	server->signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signals < 0 ? -1 : 0;
}

void guest_serve(struct wire *wire, const char *directory)
{
	struct server server = {
		.wire = wire,
		.directory = directory,
		.worker = {.answers = -1},
	};
	output_init(&server.output, false, false);
	if (prepare(&server) < 0)
		return;
	while (!server.power_off && turn(&server) == 0)
		;
}
