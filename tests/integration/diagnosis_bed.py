# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of diagnoses share: the remedy of each code, and how log and report must tell one."""

import re

import bed
from bed import SERVER_MACS, Keys, configuration, until

MAC = SERVER_MACS[0]
USER = MAC.replace(":", "")
LIST = "L" + MAC[-2:]

# Patterns, for those that hold a fact.
REMEDIES = {code: re.escape(remedy) for code, remedy in {
    "bad-certificate": "Make a new certificate on the location server, and copy its key hash from there.",
    "certificate-hash": "Replace it with the key hash.",
    "clock-not-set": "Set the clock: let NTP synchronise this machine; it is tried again by itself.",
    "cut-hash": "Replace it with the whole SHA2 key hash.",
    "crowded-out": "If it is a location server of yours, it gets in when it comes again; as a configured server it keeps "
                   "its place. Keep others from the port of this agent by a firewall.",
    "dangling-list": "Add the attribute list with the key hash that the server shows (show server-auth-info), or "
                     "correct its name.",
    "disabled": "Switch it on.",
    "expired": "Make a new certificate on the location server and replace its key hash here, or correct this "
               "machine's clock if it is ahead.",
    "handshake-closed": "Look at the log of the location server; it may want to know this agent's MAC and key hash "
                        "first.",
    "handshake-silent": "See that it is a location server that stands there, and that it is not overloaded.",
    "held": "Nothing has to be done, unless two servers were given one MAC or one server was configured twice.",
    "inner-key-hash": "Replace it with the key hash.",
    "lost": "See that the server is up, and that the network to it is.",
    "malformed": "Look at the log with --debug for what was wrong with them, and at the release of the location "
                 "server.",
    "no-answer": "See that the server is up, and that no firewall on the way drops TCP port 16113.",
    "no-certificate": "See that it is a location server, and that it has a certificate (show server-auth-info there).",
    "no-identity": 'If it stays so, look at the log where it says "without one there is no session": the line before '
                   "names the file that is in the way.",
    "no-method-list": "Add the list.",
    "no-new-model": "Add it.",
    "no-password": "Add the key hash to it.",
    "no-resources": "Give this machine more memory or file descriptors, or its agent smaller capacities.",
    "not-acted-on": "Nothing has to be done: it is kept, and taken up where something can act on it.",
    "not-nmsp": "See that it is the NMSP port of a location server that was configured, and not another service.",
    "not-tls": "See that it is the NMSP port of a location server (16113) that was configured, and not another "
               "service.",
    "not-yet-valid": "Synchronise both sides by NTP: this machine's clock must not be behind the server's.",
    "other-hash": "Replace it with the SHA2 key hash.",
    "other-mac": "One digit of the user name may be wrong: give the server's MAC to a user with the same attribute "
                 "list.",
    "peer-alert": "Look at the log of the location server.",
    "peer-closed": "Look at the log of the location server for its reason.",
    "port-closed": "Start the server's NMSP service, correct the port, or let TCP port 16113 through its firewall.",
    "session-exists": "Nothing has to be done, unless two servers were given one certificate or one server was "
                      "configured twice.",
    "silent": "See that the server is up, and that nothing on the way forgets idle connections.",
    "stalled": "See that the server is not overloaded; it may subscribe to associated clients alone, or filter "
               "locally administered MACs.",
    "throttled": 'If it is a location server of yours, mend what else is told of it, and it gets in by itself; as a '
                 'configured server it is never throttled. The rates are those of "listen".',
    "too-many": "Let fewer location servers connect to this agent, or have it connect to some of them.",
    "unknown-mac": "If this is a server of yours, add it to the auth list.",
    "unproven": "Somebody may have copied the certificate of a server of yours: find out who stands at that address.",
    "key-size": "Make a new certificate on the location server, with RSA of 2048 bits or EC with P-256, or install a TLS "
                "library here that can do with larger keys.",
    "weak-proof": "Bring the location server to a release that signs with SHA-256, or allow legacy-cipher for it.",
    "bad-record": "Find out who stands at that address; if it is a location server of yours, bring it to a newer release.",
    "unreachable": "Look at the address, and at this machine's routes to it.",
    "version": "Bring this agent or the location server to a release that the other one knows.",
    "weak-key": "Make a new certificate on the location server, with RSA of at least 2048 bits or EC with P-256, "
                "P-384 or P-521.",
    "wrong-hash": "Compare it with what the server shows (show server-auth-info); if the server has a new "
                  "certificate, replace the hash.",
    "wrong-server": "If it is the right server that stands there, correct the MAC of the server entry.",
}.items()}
REMEDIES["name-"] = "(Correct the name, or add it to the DNS|Look at this machine's resolver .* name server)" + r"\."
REMEDIES["no-common"] = ("(Take strong-cipher back, or bring the location server to a newer release|Bring the location "
                         "server to a release with TLS 1.2 and ECDHE, or allow legacy-cipher for it, which needs a TLS "
                         r"library that was built for it)\.")
