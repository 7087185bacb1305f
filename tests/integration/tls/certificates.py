# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and certificates made by the openssl command; of any validity, which is why `openssl ca`."""
import hashlib
import os
import subprocess

CONFIG = """
[ca]
default_ca = this
[this]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = default
default_days = 1
policy = anything
unique_subject = no
x509_extensions = extensions
[anything]
commonName = optional
serialNumber = optional
organizationName = optional
[req]
distinguished_name = none
[none]
[extensions]
%s
"""


def openssl(folder, *arguments, stdin=None):
    done = subprocess.run(("openssl", *arguments), cwd=folder, input=stdin, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}:\n{done.stderr.decode()}")
    return done.stdout


class Certificates:
    """A folder of keys and certificates."""

    def __init__(self, folder):
        self.folder = folder
        with open(self.path("index.txt"), "w", encoding="ascii"):
            pass

    def path(self, name):
        return os.path.join(self.folder, name)

    def key(self, name, *algorithm):
        """algorithm: as for `openssl genpkey`."""
        openssl(self.folder, "genpkey", "-out", name + ".key", "-algorithm", *algorithm)

    def certificate(self, name, key=None, subject="/CN=MSE-0050569c3489", start="20200101000000Z",
                    end="20991231235959Z", issuer=None, extensions="basicConstraints=CA:FALSE"):
        """Self-signed if there is no issuer."""
        key = (key or name) + ".key"
        signer = ("-cert", issuer + ".pem", "-keyfile", issuer + ".key") if issuer else \
            ("-selfsign", "-keyfile", key)
        with open(self.path(name + ".cnf"), "w", encoding="ascii") as config:
            config.write(CONFIG % extensions)
        openssl(self.folder, "req", "-new", "-config", name + ".cnf", "-key", key, "-subj", subject,
                "-out", name + ".csr")
        openssl(self.folder, "ca", "-batch", "-notext", "-preserveDN", "-config", name + ".cnf",
                *signer, "-in", name + ".csr", "-out", name + ".pem", "-startdate", start,
                "-enddate", end)

    def chain(self, name, *parts):
        """One file with several certificates, the own one first."""
        with open(self.path(name + ".pem"), "w", encoding="ascii") as out:
            for part in parts:
                with open(self.path(part + ".pem"), encoding="ascii") as source:
                    out.write(source.read())

    def key_hash(self, name, algorithm="sha256"):
        """What the auth list holds: the hash of the SubjectPublicKeyInfo."""
        public = openssl(self.folder, "pkey", "-in", name + ".key", "-pubout", "-outform", "DER")
        return hashlib.new(algorithm, public).hexdigest()

    def der(self, name):
        return openssl(self.folder, "x509", "-in", name + ".pem", "-outform", "DER")
