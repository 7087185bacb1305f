/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What Control and a letter send. */
#define CONTROL(letter) ((letter) - '@')

/* KEY_END: nobody is there any more. */
enum { HISTORY_LINES = 100, KEY_END = -1, BACKSPACE = 8, TAB = 9, ESCAPE = 27, DELETE = 127 };

/* How a line ended. */
enum line_end { LINE_GOES_ON, LINE_ENTER, LINE_TO_EXEC, LINE_INTERRUPT, LINE_CLOSED };

struct terminal {
    struct shell *shell;
    struct out *out;
    bool skips_lf; /* a CR was the last key */
    uint8_t in[1024];
    size_t begin;
    size_t end;
    char *history[HISTORY_LINES]; /* the latest last */
    size_t history_count;
    size_t shown; /* which of them is on the line; history_count: none */
    char prompt[GRAMMAR_LINE_MAX];
    char line[GRAMMAR_LINE_MAX];
    size_t len;
    size_t cursor;
};

/* --- keys ------------------------------------------------------------------------------------ */

static int read_key(struct terminal *t)
{
    if (t->begin == t->end) {
        ssize_t count;
        out_flush(t->out);
        do
            count = read(STDIN_FILENO, t->in, sizeof(t->in));
        while (count < 0 && errno == EINTR);
        if (count <= 0)
            return KEY_END;
        t->begin = 0;
        t->end = (size_t)count;
    }
    return t->in[t->begin++];
}

/* CR LF is one Enter. */
static int next_key(struct terminal *t)
{
    int key = read_key(t);

    if (key == '\n' && t->skips_lf)
        key = read_key(t);
    t->skips_lf = key == '\r';
    return key;
}

static int key_for_shell(void *context)
{
    return next_key(context);
}

static bool is_pressed(void *context, int ms)
{
    struct terminal *t = context;
    struct pollfd poll_in = {.fd = STDIN_FILENO, .events = POLLIN};

    out_flush(t->out);
    return t->begin < t->end || poll(&poll_in, 1, ms) > 0;
}

/* --- the screen ------------------------------------------------------------------------------ */

static void put(struct terminal *t, const char *text, size_t len)
{
    out_raw(t->out, text, len);
}

static void puts_out(struct terminal *t, const char *text)
{
    put(t, text, strlen(text));
}

