/* SPDX-License-Identifier: MIT */
#include "run/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/memory.h"
#include "process/descriptors.h"
#include "process/signals.h"
#include "process/supervise.h"
#include "run/pool_worker.h"
#include "unit/sandbox.h"
#include "unit/worker.h"

#define READ_LENGTH 65536

/* Room for a worker. */
struct slot {
	struct worker worker;
	int requests;        /* to a guest's worker: indexes of units; or -1 */
	int ends[2];         /* where what it prints is read, while no unit runs (then they are the turn's); or -1 */
	struct queue answer; /* the line that is still coming */
	bool leaving;        /* it takes no other unit */
	bool busy;           /* a unit runs: `turn` */
	struct turn turn;
	struct unit_result result; /* of that unit; with a name as soon as it is there */
};

struct pool {
	struct schedule *schedule;
	const struct guest_kernel *kernel; /* of the workers' guests; NULL: workers are sandboxes */
	struct slot *slots;
	size_t count;
	struct pollfd *polls;
	struct pollfd *open; /* room for those of the polls that have a descriptor */
	unsigned forwarded;  /* how many of the signals that reached us have been passed on to the workers */
};

/* Of a slot: the answers, and its unit's output. */
#define SLOT_POLLS (1 + OUTPUT_POLLS)

/* What a slot has open at most: requests, answers, both ends of output and the file where that is kept. */
#define SLOT_DESCRIPTORS 5

/* What is open besides for a while: the workers' ends, a unit's report. */
#define OTHER_DESCRIPTORS 16

static void pass_ends(int from[2], int to[2])
{
	for (size_t i = 0; i < 2; i++) {
		to[i] = from[i];
		from[i] = -1;
	}
}

static void close_ends(int ends[2])
{
	file_cleanup_close(&ends[0]);
	file_cleanup_close(&ends[1]);
}

static bool begin_turn(struct pool *pool, struct slot *slot)
{
	slot->busy = schedule_next(pool->schedule, &slot->turn);
	if (slot->busy)
		pass_ends(slot->ends, slot->turn.output.ends);
	return slot->busy;
}

/* What the unit printed is in the pipes at the latest. */
static void end_turn(struct pool *pool, struct slot *slot)
{
	struct output *output = &slot->turn.output;
	struct run_result *result = pool->schedule->result;
	output_drain(output);
	output_flush(output, slot->result.interrupted != 0);
	pass_ends(output->ends, slot->ends);
	slot->busy = false;
	/* Workers hear of signals in their own time, and in an order of their own; the first that reached us counts. */
	if (!result->interrupted)
		result->interrupted = supervise_pending_signal();
	schedule_ended(pool->schedule, &slot->turn, &slot->result);
}

/* A guest's worker waits: it gets a unit, or learns that there is none, and ends. */
static void give_work(struct pool *pool, struct slot *slot)
{
	if (!slot->leaving && begin_turn(pool, slot)) {
		size_t index = slot->turn.index;
		/* Where the worker has died meanwhile its end will be noticed. */
		ssize_t ignored = write(slot->requests, &index, sizeof index);
		(void)ignored;
		return;
	}
	file_cleanup_close(&slot->requests);
}

static void take_result(struct pool *pool, struct slot *slot, const char *line, size_t length)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	struct unit_result result = {.name = NULL};
	if (unit_result_from_json(&result, line, length, &error) < 0) {
		schedule_failed(pool->schedule, &error);
		return;
	}
	if (slot->busy) {
		slot->result = result;
		if (pool->kernel) {
			end_turn(pool, slot);
			give_work(pool, slot);
		}
		return;
	}
	/* Its guest could not be started. */
	if (!result.interrupted)
		schedule_failed(pool->schedule, &result.trouble);
	else if (!pool->schedule->result->interrupted)
		pool->schedule->result->interrupted = result.interrupted;
	unit_result_clear(&result);
}

static void take_line(struct pool *pool, struct slot *slot, const char *line, size_t length)
{
	const size_t word = strlen(POOL_READY);
	if (length > word && strncmp(line, POOL_READY, word) == 0) {
		CLEANUP_FREE char *description = memory_copy_bytes(line + word, length - word);
		if (!pool->schedule->result->kernel)
			schedule_reached(pool->schedule, description);
		give_work(pool, slot);
	} else if (length == strlen(POOL_GONE) && strncmp(line, POOL_GONE, length) == 0) {
		slot->leaving = true;
	} else {
		take_result(pool, slot, line, length);
	}
}

/* False when the worker says no more. */
static bool take_answers(struct pool *pool, struct slot *slot)
{
	struct queue *answer = &slot->answer;
	queue_reserve(answer, READ_LENGTH);
	ssize_t got = read(slot->worker.answers, answer->bytes + answer->end, READ_LENGTH);
	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	answer->end += (size_t)got;
	for (;;) {
		char *line = answer->bytes + answer->start;
		const char *end = memchr(line, '\n', queue_length(answer));
		if (!end)
			return true;
		size_t length = (size_t)(end - line);
		take_line(pool, slot, line, length);
		queue_drop(answer, length + 1);
	}
}

