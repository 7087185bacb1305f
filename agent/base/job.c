/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/job.h"

#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RESULT_FD = 3, EXIT_FD = 4, KILL_WAIT_MS = 50 };

struct job {
    struct job *next; /* in `lingering` */
    bool finished;
    const char *name;
    void (*done)(void *context, enum job_result how, const uint8_t *result, size_t len);
    void *context;
    pid_t child;
    int pipe;
    struct loop_watch watch;
    struct loop_timer timer;
    size_t len;
    size_t limit;
    uint8_t result[];
};

static void (*at_fork)(void);

void job_at_fork(void (*wipe)(void))
{
    at_fork = wipe;
}

/* Killed children that were not gone in time. */
static struct job *lingering;

static void reap_lingering(void)
{
    struct job **link = &lingering;

    while (*link != NULL) {
        struct job *job = *link;
        if (waitpid(job->child, NULL, WNOHANG) == 0) {
            link = &job->next;
        } else {
            *link = job->next;
            free(job);
        }
    }
}

/* Takes the job out of the loop. */
static void job_detach(struct job *job)
{
    loop_watch_remove(&job->watch);
    loop_timer_fini(&job->timer);
    if (job->pipe >= 0)
        (void)close(job->pipe);
    job->pipe = -1;
}

/* Only for a child that has closed EXIT_FD: it is gone or about to go, so waiting is short. */
static bool child_succeeded(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool child_killed(pid_t child)
{
    static const struct timespec pause = {.tv_nsec = 1000000};

    (void)kill(child, SIGKILL);
    for (int i = 0; i < KILL_WAIT_MS; i++) {
        if (waitpid(child, NULL, WNOHANG) != 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* Frees a job that is detached, or sets it aside until its child is gone. */
static void job_free(struct job *job, bool child_gone)
{
    reap_lingering();
    if (child_gone) {
        free(job);
    } else {
        job->next = lingering;
        lingering = job;
    }
}

static void job_finish(struct job *job, enum job_result how)
{
    bool gone = true;

    job_detach(job);
    if (how != JOB_OK)
        gone = child_killed(job->child);
    else if (!child_succeeded(job->child))
        how = JOB_FAILED;
    job->finished = true;
    job->done(job->context, how, job->result, how == JOB_OK ? job->len : 0);
    job_free(job, gone);
}

static void job_timed_out(void *context)
{
    struct job *job = context;

    log_warning("%s: no result within its deadline; the child was stopped", job->name);
    job_finish(job, JOB_TIMED_OUT);
}

static void job_readable(void *context, unsigned ready)
{
    struct job *job = context;
    uint8_t extra;

    (void)ready;
    for (;;) {
        bool full = job->len == job->limit;
        ssize_t got = full ? read(job->pipe, &extra, 1)
                           : read(job->pipe, job->result + job->len, job->limit - job->len);
        if (got == 0) {
            job_finish(job, JOB_OK);
            return;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got < 0 || full) {
            log_warning("%s: the child's result is larger than %zu bytes or unreadable", job->name,
                        job->limit);
            job_finish(job, JOB_FAILED);
            return;
        }
        job->len += (size_t)got;
    }
}

/* As a system call, because musl has no function for it, and with a fallback for kernels
 * before 5.9. */
static void close_from(int first)
{
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
    long end = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < end; fd++)
        (void)close(fd);
}

/*
 * In the child: nothing of the parent's loop, sockets or signal handling may be left to touch.
 *
 * EXIT_FD is a second descriptor of the pipe that the work does not know of: so the parent sees the
 * pipe's end when the child has exited, and not when the work closes its own.
 */
static _Noreturn void run_child(const struct job_spec *spec, int out, pid_t parent)
{
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it died before it could be asked for */
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    log_forked();
    if (dup2(out, RESULT_FD) < 0 || dup2(RESULT_FD, EXIT_FD) < 0)
        _exit(EXIT_FAILURE);
    close_from(EXIT_FD + 1);
    if (at_fork != NULL)
        at_fork();
    _exit(spec->work(spec->input, RESULT_FD));
}

static int job_fork(struct job *job, const struct job_spec *spec)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    job->child = fork();
    if (job->child == 0)
        run_child(spec, ends[1], parent);
    int error = job->child < 0 ? -errno : 0;
    (void)close(ends[1]);
    job->pipe = ends[0];
    if (error == 0 && fcntl(job->pipe, F_SETFL, O_NONBLOCK) != 0)
        error = -errno;
    return error;
}

struct job *job_start(struct loop *loop, const struct job_spec *spec)
{
    struct job *job = calloc(1, sizeof(*job) + spec->limit);

    if (job == NULL)
        return NULL;
    job->name = spec->name;
    job->done = spec->done;
    job->context = spec->context;
    job->limit = spec->limit;
    job->pipe = -1;
    int error = loop_timer_init(loop, &job->timer, job_timed_out, job);
    if (error == 0)
        error = job_fork(job, spec);
    if (error == 0)
        error = loop_watch_add(loop, &job->watch, job->pipe, LOOP_READ, job_readable, job);
    if (error != 0) {
        job_detach(job);
        job_free(job, job->child <= 0 || child_killed(job->child));
        errno = -error;
        return NULL;
    }
    loop_timer_start(&job->timer, spec->deadline);
    return job;
}

void job_cancel(struct job *job)
{
    if (job == NULL || job->finished)
        return;
    job_detach(job);
    job_free(job, child_killed(job->child));
}
