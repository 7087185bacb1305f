/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts of events and fake time, played against the real agent: its peers, listener, connections
 * and sessions, over real TLS on loopback sockets, with a clock that only the script moves. The
 * language is described in tests/replay/README.md.
 */
#ifndef TESTS_UNIT_REPLAY_H
#define TESTS_UNIT_REPLAY_H

#include "agent/agent.h"
#include "agent/state.h"
#include "tests/unit/far-end.h"
#include "tests/unit/session-bed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPLAY_SERVERS = 2, /* A and B */
    REPLAY_ENDS = 24,
    REPLAY_NAME_SIZE = 16,
    REPLAY_LOG_LINES = 512,
    REPLAY_WORDS = 12,
};

/* A peer of the agent: over TLS (far), or of a session alone (peer). */
struct replay_end {
    char name[REPLAY_NAME_SIZE];
    struct far_end *far;
    struct bed_peer *peer;
    int mute; /* a descriptor on which nothing is ever said; -1: none */
    size_t heard;
    unsigned count[SESSION_IDS];
    uint8_t last[SESSION_IDS][WIRE_MESSAGE_CUT];
    uint32_t notification; /* the number of the last one */
    struct belief belief;
};

struct replay {
    struct bed *bed;
    struct agent *agent;
    struct radio_operations radio;
    int listeners[REPLAY_SERVERS];
    uint16_t ports[REPLAY_SERVERS];
    uint16_t listen_port; /* the agent's */
    struct replay_end *ends[REPLAY_ENDS];
    size_t end_count;
    bool stopped;
    char log[REPLAY_LOG_LINES][512];
    size_t lines;
};

/* The words of one line of a script. */
struct replay_words {
    const char *word[REPLAY_WORDS];
    size_t count;
};

struct replay *replay_new(void);
void replay_free(struct replay *replay);

/* Carries one line out; fails the test, naming the line, if that cannot be done or an expectation
 * does not hold. The line is changed. */
void replay_step(struct replay *replay, char *line, const char *place);

/* --- what the files of the player share --- */

/* The value of KEY=VALUE among the words, or NULL. */
const char *replay_value(const struct replay_words *words, const char *key);
long replay_number(const struct replay_words *words, const char *key, long otherwise);
/* A mask from bit numbers joined by commas; "none" is 0. */
uint64_t replay_mask(const char *text);
struct replay_end *replay_end(struct replay *replay, const char *name);
/* Moves all bytes that can be moved, without time passing, until nothing happens any more. */
void replay_settle(struct replay *replay);
/* The settings that the words after `configure` describe. */
struct settings *replay_settings(const struct replay *replay, const struct replay_words *words);
/* The state of a configured server, A or B; false if it is not configured. */
bool replay_server(const struct replay *replay, const char *name, struct peer_status *out);
/* True if the rest of an `expect` line holds now. */
bool replay_holds(struct replay *replay, const struct replay_words *words);
/* What an end says: true if the words are known. */
bool replay_say(struct replay *replay, struct replay_end *end, const struct replay_words *words);

/* For the tests' own mistakes, and for expectations. */
_Noreturn void replay_fail(const char *why);

#endif
