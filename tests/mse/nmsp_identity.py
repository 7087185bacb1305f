# SPDX-License-Identifier: GPL-2.0-or-later
"""Identities: a server's own certificate, what it prints about it, and the TLS contexts made of it.

Python's ssl cannot look into a certificate, so a small DER walk finds the two things that matter:
the SubjectPublicKeyInfo, over which NMSP key hashes are taken, and the common name with the MAC.
"""

import hashlib
import os
import re
import ssl
import subprocess
import tempfile
import warnings

OID_COMMON_NAME = bytes.fromhex("0603550403")


class IdentityError(Exception):
    pass


# --- DER ------------------------------------------------------------------------------------------


def der_item(data, at=0):
    """One TLV at `at`: (tag, start of its value, end of its value)."""
    if at + 2 > len(data):
        raise IdentityError("DER ends inside an item")
    tag, size = data[at], data[at + 1]
    at += 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or at + count > len(data):
            raise IdentityError("DER length of %d bytes" % count)
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > len(data):
        raise IdentityError("DER item runs past its end")
    return tag, at, at + size


def der_children(data):
    """The items inside a value, each as (tag, whole item, value)."""
    at = 0
    while at < len(data):
        tag, start, end = der_item(data, at)
        yield tag, data[at:end], data[start:end]
        at = end


def certificate_parts(der):
    """DER certificate -> (issuer, subject, SubjectPublicKeyInfo), each a whole DER item."""
    _, start, end = der_item(der)
    _, _, signed = next(der_children(der[start:end]))
    items = [item for tag, item, _ in der_children(signed) if tag != 0xA0]
    if len(items) < 6:
        raise IdentityError("not a certificate")
    _serial, _algorithm, issuer, _validity, subject, key = items[:6]
    return issuer, subject, key


def common_names(name):
    """The common names of a DER Name."""
    _, start, end = der_item(name)
    for _, _, attributes in der_children(name[start:end]):
        for _, _, attribute in der_children(attributes):
            if attribute.startswith(OID_COMMON_NAME):
                _, first, last = der_item(attribute, len(OID_COMMON_NAME))
                yield attribute[first:last].decode("utf-8", "replace")


def mac_in(text):
    """A MAC address in any usual spelling inside a text, as 00:50:56:9c:34:89, or None."""
    spellings = (
        r"(?<![0-9a-f])((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})(?![0-9a-f])",
        r"(?<![0-9a-f])((?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![0-9a-f])",
        r"(?<![0-9a-f])([0-9a-f]{12})(?![0-9a-f])",
    )
    for spelling in spellings:
        found = re.search(spelling, text.lower())
        if found:
            digits = re.sub("[^0-9a-f]", "", found.group(1))
            return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
    return None


# --- facts about a certificate --------------------------------------------------------------------


def key_hashes(spki):
    """(SHA-1, SHA-256) of a DER SubjectPublicKeyInfo, in hex."""
    return hashlib.sha1(spki).hexdigest(), hashlib.sha256(spki).hexdigest()


def certificate_facts(der):
    issuer, subject, spki = certificate_parts(der)
    names = list(common_names(subject))
    sha1, sha256 = key_hashes(spki)
    return {
        "mac": next((mac for mac in map(mac_in, names) if mac), None),
        "common_name": names[0] if names else None,
        "key_sha1": sha1,
        "key_sha256": sha256,
        "certificate_sha256": hashlib.sha256(der).hexdigest(),
        "self_signed": issuer == subject,
    }


