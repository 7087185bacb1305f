/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One <rpc> under way: read, its parameters, and its answer.
 */
#ifndef CONFIG_NETCONF_REQUEST_H
#define CONFIG_NETCONF_REQUEST_H

#include "config/errors/rpc-error.h"
#include "config/netconf/service.h"
#include "config/netconf/xml-clean.h"

struct lyd_node;

enum request_outcome { REQUEST_DONE, REQUEST_FAILED, REQUEST_WAITS };

struct request {
    struct nc_session *session;
    struct service *service;
    struct lyd_node *op; /* as libyang parsed it, NULL until it has */
    struct rpc_errors *errors;
    struct xmlbuf reply; /* what an operation adds is the content; if nothing, it is <ok/> */
    /* Of request.c: */
    struct xml_message message;
    struct lyd_node *envelope; /* <rpc> of lyd_parse_op() */
    struct lyd_node *xml;      /* the whole message of xml_parse(), if somebody needed it */
    size_t begin;              /* of what stands in <rpc-reply> */
};

/* Reads a message and libyang's errors away. False: it is not even XML as it may be; message.fault
 * and message.reason say why. Ended by request_fini() in any case. */
bool request_init(struct request *request, struct nc_session *session, const char *text,
                  size_t len);
void request_fini(struct request *request);
/* Gives it to libyang. False with libyang's errors, or without any if it may not see it. */
bool request_parse(struct request *request);

/* The operation's element of xml_parse(). NULL with an error if memory is out. */
const struct lyd_node *request_xml(struct request *request);
/* Adds an error: REQUEST_FAILED. */
enum request_outcome request_refuse(struct request *request, enum rpc_error_type type,
                                    enum rpc_error_tag tag, const char *message);
enum request_outcome request_refuse_parameter(struct request *request, enum rpc_error_tag tag,
                                              const char *name, const char *message);
bool request_refuse_for_memory(struct request *request); /* false */
/* A child of a node by its name, or NULL; the value of one that is a leaf. */
const struct lyd_node *request_child(const struct lyd_node *parent, const char *name);
const char *request_leaf(const struct lyd_node *parent, const char *name);

/* The start tag of the answer, with the attributes of the <rpc> as `envelope` has them. False: not
 * even they can be given back, and the session has ended. */
bool request_begin_reply(struct request *request, const struct lyd_node *envelope);
/* The answer is sent: what was put into it, or the errors. */
void request_answer(struct request *request);
void request_answer_errors(struct request *request, const struct rpc_errors *errors);
/* For REQUEST_WAITS: the answer comes through request_done(), the store's `done` with the session
 * as its context; but for request_resume(), if it will not. */
void request_wait(struct request *request);
void request_resume(struct request *request);
void request_done(void *session, bool ok, const struct rpc_errors *errors);

#endif
