/*
 * job.h - a unit of work of the loop: it has a timer, makes transfers, and ends.
 *
 * The loop knows when a job is due and what libcurl reports of it; what that means is the business
 * of the job's events. A job is a member of what it belongs to (call.h).
 */
#ifndef PROMPTIC_JOB_H
#define PROMPTIC_JOB_H

#include "heap.h"
#include "list.h"
#include "transfer.h"

struct job;

typedef struct job_events {
    /* There is room for an attempt: begins one, with its timer's due_ms set. False if none could
     * begin; the job has ended then. */
    bool (*begin)(struct job *job);

    /* timer.due_ms has come. */
    void (*due)(struct job *job, int64_t now_ms);

    /* libcurl has ended the attempt under way with this code. */
    void (*ended)(struct job *job, CURLcode code);

    /* The connections of the attempt under way are of no use: out of memory. The job ends. */
    void (*broken)(struct job *job);

    /* In a forked child: the job belongs to the parent, and ends without using libcurl. */
    void (*abandoned)(struct job *job);

    /* It has ended, and its callback is to run; may free the job. */
    void (*report)(struct job *job);
} job_events;

struct job {
    const job_events *events;
    struct transfer *transfer; /* of its attempts; the job is the owner of their easy handles */
    heap_timer timer;          /* of an unfinished job: when it is due next */
    list_link link;            /* in the loop's queue or list of ended jobs */
};

/* A job that is in no list. */
static inline void job_init(struct job *job, const job_events *events, struct transfer *transfer) {
    job->events = events;
    job->transfer = transfer;
    heap_timer_init(&job->timer);
    list_init(&job->link);
}

#endif