static void note_death(struct pool *pool, struct slot *slot, int status)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	error_set(&error, ERROR_FAILED, "the process that ran %s died%s%s", slot->busy ? "the unit" : "a guest",
		  WIFSIGNALED(status) ? ": " : "", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "");
	if (!slot->busy) {
		schedule_failed(pool->schedule, &error);
		return;
	}
	slot->result.trouble = error;
	error = ERROR_INIT;
}

static void end_worker(struct pool *pool, struct slot *slot)
{
	int status = 0;
	file_cleanup_close(&slot->requests);
	file_cleanup_close(&slot->worker.answers);
	/* Of a sandbox nothing lives any more when this returns: it was process 1 there. */
	TEMP_FAILURE_RETRY(waitpid(slot->worker.pid, &status, 0));
	slot->worker = (struct worker){.answers = -1};
	if (slot->busy ? !slot->result.name : status != 0)
		note_death(pool, slot, status);
	if (slot->busy)
		end_turn(pool, slot);
	close_ends(slot->ends);
	queue_clear(&slot->answer);
}

static void add_foreign(struct pool_task *task, int descriptor)
{
	if (descriptor >= 0)
		*array_append(&task->foreign) = descriptor;
}

/* Nobody's pipe shall stay open because a worker that was forked later has a copy of it. */
static void find_foreign(const struct pool *pool, const struct output *its_own, struct pool_task *task)
{
	/* Nor shall it wait for itself to read what it writes. */
	for (size_t k = 0; k < 2; k++)
		add_foreign(task, its_own ? its_own->ends[k] : -1);

	for (size_t i = 0; i < pool->count; i++) {
		const struct slot *slot = &pool->slots[i];
		add_foreign(task, slot->worker.answers);
		add_foreign(task, slot->requests);
		for (size_t k = 0; k < 2; k++) {
			add_foreign(task, slot->ends[k]);
			add_foreign(task, slot->busy ? slot->turn.output.ends[k] : -1);
		}
	}
}

/* Starts a worker in the slot, whose output goes to the pipes of `output` unless that is NULL. */
static int start_worker(struct pool *pool, struct slot *slot, struct output *output, struct pool_task *task,
			struct error *error)
{
	CLEANUP_CLOSE int its_stdout = -1;
	CLEANUP_CLOSE int its_stderr = -1;
	CLEANUP_CLOSE int nothing = -1;
	bool apart = pool->schedule->options->jobs > 1;
	if (output) {
		int theirs[2];
		if (output_open(output, theirs, error) < 0)
			return -1;
		its_stdout = theirs[0];
		its_stderr = theirs[1];
	}
	/* One standard input cannot be read by several at once. */
	if (apart && (nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return error_set_errno(error, errno, "cannot open /dev/null");
	const struct worker_options options = {
		.namespaces = pool->kernel ? 0 : SANDBOX_NAMESPACES,
		.apart = apart,
		.stdin = nothing,
		.stdout = its_stdout,
		.stderr = its_stderr,
	};
	find_foreign(pool, output, task);
	int failed =
		worker_start(&slot->worker, &options, pool->kernel ? pool_work_guest : pool_work_sandbox, task, error);
	array_free(&task->foreign);
	return failed;
}

static void start_sandbox(struct pool *pool, struct slot *slot)
{
	struct schedule *schedule = pool->schedule;
	struct pool_task task = {
		.plan = schedule->plan,
		.options = schedule->options,
		.unit = slot->turn.unit,
		.begun = duration_now(),
	};
	struct output *output = slot->turn.inherits ? NULL : &slot->turn.output;
	if (start_worker(pool, slot, output, &task, &slot->result.trouble) == 0)
		return;
	/* What keeps us from making this one will not be better for the others. */
	schedule->stopped = true;
	end_turn(pool, slot);
	close_ends(slot->ends);
}

static void start_guest(struct pool *pool, struct slot *slot)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	CLEANUP_OUTPUT struct output output;
	output_init(&output, false, false);
	int requests[2];
	if (pipe2(requests, O_CLOEXEC) < 0) {
		error_set_errno(&error, errno, "cannot make a pipe for a guest");
		schedule_failed(pool->schedule, &error);
		return;
	}
	CLEANUP_CLOSE int theirs = requests[0];
	slot->requests = requests[1];
	struct pool_task task = {
		.plan = pool->schedule->plan,
		.options = pool->schedule->options,
		.kernel = pool->kernel,
		.requests = theirs,
	};
	if (start_worker(pool, slot, &output, &task, &error) < 0) {
		schedule_failed(pool->schedule, &error);
		file_cleanup_close(&slot->requests);
		return;
	}
	pass_ends(output.ends, slot->ends);
}

/* Every request to end that has reached us, once; the second one makes the workers kill what they run. */
static void forward_signals(struct pool *pool)
{
	const struct interruption *interruption = supervise_interruption();
	for (; pool->forwarded < interruption->count; pool->forwarded++) {
		int signal = pool->forwarded == 0 ? interruption->first : interruption->last;
		for (size_t i = 0; i < pool->count; i++) {
			if (pool->slots[i].worker.pid > 0)
				kill(pool->slots[i].worker.pid, signal);
		}
	}
}

/* As poll(2), which counts entries that it passes over against RLIMIT_NOFILE, too. */
static int poll_open(const struct pool *pool, int milliseconds)
{
	size_t count = 1 + pool->count * SLOT_POLLS;
	size_t open = 0;
	for (size_t i = 0; i < count; i++) {
		if (pool->polls[i].fd >= 0)
			pool->open[open++] = pool->polls[i];
	}
	int ready = poll(pool->open, open, milliseconds);
	for (size_t i = 0, k = 0; i < count && ready > 0; i++) {
		if (pool->polls[i].fd >= 0)
			pool->polls[i].revents = pool->open[k++].revents;
	}
	return ready;
}

/* Nothing can be heard of the workers any more. */
static void give_up(struct pool *pool, int number)
{
	CLEANUP_ERROR struct error error = ERROR_INIT;
	error_set_errno(&error, number, "cannot wait for the units");
	schedule_failed(pool->schedule, &error);
	for (size_t i = 0; i < pool->count; i++) {
		struct slot *slot = &pool->slots[i];
		if (slot->worker.pid == 0)
			continue;
		kill(slot->worker.pid, SIGKILL);
		end_worker(pool, slot);
	}
}

/* Waits until something happens, and deals with it. */
static void turn_round(struct pool *pool)
{
	struct pollfd *polls = pool->polls;
	int milliseconds = -1;
	polls[0] = (struct pollfd){.fd = signals_descriptor(), .events = POLLIN};
	for (size_t i = 0; i < pool->count; i++) {
		const struct slot *slot = &pool->slots[i];
		struct pollfd *own = polls + 1 + i * SLOT_POLLS;
		own[0] = (struct pollfd){.fd = slot->worker.answers, .events = POLLIN};
		output_poll(&slot->turn.output, own + 1);
		if (slot->busy && !slot->turn.inherits)
			milliseconds = output_wait_ms(&slot->turn.output, milliseconds);
	}
	int ready = poll_open(pool, milliseconds);
	if (ready <= 0) {
		if (ready < 0 && errno != EINTR)
			give_up(pool, errno);
		return;
	}
	for (size_t i = 0; i < pool->count; i++) {
		struct slot *slot = &pool->slots[i];
		const struct pollfd *own = polls + 1 + i * SLOT_POLLS;
		if (slot->busy)
			output_move(&slot->turn.output, own + 1);
		if (own[0].revents && !take_answers(pool, slot))
			end_worker(pool, slot);
	}
}

static bool is_at_work(const struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->slots[i].worker.pid > 0)
			return true;
	}
	return false;
}

