/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/identity.h"

#include "agent/base/log.h"
#include "agent/tls/certificate-info.h"
#include "agent/tls/certificate.h"
#include "agent/tls/crypto.h"
#include "agent/tls/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DER_SIZE = 8192, /* an RSA-4096 key has 2,400 bytes, a certificate with many names some more */
    PEM_SIZE = 16384,
    COMMON_NAME_MAX = 64, /* ub-common-name */
    MAC_DIGITS = 12,
    SPKI_SIZE = 512,
};

struct tls_identity {
    struct tls_pair pair; /* in tls/memory: wiped before it is freed */
    struct certificate_info info;
};

/* --- files --- */

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* A rename lasts only once the folder itself is on the disk. */
static int sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    int status = 0;
    int n = snprintf(copy, sizeof(copy), "%s", path);

    if (n < 0 || (size_t)n >= sizeof(copy))
        return -ENAMETOOLONG;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fsync(fd) != 0)
        status = -errno;
    (void)close(fd);
    return status;
}

/* A power cut leaves the old file or the new one, never a half. */
static int write_file(const char *path, const char *data, size_t len, mode_t mode)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof(temporary), "%s.new", path);
    int status = 0;

    if (n < 0 || (size_t)n >= sizeof(temporary))
        return -ENAMETOOLONG;
    (void)unlink(temporary); /* left by a crash, perhaps with another mode */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, mode) != 0) /* whatever the umask is */
        status = -errno;
    if (status == 0)
        status = write_all(fd, data, len);
    if (close(fd) != 0 && status == 0)
        status = -errno;
    if (status == 0 && rename(temporary, path) != 0)
        status = -errno;
    if (status != 0) {
        (void)unlink(temporary);
        return status;
    }
    return sync_folder_of(path);
}

/* The file's size, or -errno with a log message. */
static ssize_t read_file(const char *path, bool is_private, char *buffer, size_t size)
{
    struct stat st;
    size_t len = 0;
    int status = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) != 0) {
        status = -errno;
        log_error("%s cannot be read: %s", path, strerror(-status));
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        status = -EINVAL;
        log_error("%s is not a file", path);
        goto out;
    }
    if (is_private && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status = -EACCES;
        log_error("%s is open to others (mode %04o): the private key may be known to them; make a "
                  "new identity, or \"chmod 600\" if you are sure",
                  path, (unsigned)(st.st_mode & 07777));
        goto out;
    }
    while (len < size) {
        ssize_t n = read(fd, buffer + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = -errno;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    if (status == 0 && len == size)
        status = -EFBIG;
    if (status != 0)
        log_error("%s cannot be read: %s", path, strerror(-status));
out:
    if (fd >= 0)
        (void)close(fd);
    return status != 0 ? status : (ssize_t)len;
}

/* --- making one --- */

/* "<name>-<mac>"; a name that is too long loses its end, but no half of a character stays. */
static void common_name_of(const char *name, const struct mac *mac, char out[COMMON_NAME_MAX + 1])
{
    size_t len = strlen(name);
    const size_t room = COMMON_NAME_MAX - MAC_DIGITS - 1;

    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
            len--;
    }
    (void)snprintf(out, COMMON_NAME_MAX + 1, "%.*s-%02x%02x%02x%02x%02x%02x", (int)len, name,
                   mac->b[0], mac->b[1], mac->b[2], mac->b[3], mac->b[4], mac->b[5]);
}

static size_t sign(void *context, const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    return tls_key_sign(context, data, len, out, size);
}

/* The certificate (DER) for a key; its size, or 0. */
static size_t self_sign(struct tls_key *key, enum certificate_key_type kind, const char *name,
                        const struct mac *mac, uint8_t *out, size_t size)
{
    char common_name[COMMON_NAME_MAX + 1];
    uint8_t spki[SPKI_SIZE];
    uint8_t digest[TLS_SHA256_SIZE];
    struct certificate_content content = {
        .ec = kind == CERTIFICATE_KEY_EC,
        .spki = spki,
        .spki_len = tls_key_public(key, spki, sizeof(spki)),
        .common_name = common_name,
        .not_before = "000101000000Z",
        .not_after = "99991231235959Z",
    };

    common_name_of(name, mac, common_name);
    if (content.spki_len == 0 || !tls_sha256(spki, content.spki_len, digest))
        return 0;
    /* As good as random, because the key is; positive, and no leading zeros as DER wants it. */
    memcpy(content.serial, digest, sizeof(content.serial));
    content.serial[0] = (uint8_t)((content.serial[0] & 0x3f) | 0x40);
    return certificate_build(&content, sign, key, out, size);
}