def read_certificate(path):
    """The first certificate of a PEM file (or a DER file), as DER."""
    with open(path, "rb") as file:
        data = file.read()
    found = re.search(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", data, re.DOTALL)
    return ssl.PEM_cert_to_DER_cert(found.group(0).decode("ascii")) if found else data


def auth_info(der):
    """What a location server shows its operator, to be pasted into the controller."""
    facts = certificate_facts(der)
    line = "-" * 16
    return "\n".join(
        (
            line,
            "Server Auth Info",
            line,
            "MAC Address: %s" % (facts["mac"] or "none in the certificate's common name"),
            "SHA1 Key Hash: %s" % facts["key_sha1"],
            "SHA2 Key Hash: %s" % facts["key_sha256"],
            "Certificate Type: %s" % ("SSC" if facts["self_signed"] else "not self-signed"),
        )
    )


# --- making a certificate -------------------------------------------------------------------------

# No extended key usage: the same certificate serves as TLS server and as TLS client.
OPENSSL_CONFIG = """\
[req]
prompt = no
distinguished_name = dn
x509_extensions = ext
[dn]
CN = %(cn)s
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = digitalSignature%(usage)s
subjectKeyIdentifier = hash
[ca]
default_ca = own
[own]
new_certs_dir = %(folder)s
database = %(folder)s/index.txt
serial = %(folder)s/serial
default_md = sha256
policy = policy
x509_extensions = ext
[policy]
commonName = supplied
"""


def run_openssl(*words):
    try:
        done = subprocess.run(
            ("openssl",) + words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise IdentityError("the openssl command is not installed") from None
    if done.returncode:
        raise IdentityError("openssl %s: %s" % (words[0], done.stderr.strip()))


def make_key(path, kind, bits, curve):
    old_mask = os.umask(0o077)
    try:
        if kind == "rsa":
            options = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits)
        elif kind == "ec":
            options = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:%s" % curve)
        else:
            options = ("-algorithm", kind.upper())
        run_openssl("genpkey", *options, "-out", path)
    finally:
        os.umask(old_mask)


def sign_with_dates(folder, config, key, certificate, start, end):
    """`openssl req` cannot choose the dates; `openssl ca` can, but wants a database."""
    for name, text in (("index.txt", ""), ("serial", "01\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    request = os.path.join(folder, "request.pem")
    run_openssl("req", "-new", "-config", config, "-key", key, "-out", request)
    words = ["ca", "-batch", "-selfsign", "-notext", "-config", config, "-keyfile", key]
    words += ["-in", request, "-out", certificate, "-startdate", start, "-enddate", end]
    run_openssl(*words)


def make_certificate(
    folder, mac, kind="rsa", bits=2048, curve="P-256", days=3650, cn=None, dates=None
):
    """Writes cert.pem and key.pem (0600). `dates`: two YYYYMMDDHHMMSSZ instead of days."""
    found = mac_in(mac)
    if not found:
        raise IdentityError("not a MAC address: %s" % mac)
    os.makedirs(folder, exist_ok=True)
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    make_key(key, kind, bits, curve)
    with tempfile.TemporaryDirectory() as work:
        config = os.path.join(work, "openssl.cnf")
        with open(config, "w", encoding="utf-8") as file:
            values = {"cn": cn or "MSE-" + found.replace(":", ""), "folder": work}
            values["usage"] = ",keyEncipherment" if kind == "rsa" else ""
            file.write(OPENSSL_CONFIG % values)
        if dates:
            sign_with_dates(work, config, key, certificate, *dates)
        else:
            words = ["req", "-x509", "-new", "-config", config, "-key", key, "-out", certificate]
            words += ["-days", str(days)] + (["-sha256"] if kind in ("rsa", "ec") else [])
            run_openssl(*words)
    return certificate, key


# --- TLS ------------------------------------------------------------------------------------------

TLS_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class Trust:
    """Which agents may talk to us: these certificates, these key hashes, or anyone (a trial)."""

    def __init__(self, certificates=(), key_hashes=(), anyone=False):
        self.certificates = [read_certificate(path) for path in certificates]
        self.key_hashes = [key_hash.lower().replace(":", "") for key_hash in key_hashes]
        self.anyone = anyone
        for key_hash in self.key_hashes:
            if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", key_hash):
                raise IdentityError(
                    "a key hash has 40 (SHA-1) or 64 (SHA-256) hex digits, this one has %d"
                    % len(key_hash)
                )

    def refusal(self, der):
        """Why the peer with this certificate is not an agent we know, or None if it is one."""
        if self.anyone:
            return None
        if der is None:
            return "the agent sent no certificate"
        if self.certificates and der not in self.certificates:
            return "the agent's certificate is not one of those given"
        if self.key_hashes:
            facts = certificate_facts(der)
            if not {facts["key_sha1"], facts["key_sha256"]}.intersection(self.key_hashes):
                return "the agent's key hash %s is not one of those given" % facts["key_sha256"]
        return None


def tls_context(server_side, certificate, key, trust, version=None, ciphers=None):
    """OpenSSL checks the signatures. That it is a known certificate is Trust.refusal's to say."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if server_side:
        # The agent puts first what costs its processor least.
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        context.check_hostname = False
    context.load_cert_chain(certificate, key)
    if trust.certificates and not trust.anyone:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=b"".join(trust.certificates))
    else:
        context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = TLS_VERSIONS[version or "1.2"]
        if version:
            context.maximum_version = TLS_VERSIONS[version]
    # An end of the stream without close_notify is to be told from a proper close.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    # Every connection proves its key anew: no tickets, no resumption.
    context.options |= ssl.OP_NO_TICKET
    if server_side:
        context.num_tickets = 0
    if ciphers:
        context.set_ciphers(ciphers)
    return context
