/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A door with a store behind it, on a socket in a folder of its own, and small clients of it: for
 * the tests of config/netconf/. The clock is virtual, the sockets are real.
 */
#ifndef CONFIG_NETCONF_TEST_DOOR_H
#define CONFIG_NETCONF_TEST_DOOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/loop.h"
#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/netconf/framing.h"
#include "config/netconf/netconf_server.h"
#include "config/netconf/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOOR_BASE "urn:ietf:params:xml:ns:netconf:base:1.0"
#define DOOR_HELLO_0                                                                            \
    "<hello xmlns='" DOOR_BASE "'><capabilities><capability>urn:ietf:params:netconf:base:1.0</" \
    "capability></capabilities></hello>"
#define DOOR_HELLO_1                                                                            \
    "<hello xmlns='" DOOR_BASE "'><capabilities><capability> urn:ietf:params:netconf:base:1.1 " \
    "</capability></capabilities></hello>"
#define DOOR_RPC(content)    "<rpc message-id='1' xmlns='" DOOR_BASE "'>" content "</rpc>"
#define DOOR_SYSTEM(content) "<system xmlns='urn:nmspd:yang:nmspd-system'>" content "</system>"
#define DOOR_NMSP(content)   "<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp'>" content "</nmsp>"
#define DOOR_EDIT(target, more, content)                                           \
    DOOR_RPC("<edit-config><target><" target "/></target>" more "<config>" content \
             "</config></edit-config>")
#define DOOR_GET_CONFIG(source, more) \
    DOOR_RPC("<get-config><source><" source "/></source>" more "</get-config>")

struct door {
    struct loop *loop; /* virtual */
    struct ly_ctx *schema;
    char folder[64];
    char path[100];
    char startup[128];
    struct store *store;
    struct nacm *nacm;
    struct netconf_server *server;
    unsigned applies;
    char log[4096]; /* all lines */
};

extern struct door door;

struct client {
    int fd;
    struct framing_decoder *decoder;
    bool chunked;
    size_t piece; /* what is sent at once; 0: all */
    uint8_t input[65536];
    size_t begin;
    size_t end;
    bool gone;  /* the server has closed */
    char *last; /* the last message, free()d by the next one */
};

int door_schema(void **state);
int door_no_schema(void **state);
int door_open(void **state);
int door_close(void **state);
void door_start(void); /* the server */

/* Turns of the loop without time passing. */
void door_turn(unsigned turns);

struct client *client_connect(void); /* no hello yet; NULL: nobody listens */
/* On a descriptor that somebody else carries to the server; taken over. */
struct client *client_on(int fd);
void client_close(struct client *client);
/* Connected, with hellos both ways. */
struct client *client_open(bool chunked);
void client_greet(struct client *client, bool chunked);
void client_send(struct client *client, const char *message);
void client_send_raw(struct client *client, const char *bytes, size_t len);
/* The next message, valid until the one after it; NULL: the server has closed. Fails the test if
 * neither comes. */
const char *client_hear(struct client *client);
/* Nothing comes. */
void client_hear_nothing(struct client *client);
const char *client_ask(struct client *client, const char *message);
/* The answer holds each of these texts; ended by NULL. */
void client_expect(struct client *client, const char *message, ...);
void client_ok(struct client *client, const char *message);
void client_error(struct client *client, const char *message, const char *tag);
void client_expect_end(struct client *client);

#endif
