/* SPDX-License-Identifier: MIT */
#include "guest/guest.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "guest/console.h"
#include "guest/machine.h"
#include "guest/wire.h"
#include "process/signals.h"
#include "process/supervise.h"

#define INPUT_CHUNK 16384

/* How long a guest may take to power off, and one that was told twice to end its unit, to do so. */
#define STOP_PATIENCE_MS 3000

/* How much later than the limits within a guest ours come: time to lay the table, to inspect it, to answer. */
#define LIMIT_MARGIN_MS 10000

/* The same for what the request itself costs, a fixture above all: it is sent, laid and compared. Generous. */
#define LIMIT_MARGIN_MS_PER_KIB 10

/* So much later at most a signal that was sent to all our processes reaches this one: they get it one after another. */
#define SIGNAL_SWEEP_MS 500

/* So long we wait at most without looking whether time has passed us by. */
#define LOOK_INTERVAL_MS 1000

/* How long a reader may take nothing of the output of a unit that was cut short. */
#define READER_PATIENCE_MS 1000

struct guest {
	struct machine machine;
	struct wire wire;
	struct console console;
	struct output *output; /* of the unit that runs, borrowed; or NULL */
	char *description;
	int signals; /* a signalfd */
	int64_t patience_ms;
	int64_t clock;  /* milliseconds that we have lived through: it stands still while we are stopped (Ctrl-Z) */
	int64_t looked; /* at duration_now(), by which it was right */
	int64_t heard;  /* when the guest spoke last, by that clock */
	bool wants_input;
	bool usable;
	bool hurried; /* the unit is being cut short: output that nobody takes is dropped, so that its result arrives */
};

/* What guest_wait() came back for. */
enum event { EVENT_FRAME, EVENT_SIGNAL, EVENT_TIME };

void guest_cleanup(struct guest **guest)
{
	guest_stop(*guest);
}

const char *guest_description(const struct guest *guest)
{
	return guest->description;
}

bool guest_is_usable(const struct guest *guest)
{
	return guest->usable;
}

/* What is more than the interval has passed while this process was stopped, or the whole machine was. */
static void pass_time(struct guest *guest)
{
	int64_t now = duration_now();
	int64_t passed = now - guest->looked;
	guest->clock += passed < LOOK_INTERVAL_MS ? passed : LOOK_INTERVAL_MS;
	guest->looked = now;
}

/* The guest is lost; `what` says how it showed. Collects what the kernel has said to the end. */
static int lost(struct guest *guest, struct error *error, const char *what)
{
	guest->usable = false;
	while (console_receive(&guest->console, guest->machine.console) > 0)
		;
	const char *ending = console_ending(&guest->console);
	if (ending)
		return error_set(error, ERROR_FAILED, "the guest %s", ending);
	CLEANUP_FREE char *lines = console_last_lines(&guest->console);
	error_set(error, ERROR_FAILED, "%s%s", what, *lines ? "; its last lines:" : "");
	return error_add_lines(error, lines);
}

static int gone(struct guest *guest, struct error *error)
{
	/* The line breaks a moment before the kernel has printed why: the keeper closes the console when all is
	   over. */
	struct pollfd console = {.fd = guest->machine.console, .events = POLLIN};
	int64_t until = duration_now() + STOP_PATIENCE_MS;
	for (int64_t left = STOP_PATIENCE_MS; left > 0; left = until - duration_now()) {
		if (poll(&console, 1, (int)left) > 0 && console_receive(&guest->console, console.fd) < 0)
			break;
	}
	return lost(guest, error, "the guest's kernel died");
}

static void send_input(struct guest *guest)
{
	char bytes[INPUT_CHUNK];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A standard input that cannot be read is, to the unit, one that has ended. */
	wire_send(&guest->wire, FRAME_INPUT, bytes, got > 0 ? (size_t)got : 0);
	guest->wants_input = false;
}

/* Where a reader of ours has gone away the guest is told, so that the unit learns of it. */
static void move_output(struct guest *guest, const struct pollfd polls[OUTPUT_POLLS])
{
	if (!guest->output)
		return;
	const bool closed_before[] = {guest->output->closed[0], guest->output->closed[1]};
	output_move(guest->output, polls);
	for (int i = 0; i < 2; i++) {
		char stream = (char)(STDOUT_FILENO + i);
		if (guest->output->closed[i] && !closed_before[i])
			wire_send(&guest->wire, FRAME_OUTPUT_CLOSED, &stream, 1);
	}
}

static void take_output(struct guest *guest, int stream, const struct frame *frame)
{
	if (guest->output && (!guest->hurried || !output_is_full(guest->output)))
		output_take(guest->output, stream, frame->bytes, frame->length);
}

static bool is_deaf(const struct guest *guest)
{
	return !guest->hurried && guest->output && output_is_full(guest->output);
}