REMEDIES["own-refused"] = (r"Give the location server this agent's MAC [0-9a-f:]{17} and the key hash of its (RSA|EC) "
                           r"certificate, SHA1 [0-9a-f]{40} or SHA2 [0-9a-f]{64}\.")


class Case(bed.Case):
    def diagnosed(self, code, cause, *lines, who="server 127.0.0.1:", since=0, again=True):
        """The log has cause, remedy and lines, once; the report has them under the code, too. With `again` only after
        it has happened another time. Gives the cause."""
        found = self.agent.wait(re.escape(who) + r"\S* cause: " + cause, since)
        self.agent.wait(re.escape(who) + r"\S* remedy: " + REMEDIES[code] + "$", since)
        for line in lines:
            self.agent.wait(re.escape(who) + r"\S* paste: " + re.escape(line) + "$", since)
        if again:
            self.repeated(code)
        self.assertEqual(len(self.told(who, cause, since)), 1, "\n".join(self.agent.lines))
        self.reported(code, cause, *lines)
        return found

    def told(self, who, cause, since=0):
        """The lines of the log, the reports left aside."""
        return self.agent.said("^(?!.*report: ).*" + re.escape(who) + r"\S* cause: " + cause, since)

    def repeated(self, code):
        until(lambda: re.search(r" code=%s\S* since=\d+ count=([2-9]|\d\d)" % code, "\n".join(self.agent.report())),
              "%s happens again" % code)

    def reported(self, code, cause, *lines):
        """The report's only diagnosis, whole."""
        report = [one.split("report: ", 1)[1] for one in self.agent.report()]
        titles = [one.split(": diagnosis: ")[0] + ": diagnosis" for one in report if " code=" + code in one]
        self.assertEqual(len(titles), 1, "\n".join(report))
        self.assertTrue([one for one in report if re.match(re.escape(titles[0]) + ": cause: " + cause, one)],
                        "\n".join(report))
        self.assertTrue([one for one in report if re.match(
            re.escape(titles[0]) + ": remedy: " + REMEDIES[code] + "$", one)], "\n".join(report))
        pasted = [one.split(": line: ")[1] for one in report if one.startswith(titles[0] + ": line: ")]
        self.assertEqual(pasted, list(lines))

    def nothing_diagnosed(self):
        until(lambda: not [one for one in self.agent.report() if ": diagnosis: " in one], "nothing is wrong any more")

    def aaa(self, config, **values):
        config["nmspd-aaa:aaa"].update(values)
        return config

    def with_password(self, port, password):
        entry = {"name": LIST, **({"password": password} if password else {})}
        return self.aaa(configuration([port], users=[MAC]), **{"attribute-list": [entry]})

    def key_lines(self, name="mse"):
        return "aaa attribute list " + LIST, " attribute type password " + Keys.hash(MAC, name)
