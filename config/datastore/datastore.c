/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/datastore.h"

#include "config/datastore/json.h"
#include "config/errors/explain.h"
#include "config/schema/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuse_file(struct config_error *error, enum config_status status, const char *reason)
{
    config_error_add(error, status, 0, NULL, "%s", reason);
}

/* Non-blocking, so that a FIFO in the file's place cannot stop the agent. */
static int open_file(const char *path, struct config_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0)
        return fd;
    if (errno == ENOENT)
        refuse_file(error, CONFIG_NOT_FOUND, "there is no such file");
    else
        config_error_add(error, CONFIG_UNREADABLE, 0, NULL, "it cannot be opened: %s",
                         strerror(errno));
    return -1;
}

/* The size of an acceptable file, or -1. */
static off_t file_size(int fd, struct config_error *error)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        config_error_add(error, CONFIG_UNREADABLE, 0, NULL, "it cannot be read: %s",
                         strerror(errno));
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        refuse_file(error, CONFIG_UNREADABLE, "it is not a regular file");
        return -1;
    }
    if (st.st_size > (off_t)DATASTORE_FILE_MAX) {
        config_error_add(error, CONFIG_UNREADABLE, 0, NULL,
                         "it is larger than %zu bytes, which no configuration is",
                         DATASTORE_FILE_MAX);
        return -1;
    }
    return st.st_size;
}

/* Reads up to size bytes; their count, or -1 with errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, buffer + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

/* One byte more than the file has is asked for, to see that nobody is writing to it. */
static char *read_text(int fd, size_t size, size_t *len, struct config_error *error)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        refuse_file(error, CONFIG_NO_MEMORY, "memory is out");
        return NULL;
    }
    ssize_t n = read_all(fd, text, size + 1);
    if (n == (ssize_t)size) {
        text[n] = '\0';
        *len = size;
        return text;
    }
    if (n < 0)
        config_error_add(error, CONFIG_UNREADABLE, 0, NULL, "it cannot be read: %s",
                         strerror(errno));
    else
        refuse_file(error, CONFIG_UNREADABLE, "it changed while it was read: try again");
    free(text);
    return NULL;
}

char *datastore_read(const char *path, size_t *len, struct config_error *error)
{
    char *text = NULL;
    int fd = open_file(path, error);

    if (fd < 0)
        return NULL;
    off_t size = file_size(fd, error);
    if (size >= 0)
        text = read_text(fd, (size_t)size, len, error);
    (void)close(fd);
    return text;
}

static bool is_json(const char *text, size_t len, struct config_error *error)
{
    struct json_fault fault;

    if (json_check(text, len, &fault))
        return true;
    config_error_add(error, CONFIG_INVALID, fault.line, NULL, "column %u: this is not JSON: %s",
                     fault.column, fault.reason);
    return false;
}

/*
 * libyang has read on to the next token when it refuses a value, so that the last value of an
 * object is reported at the line of the closing bracket. No value stands on a line of brackets
 * alone.
 */
static unsigned line_of_value(const char *text, unsigned reported)
{
    unsigned found = reported;

    for (unsigned line = 1; line <= reported; line++) {
        text += strspn(text, " \t\r,{}[]");
        if (*text != '\n' && *text != '\0')
            found = line;
        text += strcspn(text, "\n");
        if (*text == '\0')
            break;
        text++;
    }
    return found;
}

struct lyd_node *datastore_parse(struct ly_ctx *schema, const char *text, size_t len,
                                 struct config_error *error)
{
    struct lyd_node *tree = NULL;
    uint32_t parsing = LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE;
    uint32_t validating = LYD_VALIDATE_NO_STATE | COMPAT_VALIDATE_ALL_FAULTS;

    if (!is_json(text, len, error))
        return NULL;
    /* Parsed and validated apart: the tree is needed to say which entry lacks something. */
    LY_ERR result = lyd_parse_data_mem(schema, text, LYD_JSON, parsing, 0, &tree);
    if (result == LY_SUCCESS)
        result = lyd_validate_all(&tree, schema, validating, NULL);
    if (result == LY_SUCCESS)
        return tree;
    if (result == LY_EMEM)
        refuse_file(error, CONFIG_NO_MEMORY, "memory is out");
    else
        explain_errors(schema, tree, error);
    for (size_t i = 0; i < error->count; i++)
        error->faults[i].line = line_of_value(text, error->faults[i].line);
    ly_err_clean(schema, NULL);
    datastore_free(tree);
    return NULL;
}

void datastore_free(struct lyd_node *tree)
{
    lyd_free_all(tree);
}