/* Waits so long at most, LOOK_INTERVAL_MS at any rate, and moves what can be moved once. */
static int pump(struct guest *guest, int64_t wait_ms, struct error *error)
{
	bool deaf = is_deaf(guest);
	if (wait_ms < 0 || wait_ms > LOOK_INTERVAL_MS)
		wait_ms = LOOK_INTERVAL_MS;
	struct pollfd ends[4 + OUTPUT_POLLS] = {
		{.fd = deaf ? -1 : guest->wire.descriptor,
		 .events = (short)(POLLIN | (wire_can_send(&guest->wire) ? POLLOUT : 0))},
		{.fd = guest->machine.console, .events = POLLIN},
		{.fd = guest->signals, .events = POLLIN},
		{.fd = guest->wants_input ? STDIN_FILENO : -1, .events = POLLIN},
	};
	nfds_t count = 4;
	int milliseconds = (int)wait_ms;
	if (guest->output) {
		output_poll(guest->output, ends + count);
		count += OUTPUT_POLLS;
		milliseconds = output_wait_ms(guest->output, milliseconds);
	}
	if (poll(ends, count, milliseconds) < 0 && errno != EINTR)
		return error_set_errno(error, errno, "cannot wait for the guest");
	pass_time(guest);

	move_output(guest, ends + 4);
	if (ends[3].revents)
		send_input(guest);
	bool ended = ends[1].revents && console_receive(&guest->console, guest->machine.console) < 0;
	if (wire_flush(&guest->wire) < 0)
		return gone(guest, error);
	/* What it said before its end, such as why it could not begin, is taken first. */
	if (ends[0].revents & ~POLLOUT) {
		if (wire_receive(&guest->wire) < 0)
			return gone(guest, error);
		guest->heard = guest->clock;
	} else if (ended) {
		return gone(guest, error);
	} else if (console_ending(&guest->console)) {
		/* One that begins anew does not let go of the line. */
		return lost(guest, error, "");
	}
	/* A guest that we do not listen to cannot be blamed for its silence. */
	if (deaf)
		guest->heard = guest->clock;
	return 0;
}