static void fill_with_sandboxes(struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		struct slot *slot = &pool->slots[i];
		if (slot->worker.pid == 0 && begin_turn(pool, slot))
			start_sandbox(pool, slot);
	}
}

static int open_pool(struct pool *pool, struct schedule *schedule, const struct guest_kernel *kernel)
{
	size_t units = schedule->plan->units.count;
	size_t jobs = schedule->options->jobs > 1 ? schedule->options->jobs : 1;
	size_t count = jobs < units ? jobs : units;
	CLEANUP_ERROR struct error error = ERROR_INIT;
	if (descriptors_reserve(count * SLOT_DESCRIPTORS + OTHER_DESCRIPTORS, &error) < 0) {
		error_context(&error, "%zu units at once cannot be had", count);
		error_remedy(&error, "fewer jobs, or a higher limit (ulimit -n)");
		schedule_failed(schedule, &error);
		return -1;
	}
	*pool = (struct pool){
		.schedule = schedule,
		.kernel = kernel,
		.slots = memory_allocate(count, sizeof(struct slot)),
		.count = count,
		.polls = memory_allocate(1 + count * SLOT_POLLS, sizeof(struct pollfd)),
		.open = memory_allocate(1 + count * SLOT_POLLS, sizeof(struct pollfd)),
	};
	for (size_t i = 0; i < count; i++) {
		struct slot *slot = &pool->slots[i];
		slot->worker.answers = slot->requests = slot->ends[0] = slot->ends[1] = -1;
		output_init(&slot->turn.output, false, false);
	}
	return 0;
}

static void close_pool(struct pool *pool)
{
	free(pool->slots);
	free(pool->polls);
	free(pool->open);
}

void pool_run_sandboxes(struct schedule *schedule)
{
	struct pool pool;
	if (open_pool(&pool, schedule, NULL) < 0)
		return;
	schedule_reached(schedule, "this host's kernel");
	for (fill_with_sandboxes(&pool); is_at_work(&pool); fill_with_sandboxes(&pool)) {
		forward_signals(&pool);
		turn_round(&pool);
	}
	close_pool(&pool);
}

void pool_run_guests(struct schedule *schedule, const struct guest_kernel *kernel)
{
	struct pool pool;
	if (open_pool(&pool, schedule, kernel) < 0)
		return;
	for (size_t i = 0; i < pool.count; i++)
		start_guest(&pool, &pool.slots[i]);
	while (is_at_work(&pool)) {
		forward_signals(&pool);
		turn_round(&pool);
	}
	close_pool(&pool);
}