static int write_pem(const char *path, enum tls_pem what, const uint8_t *der, size_t len)
{
    char pem[PEM_SIZE];
    size_t pem_len = len > 0 ? tls_pem_encode(what, der, len, pem, sizeof(pem)) : 0;
    int status = pem_len > 0
                     ? write_file(path, pem, pem_len, what == TLS_PEM_CERTIFICATE ? 0644 : 0600)
                     : -EIO;

    explicit_bzero(pem, sizeof(pem));
    if (status != 0)
        log_error("%s cannot be written: %s", path, strerror(-status));
    return status;
}

int tls_identity_create(enum certificate_key_type kind, const char *cert_path, const char *key_path,
                        const char *name, const struct mac *mac)
{
    uint8_t certificate[DER_SIZE];
    uint8_t private[DER_SIZE];
    int status = -EIO;
    struct tls_key *key = tls_key_generate(kind);

    size_t certificate_len =
        key != NULL ? self_sign(key, kind, name, mac, certificate, sizeof(certificate)) : 0;
    if (certificate_len == 0) {
        log_error("the library could not make a key or sign a certificate with it");
        goto out;
    }
    status = write_pem(key_path, kind == CERTIFICATE_KEY_EC ? TLS_PEM_EC_KEY : TLS_PEM_RSA_KEY,
                       private, tls_key_private(key, private, sizeof(private)));
    if (status == 0)
        status = write_pem(cert_path, TLS_PEM_CERTIFICATE, certificate, certificate_len);
out:
    explicit_bzero(private, sizeof(private));
    tls_key_free(key);
    return status;
}

/* --- loading one --- */

/* A copy of the DER in a PEM file, or NULL with a log message and errno. */
static uint8_t *load_pem(const char *path, enum tls_pem what, size_t *len)
{
    char pem[PEM_SIZE];
    uint8_t der[DER_SIZE];
    uint8_t *copy = NULL;
    int error = EINVAL;
    ssize_t pem_len = read_file(path, what != TLS_PEM_CERTIFICATE, pem, sizeof(pem));

    if (pem_len < 0) {
        error = (int)-pem_len;
        goto out;
    }
    *len = tls_pem_decode(what, pem, (size_t)pem_len, der, sizeof(der));
    if (*len == 0) {
        log_error("%s holds no usable PEM %s", path,
                  what == TLS_PEM_CERTIFICATE ? "certificate" : "private key");
        goto out;
    }
    copy = tls_memory_allocate(*len);
    if (copy == NULL) {
        error = ENOMEM;
        log_error("out of memory while reading %s", path);
        goto out;
    }
    memcpy(copy, der, *len);
out:
    explicit_bzero(pem, sizeof(pem));
    explicit_bzero(der, sizeof(der));
    errno = error;
    return copy;
}

struct tls_identity *tls_identity_load(const char *cert_path, const char *key_path)
{
    int error = EINVAL;
    struct tls_identity *identity = calloc(1, sizeof(*identity));

    if (identity == NULL) {
        log_error("out of memory while reading %s", cert_path);
        errno = ENOMEM;
        return NULL;
    }
    identity->pair.certificate =
        load_pem(cert_path, TLS_PEM_CERTIFICATE, &identity->pair.certificate_len);
    if (identity->pair.certificate != NULL)
        identity->pair.key = load_pem(key_path, TLS_PEM_RSA_KEY, &identity->pair.key_len);
    if (identity->pair.key == NULL) {
        error = errno;
        goto failed;
    }
    if (!certificate_info_read(identity->pair.certificate, identity->pair.certificate_len, 1,
                               &identity->info)) {
        log_error("%s holds a certificate that cannot be read", cert_path);
        goto failed;
    }
    if (!tls_can_compute(identity->info.key_type, identity->info.key_bits)) {
        log_error("the key in %s has %u bits, which is more than the TLS library of this program "
                  "can compute with: take one of 2048 bits, or make a new identity",
                  key_path, identity->info.key_bits);
        goto failed;
    }
    if (!tls_pair_fits(&identity->pair)) {
        log_error("the key in %s does not belong to the certificate in %s: make a new identity",
                  key_path, cert_path);
        goto failed;
    }
    return identity;

failed:
    tls_identity_free(identity);
    errno = error;
    return NULL;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (identity == NULL)
        return;
    tls_memory_free(identity->pair.key);
    tls_memory_free(identity->pair.certificate);
    free(identity);
}

const struct certificate_info *tls_identity_info(const struct tls_identity *identity)
{
    return &identity->info;
}

const struct tls_pair *tls_identity_pair(const struct tls_identity *identity)
{
    return &identity->pair;
}