static void bell(struct terminal *t)
{
    puts_out(t, "\a");
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t columns(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += continues(text[i]) ? 0 : 1;
    return count;
}

static void back(struct terminal *t, size_t count)
{
    while (count-- > 0)
        puts_out(t, "\b");
}

static void show_line(struct terminal *t)
{
    puts_out(t, t->prompt);
    put(t, t->line, t->len);
    back(t, columns(t->line + t->cursor, t->len - t->cursor));
}

/* \b does not climb to the row above: a line that is longer than a row is shown again below. */
static bool is_one_row(const struct terminal *t)
{
    unsigned width = t->shell->width > 0 ? t->shell->width : 80;

    return columns(t->prompt, strlen(t->prompt)) + columns(t->line, t->len) + 1 < width;
}

/* What is behind the cursor has changed, and `gone` columns of it are not there any more. */
static void refresh(struct terminal *t, size_t gone)
{
    if (!is_one_row(t)) {
        puts_out(t, "\n");
        show_line(t);
        return;
    }
    put(t, t->line + t->cursor, t->len - t->cursor);
    for (size_t i = 0; i < gone; i++)
        puts_out(t, " ");
    back(t, columns(t->line + t->cursor, t->len - t->cursor) + gone);
}

/* --- editing --------------------------------------------------------------------------------- */

static void insert(struct terminal *t, const char *text, size_t len)
{
    if (t->len + len >= sizeof(t->line)) {
        bell(t);
        return;
    }
    bool at_end = t->cursor == t->len;
    memmove(t->line + t->cursor + len, t->line + t->cursor, t->len - t->cursor);
    memcpy(t->line + t->cursor, text, len);
    t->len += len;
    t->cursor += len;
    put(t, text, len);
    if (!at_end)
        refresh(t, 0);
}

static size_t character_before(const struct terminal *t, size_t at)
{
    do
        at--;
    while (at > 0 && continues(t->line[at]));
    return at;
}

static size_t character_after(const struct terminal *t, size_t at)
{
    do
        at++;
    while (at < t->len && continues(t->line[at]));
    return at;
}

/* From here to the cursor. */
static void erase_before(struct terminal *t, size_t from)
{
    size_t gone = columns(t->line + from, t->cursor - from);

    memmove(t->line + from, t->line + t->cursor, t->len - t->cursor);
    t->len -= t->cursor - from;
    t->cursor = from;
    back(t, gone);
    refresh(t, gone);
}

static void erase_behind(struct terminal *t, size_t to)
{
    size_t gone = columns(t->line + t->cursor, to - t->cursor);

    memmove(t->line + t->cursor, t->line + to, t->len - to);
    t->len -= to - t->cursor;
    refresh(t, gone);
}

static void move_to(struct terminal *t, size_t to)
{
    if (!is_one_row(t)) {
        t->cursor = to;
        puts_out(t, "\n");
        show_line(t);
    } else if (to < t->cursor) {
        back(t, columns(t->line + to, t->cursor - to));
        t->cursor = to;
    } else {
        put(t, t->line + t->cursor, to - t->cursor);
        t->cursor = to;
    }
}

static size_t word_before(const struct terminal *t)
{
    size_t at = t->cursor;

    while (at > 0 && t->line[at - 1] == ' ')
        at--;
    while (at > 0 && t->line[at - 1] != ' ')
        at--;
    return at;
}

static void replace_line(struct terminal *t, const char *text)
{
    move_to(t, t->len);
    erase_before(t, 0);
    insert(t, text, strlen(text));
}

static void show_history_line(struct terminal *t, bool older)
{
    if (older ? t->shown == 0 : t->shown >= t->history_count) {
        bell(t);
        return;
    }
    t->shown = older ? t->shown - 1 : t->shown + 1;
    replace_line(t, t->shown < t->history_count ? t->history[t->shown] : "");
}

static void remember(struct terminal *t)
{
    if (t->line[strspn(t->line, " ")] == '\0' ||
        (t->history_count > 0 && strcmp(t->history[t->history_count - 1], t->line) == 0))
        return;
    if (t->history_count == HISTORY_LINES) {
        free(t->history[0]);
        memmove(t->history, t->history + 1, (HISTORY_LINES - 1) * sizeof(t->history[0]));
        t->history_count--;
    }
    char *copy = strdup(t->line);
    if (copy != NULL)
        t->history[t->history_count++] = copy;
}

static void each_history(void *context, struct out *out)
{
    struct terminal *t = context;

    for (size_t i = 0; i < t->history_count; i++)
        out_line(out, "  %s", t->history[i]);
}

/* --- help and completion --------------------------------------------------------------------- */

static void choices_of(struct terminal *t, struct choices *choices)
{
    char before[GRAMMAR_LINE_MAX];

    memcpy(before, t->line, t->cursor);
    before[t->cursor] = '\0';
    shell_choices(t->shell, before, choices);
}

static bool is_exec(const struct terminal *t)
{
    return (t->shell->mode & MODES_EXEC) != 0 || parse_do(t->line, t->shell->mode) > 0;
}

/* The words that begin so, side by side. */
static void list_words(struct terminal *t, const struct choices *choices)
{
    size_t column = 0;

    for (size_t i = 0; i < choices->count; i++) {
        char word[CHOICE_SIZE + 8];
        (void)snprintf(word, sizeof(word), "%-19s ", choices->items[i].word);
        if (column > 0 && column + strlen(word) > 79) {
            out_text(t->out, "");
            column = 0;
        }
        puts_out(t, word);
        column += strlen(word);
    }
    puts_out(t, "\n");
}

static void list_help(struct terminal *t, const struct choices *choices)
{
    size_t width = strlen("<cr>");

    for (size_t i = 0; i < choices->count; i++)
        if (strlen(choices->items[i].word) > width)
            width = strlen(choices->items[i].word);
    for (size_t i = 0; i < choices->count; i++)
        out_line(t->out, "  %-*s  %s", (int)width, choices->items[i].word, choices->items[i].help);
    if (choices->complete && is_exec(t) && memchr(t->line, '|', t->len) == NULL)
        out_line(t->out, "  %-*s  %s", (int)width, "|", "Output modifiers");
    if (choices->complete)
        out_line(t->out, "  %-*s", (int)width, "<cr>");
}

static void help(struct terminal *t)
{
    static struct choices choices;

    puts_out(t, "?\n");
    t->line[t->len] = '\0';
    choices_of(t, &choices);
    (void)out_begin(t->out, NULL, NULL);
    if (!choices.known || (choices.count == 0 && !choices.complete))
        puts_out(t, "% Unrecognized command\n");
    else if (choices.partial < t->cursor)
        list_words(t, &choices);
    else
        list_help(t, &choices);
    out_end(t->out);
    if (choices.known && choices.partial < t->cursor)
        puts_out(t, "\n");
    show_line(t);
}

static void complete(struct terminal *t)
{
    static struct choices choices;
    size_t shared = 0;
    size_t count = 0;

    t->line[t->len] = '\0';
    choices_of(t, &choices);
    for (size_t i = 0; i < choices.count; i++) {
        const char *word = choices.items[i].word;
        if (!choices.items[i].keyword)
            continue;
        if (count++ == 0) {
            shared = strlen(word);
            continue;
        }
        for (size_t k = 0; k < shared; k++)
            if (choices.items[0].word[k] != word[k])
                shared = k;
    }
    size_t typed = t->cursor - choices.partial;
    if (!choices.known || count == 0 || typed == 0 || t->cursor < choices.partial) {
        bell(t);
        return;
    }
    if (shared > typed)
        insert(t, choices.items[0].word + typed, shared - typed);
    if (count == 1)
        insert(t, " ", 1);
    else
        bell(t);
}

/* --- a line ---------------------------------------------------------------------------------- */

/* Arrows and the like: ESC [ letter, ESC O letter, ESC [ number ~. */
static void escape(struct terminal *t)
{
    int key = read_key(t);
    int number = 0;

    if (key == 'b' || key == 'f') {
        move_to(t, key == 'b' ? word_before(t) : t->len);
        return;
    }
    if (key != '[' && key != 'O')
        return;
    for (key = read_key(t); (key >= '0' && key <= '9') || key == ';'; key = read_key(t))
        number = key;
    if (key == 'A' || key == 'B')
        show_history_line(t, key == 'A');
    else if (key == 'C' && t->cursor < t->len)
        move_to(t, character_after(t, t->cursor));
    else if (key == 'D' && t->cursor > 0)
        move_to(t, character_before(t, t->cursor));
    else if (key == 'H' || (key == '~' && (number == '1' || number == '7')))
        move_to(t, 0);
    else if (key == 'F' || (key == '~' && (number == '4' || number == '8')))
        move_to(t, t->len);
    else if (key == '~' && number == '3' && t->cursor < t->len)
        erase_behind(t, character_after(t, t->cursor));
}

static enum line_end leave_or_delete(struct terminal *t)
{
    if (t->len == 0)
        return LINE_CLOSED;
    if (t->cursor < t->len)
        erase_behind(t, character_after(t, t->cursor));
    return LINE_GOES_ON;
}

static void take_literally(struct terminal *t)
{
    int key = read_key(t);
    char c = (char)key;

    if (key >= ' ' && key != DELETE)
        insert(t, &c, 1);
}

static void edit_key(struct terminal *t, int key)
{
    if ((key == CONTROL('B') || key == BACKSPACE || key == DELETE) && t->cursor == 0)
        return;
    switch (key) {
    case CONTROL('A'):
        move_to(t, 0);
        break;
    case CONTROL('E'):
        move_to(t, t->len);
        break;
    case CONTROL('B'):
        move_to(t, character_before(t, t->cursor));
        break;
    case CONTROL('F'):
        if (t->cursor < t->len)
            move_to(t, character_after(t, t->cursor));
        break;
    case BACKSPACE:
    case DELETE:
        erase_before(t, character_before(t, t->cursor));
        break;
    case CONTROL('K'):
        erase_behind(t, t->len);
        break;
    case CONTROL('U'):
    case CONTROL('X'):
        erase_before(t, 0);
        break;
    case CONTROL('W'):
        erase_before(t, word_before(t));
        break;
    case CONTROL('L'):
    case CONTROL('R'):
        puts_out(t, "\n");
        show_line(t);
        break;
    case CONTROL('P'):
    case CONTROL('N'):
        show_history_line(t, key == CONTROL('P'));
        break;
    case CONTROL('V'):
        take_literally(t);
        break;
    case ESCAPE:
        escape(t);
        break;
    case TAB:
        complete(t);
        break;
    default:
        break;
    }
}

static enum line_end take_key(struct terminal *t, int key)
{
    char c = (char)key;

    switch (key) {
    case KEY_END:
        return LINE_CLOSED;
    case '\r':
    case '\n':
        return LINE_ENTER;
    case CONTROL('Z'):
        return LINE_TO_EXEC;
    case CONTROL('C'):
        return LINE_INTERRUPT;
    case CONTROL('D'):
        return leave_or_delete(t);
    case '?':
        help(t);
        return LINE_GOES_ON;
    default:
        break;
    }
    if (key >= ' ' && key != DELETE)
        insert(t, &c, 1);
    else
        edit_key(t, key);
    return LINE_GOES_ON;
}

static enum line_end read_line(struct terminal *t)
{
    enum line_end end = LINE_GOES_ON;

    shell_prompt(t->shell, t->prompt, sizeof(t->prompt));
    t->shell->prompt_width = columns(t->prompt, strlen(t->prompt));
    t->len = t->cursor = 0;
    t->shown = t->history_count;
    puts_out(t, t->prompt);
    while (end == LINE_GOES_ON)
        end = take_key(t, next_key(t));
    t->line[t->len] = '\0';
    return end;
}

static void do_line(struct terminal *t, enum line_end end)
{
    bool configures = (t->shell->mode & MODES_CONFIGURATION) != 0;

    puts_out(t, end == LINE_TO_EXEC ? "^Z\n" : "\n");
    if (end == LINE_INTERRUPT) {
        if (configures)
            (void)shell_to_exec(t->shell);
        return;
    }
    remember(t);
    (void)shell_line(t->shell, t->line);
    if (end == LINE_TO_EXEC && configures)
        (void)shell_to_exec(t->shell);
}

void terminal_run(struct terminal *t)
{
    while (!t->shell->leaving) {
        enum line_end end = read_line(t);
        if (end == LINE_CLOSED) {
            puts_out(t, "\n");
            break;
        }
        do_line(t, end);
    }
    (void)shell_finish(t->shell);
    out_flush(t->out);
}

/* --- the terminal itself --------------------------------------------------------------------- */

static void read_size(struct terminal *t)
{
    struct winsize size = {.ws_row = 0};

    t->shell->length = 24;
    t->shell->width = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return;
    if (size.ws_row > 0)
        t->shell->length = size.ws_row;
    if (size.ws_col > 0)
        t->shell->width = size.ws_col;
}

static struct termios saved; /* as it was; there is one terminal */

static void give_back(int signal_number)
{
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    (void)raise(signal_number); /* with the default action again */
}

static void give_back_on_signals(void)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action = {.sa_handler = give_back, .sa_flags = (int)SA_RESETHAND};

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        (void)sigaction(ending[i], &action, NULL);
}

struct terminal *terminal_open(struct shell *shell)
{
    struct terminal *t = calloc(1, sizeof(*t));
    struct termios raw;

    if (t == NULL || tcgetattr(STDIN_FILENO, &saved) != 0) {
        free(t);
        return NULL;
    }
    t->shell = shell;
    t->out = shell->out;
    raw = saved;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_oflag |= OPOST | ONLCR;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    give_back_on_signals();
    /* What was typed ahead is kept. */
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    read_size(t);
    shell->key = key_for_shell;
    shell->pressed = is_pressed;
    shell->each_history = each_history;
    shell->context_of_terminal = t;
    out_set_pages(shell->out, shell->length, shell->key, t);
    return t;
}

void terminal_close(struct terminal *t)
{
    if (t == NULL)
        return;
    out_flush(t->out);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
    for (size_t i = 0; i < t->history_count; i++)
        free(t->history[i]);
    free(t);
}
