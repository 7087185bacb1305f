/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor: a process that links what the agent links and does what cannot be avoided: a generic
 * netlink socket, a TLS context with the agent's certificate and key, its configuration read and
 * validated once, the YANG context given back. Then it waits for the end of its input.
 *
 *     bench-floor CONFIGURATION CERTIFICATE KEY
 */
#include <wolfssl/options.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <wolfssl/ssl.h>

#include "config/settings/loader.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

static bool read_configuration(const char *path)
{
    static struct config_error error;
    struct loader *config = loader_new(NULL);
    struct settings *settings = config == NULL ? NULL : loader_file(config, path, &error);

    loader_free(config);
    settings_free(settings);
    return settings != NULL;
}

int main(int argc, char **argv)
{
    struct nl_sock *netlink = nl_socket_alloc();
    char byte;

    if (argc != 4 || netlink == NULL || genl_connect(netlink) != 0 ||
        wolfSSL_Init() != WOLFSSL_SUCCESS || !read_configuration(argv[1]))
        return 1;
    (void)genl_ctrl_resolve(netlink, "nl80211");
    WOLFSSL_CTX *tls = wolfSSL_CTX_new(wolfSSLv23_client_method());
    if (wolfSSL_CTX_use_certificate_file(tls, argv[2], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_use_PrivateKey_file(tls, argv[3], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
        return 1;
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
    (void)puts("ready");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    wolfSSL_CTX_free(tls);
    (void)wolfSSL_Cleanup();
    nl_socket_free(netlink);
    return 0;
}