static int signal_received(const struct guest *guest)
{
	struct signalfd_siginfo info;
	return read(guest->signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* The guest is lost. A signal that was sent to us and to its processes alike, as the end of a container or of a job is,
   is the reason, and may have reached us last. */
static int signal_to_all(const struct guest *guest)
{
	struct pollfd signals = {.fd = guest->signals, .events = POLLIN};
	poll(&signals, 1, SIGNAL_SWEEP_MS);
	return signal_received(guest);
}

/*
 * Waits for a frame, a signal (in `signal`) or the time `until` of our clock (0: none). Takes what needs no answer by
 * itself.
 */
static int guest_wait(struct guest *guest, int64_t until, enum event *event, struct frame *frame, int *signal,
		      struct error *error)
{
	for (;;) {
		int got = wire_next(&guest->wire, frame);
		if (got < 0)
			return lost(guest, error, "what came from the guest makes no sense");
		if (got > 0) {
			*event = EVENT_FRAME;
			switch (frame->type) {
			case FRAME_ALIVE:
				continue;
			case FRAME_WANT_INPUT:
				guest->wants_input = true;
				continue;
			case FRAME_STDOUT:
				take_output(guest, STDOUT_FILENO, frame);
				continue;
			case FRAME_STDERR:
				take_output(guest, STDERR_FILENO, frame);
				continue;
			default:
				return 0;
			}
		}
		*signal = signal_received(guest);
		if (*signal) {
			*event = EVENT_SIGNAL;
			return 0;
		}

		int64_t now = guest->clock;
		if (until && now >= until) {
			*event = EVENT_TIME;
			return 0;
		}
		if (now - guest->heard >= guest->patience_ms) {
			CLEANUP_FREE char *what = memory_printf("the guest has been silent for %g s: it hangs",
								(double)guest->patience_ms / 1000);
			return lost(guest, error, what);
		}
		int64_t wait_ms = guest->heard + guest->patience_ms - now;
		if (until && until - now < wait_ms)
			wait_ms = until - now;
		if (pump(guest, wait_ms, error) < 0)
			return -1;
	}
}

static int send_setup(struct guest *guest, const char *directory, struct error *error)
{
	char hostname[HOST_NAME_MAX + 1];
	if (gethostname(hostname, sizeof hostname) < 0)
		return error_set_errno(error, errno, "cannot read the host's name");
	CLEANUP_GUEST_SETUP struct guest_setup setup = {
		.directory = memory_copy_string(directory),
		.hostname = memory_copy_string(hostname),
	};
	if (getrandom(setup.nonce, sizeof setup.nonce, 0) != sizeof setup.nonce)
		return error_set_errno(error, errno, "cannot get random numbers for the line to the guest");
	memcpy(guest->wire.nonce, setup.nonce, sizeof setup.nonce);
	CLEANUP_FREE char *text = guest_setup_to_json(&setup);
	wire_send_text(&guest->wire, FRAME_SETUP, text);
	return 0;
}

static int wait_until_ready(struct guest *guest, const struct guest_options *options, int *interrupted,
			    struct error *error)
{
	for (;;) {
		enum event event = EVENT_TIME;
		struct frame frame = {0};
		if (guest_wait(guest, 0, &event, &frame, interrupted, error) < 0) {
			*interrupted = signal_to_all(guest);
			return -1;
		}
		if (event == EVENT_SIGNAL)
			return error_set(error, ERROR_FAILED, "interrupted while the guest was booting");
		switch (frame.type) {
		case FRAME_HELLO:
			free(guest->description);
			guest->description =
				memory_printf("%s %.*s", options->kernel->name, (int)frame.length, frame.bytes);
			if (send_setup(guest, options->directory, error) < 0)
				return -1;
			break;
		case FRAME_READY:
			guest->usable = true;
			/* What a kernel says while it boots would only hide what it says when it dies. */
			console_clear(&guest->console);
			return 0;
		case FRAME_FAILED:
			return error_set(error, ERROR_FAILED, "%.*s", (int)frame.length, frame.bytes);
		default:
			return error_set(error, ERROR_FAILED, "it said %d where it should be setting itself up",
					 (int)frame.type);
		}
	}
}

static char *own_program(struct error *error)
{
	char *path = realpath("/proc/self/exe", NULL);
	if (!path)
		error_set_errno(error, errno, "cannot find the program that I am");
	else if (strpbrk(path, "\"\n")) {
		error_set(error, ERROR_FAILED, "the path of this program cannot be told to a kernel: %s", path);
		free(path);
		path = NULL;
	}
	return path;
}

static void list_free(char **list)
{
	for (char **item = list; *item; item++)
		free(*item);
	free(list);
}

static int boot(struct guest *guest, const struct guest_options *options, struct error *error)
{
	CLEANUP_FREE char *program = NULL;
	if (options->kernel->find(&program, error) < 0)
		return -1;
	CLEANUP_FREE char *init = own_program(error);
	if (!init)
		return -1;
	char **environment = options->kernel->environment(options->memory, error);
	if (!environment)
		return -1;
	char **arguments = options->kernel->arguments(program, init, options->memory);
	int failed = machine_start(&guest->machine, arguments, environment, options->kernel->takes_turns, error);
	list_free(arguments);
	list_free(environment);
	guest->wire.descriptor = guest->machine.line;
	return failed;
}

static int watch_signals(struct guest *guest, struct error *error)
{
	sigset_t set;
	signals_ending(&set);
	guest->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return guest->signals < 0 ? error_set_errno(error, errno, "cannot wait for signals") : 0;
}

struct guest *guest_start(const struct guest_options *options, int *interrupted, struct error *error)
{
	CLEANUP_GUEST struct guest *guest = memory_allocate(1, sizeof *guest);
	guest->machine = (struct machine)MACHINE_NONE;
	guest->signals = -1;
	guest->description = memory_copy_string(options->kernel->name);
	guest->patience_ms = options->patience_ms;
	guest->looked = duration_now();

	*interrupted = 0;
	if (watch_signals(guest, error) < 0 || boot(guest, options, error) < 0 ||
	    wait_until_ready(guest, options, interrupted, error) < 0) {
		error_context(error, "cannot start a guest (%s)", options->kernel->name);
		return NULL;
	}
	struct guest *started = guest;
	guest = NULL;
	return started;
}

/*
 * Writes what still waits. A reader that takes nothing is waited for, as the unit itself would have done; not so where
 * the unit was cut short, or somebody asks us to end.
 */
static int drain_output(struct guest *guest, int *signal, struct error *error)
{
	size_t waiting = 0;
	int64_t moved = guest->clock;
	while (output_is_waiting(guest->output)) {
		size_t left = queue_length(&guest->output->waiting[0]) + queue_length(&guest->output->waiting[1]);
		int64_t now = guest->clock;
		if (left != waiting)
			moved = now;
		waiting = left;
		int received = signal_received(guest);
		if (received && !*signal)
			*signal = received;
		guest->hurried = guest->hurried || received;
		int64_t wait_ms = guest->hurried ? moved + READER_PATIENCE_MS - now : -1;
		if (guest->hurried && wait_ms <= 0)
			output_drop_waiting(guest->output);
		else if (pump(guest, wait_ms, error) < 0)
			return -1;
	}
	return 0;
}

static int64_t add_time(int64_t time, int64_t more)
{
	int64_t sum;
	return __builtin_add_overflow(time, more, &sum) ? INT64_MAX : sum;
}

/* How long a unit that was told to end may take, by the rules of supervise.h, and its worker to say so. */
static int64_t ending_ms(const struct guest_request *request)
{
	int64_t kill_after_ms = request->kill_after_ms ? request->kill_after_ms : SUPERVISE_KILL_AFTER_MS;
	int64_t grace_ms = request->kill_after_ms ? request->kill_after_ms : SUPERVISE_LEFTOVER_GRACE_MS;
	return add_time(add_time(kill_after_ms, grace_ms), LIMIT_MARGIN_MS);
}

/* The guest does not keep to a limit: the unit ends with it. */
static void give_up(struct guest *guest, const struct guest_request *request, int first_signal,
		    struct unit_result *result)
{
	guest->usable = false;
	result->name = memory_copy_string(request->name);
	result->interrupted = first_signal;
	result->signal = first_signal;
	result->timed_out = first_signal == 0;
	result->time_limit_ms = result->timed_out ? request->timeout_ms : 0;
	result->status = first_signal ? 128 + first_signal : STATUS_TIMED_OUT;
}

/* Takes the result; the unit's output has come before it. */
static int take_result(struct guest *guest, const struct frame *frame, int first_signal, struct unit_result *result,
		       struct error *error)
{
	if (frame->type != FRAME_RESULT)
		return lost(guest, error, "the guest answered with something that is no result");
	if (unit_result_from_json(result, frame->bytes, frame->length, error) < 0 ||
	    drain_output(guest, &first_signal, error) < 0)
		return -1;
	if (first_signal)
		result->interrupted = first_signal;
	return 0;
}

static int follow_unit(struct guest *guest, const struct guest_request *request, int64_t until,
		       struct interruption *interruption, struct unit_result *result, struct error *error)
{
	for (;;) {
		enum event event = EVENT_TIME;
		struct frame frame = {0};
		int signal = 0;
		if (guest_wait(guest, until, &event, &frame, &signal, error) < 0)
			return -1;
		if (event == EVENT_SIGNAL) {
			if (!interruption_note(interruption, signal))
				continue;
			char byte = (char)signal;
			wire_send(&guest->wire, FRAME_SIGNAL, &byte, 1);
			int64_t patience_ms = interruption->count > 1 ? STOP_PATIENCE_MS : ending_ms(request);
			int64_t limit = add_time(guest->clock, patience_ms);
			if (until == 0 || limit < until)
				until = limit;
			guest->hurried = true;
		} else if (event == EVENT_TIME && is_deaf(guest)) {
			/* Its answer may wait behind output that nobody takes. */
			guest->hurried = true;
			until = add_time(guest->clock, STOP_PATIENCE_MS);
		} else if (event == EVENT_TIME) {
			give_up(guest, request, interruption->first, result);
			return 0;
		} else {
			return take_result(guest, &frame, interruption->first, result, error);
		}
	}
}

int guest_run(struct guest *guest, const struct guest_request *request, struct output *output,
	      struct unit_result *result, struct error *error)
{
	CLEANUP_FREE char *text = guest_request_to_json(request);
	wire_send_text(&guest->wire, FRAME_RUN, text);

	pass_time(guest);
	int64_t until = 0;
	if (request->timeout_ms > 0) {
		int64_t request_ms = (int64_t)(strlen(text) / 1024) * LIMIT_MARGIN_MS_PER_KIB;
		until = add_time(add_time(guest->clock, request->timeout_ms), add_time(ending_ms(request), request_ms));
	}
	guest->heard = guest->clock;
	guest->hurried = false;
	guest->output = output;
	struct interruption interruption = {0};
	int failed = follow_unit(guest, request, until, &interruption, result, error);
	guest->output = NULL;
	if (failed < 0) {
		int first = interruption.first ? interruption.first : signal_to_all(guest);
		if (!first)
			return -1;
		error_clear(error);
		unit_result_clear(result);
		give_up(guest, request, first, result);
	}
	return 0;
}

void guest_stop(struct guest *guest)
{
	if (!guest)
		return;
	if (guest->usable) {
		/* Politely, so that what the guest wrote to the working directory is on its way; then by force. */
		CLEANUP_ERROR struct error ignored = ERROR_INIT;
		int64_t until = duration_now() + STOP_PATIENCE_MS;
		wire_send(&guest->wire, FRAME_POWER_OFF, NULL, 0);
		while (duration_now() < until && pump(guest, until - duration_now(), &ignored) == 0)
			;
	}
	machine_stop(&guest->machine);
	file_cleanup_close(&guest->signals);
	wire_clear(&guest->wire);
	console_clear(&guest->console);
	free(guest->description);
	free(guest);
}
