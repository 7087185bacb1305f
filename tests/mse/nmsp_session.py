# SPDX-License-Identifier: GPL-2.0-or-later
"""One session with an agent: TLS over a non-blocking socket, and the server's side of the protocol.

TLS runs over memory buffers (ssl.MemoryBIO), so that the socket is ours: what is read and when,
what a half-close does, how many bytes one TLS record carries. The owner's loop calls on_readable,
on_writable and on_timer, and asks wants_read, wants_write and next_deadline.
"""

import socket
import ssl
import struct
import time

import nmsp_broken as broken
import nmsp_identity as identity
import nmsp_report as report
import nmsp_rules as rules
import nmsp_wire as wire

READ_SIZE = 16384
CLOSING_LIMIT = 2.0
NEVER = float("inf")


def now():
    return time.monotonic()


class Peer(Exception):
    """The session is over, and why."""


# --- TLS ------------------------------------------------------------------------------------------


class Link:
    """A TLS connection over a connected non-blocking socket."""

    def __init__(self, sock, context, server_side):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server_side)
        self.output = bytearray()
        self.established = False
        self.read_ended = False

    def close(self):
        self.sock.close()

    def abort(self):
        """Ends the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def fill(self):
        """Takes what the socket has into the TLS engine; False if there was nothing."""
        try:
            data = self.sock.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            raise Peer("connection lost: %s" % error.strerror) from None
        if data:
            self.incoming.write(data)
        else:
            self.read_ended = True
            self.incoming.write_eof()
        return True

    def handshake(self):
        """True once it is complete. Raises ssl.SSLError, after which output may hold an alert."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            if self.read_ended:
                raise ssl.SSLError("the peer closed the connection") from None
            return False
        finally:
            self.collect()
        self.established = True
        return True

    def read(self):
        """Some application bytes, or None if more has to arrive first."""
        try:
            return self.tls.read(READ_SIZE)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            raise Peer("closed by the agent") from None
        except ssl.SSLError as error:
            if isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING":
                raise Peer("connection closed without TLS close_notify") from None
            raise Peer("TLS: %s" % tls_error(error)) from None
        finally:
            self.collect()

    def write(self, data):
        self.tls.write(data)
        self.collect()

    def collect(self):
        self.output += self.outgoing.read()

    def flush(self):
        while self.output:
            try:
                sent = self.sock.send(self.output)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                raise Peer("connection lost: %s" % error.strerror) from None
            del self.output[:sent]

    def drain(self):
        """Throws away what arrives. True at the end of the stream.

        A socket that is closed with unread input sends a reset, and the peer loses our last words.
        """
        try:
            while True:
                if not self.sock.recv(READ_SIZE):
                    return True
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    def end_output(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def say_goodbye(self):
        """Queues close_notify. The agent's own is not waited for."""
        if self.established:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass
            self.collect()

    def facts(self):
        der = self.tls.getpeercert(binary_form=True)
        facts = {"tls": self.tls.version(), "cipher": self.tls.cipher()[0], "agent": None}
        if der:
            facts["agent"] = identity.certificate_facts(der)
        return facts


def tls_error(error):
    """OpenSSL's word for what happened, such as TLSV13_ALERT_CERTIFICATE_REQUIRED."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the agent's certificate was refused: %s" % error.verify_message
    return error.reason or str(error)


# --- the session ----------------------------------------------------------------------------------


def subscription(services, intervals=None, aps=None, devices=None):
    """The elements of a subscription. A filter that is None is left out; [] lets nothing by."""
    elements = [{"element": "services", "mask": services}]
    elements += request_filters(aps, devices, ("ap-filter", "device-filter"))
    for bit, seconds in sorted((intervals or {}).items()):
        elements.append({"element": "interval", "bit": bit, "seconds": seconds})
    return elements


def request_filters(aps, devices, order=("device-filter", "ap-filter")):
    filters = {"ap-filter": aps, "device-filter": devices}
    return [{"element": name, "macs": filters[name]} for name in order if filters[name] is not None]


class Behaviour:
    """How a server behaves in all its sessions; the command line fills it in."""

    mac = "00:00:00:00:00:00"
    versions = (1, 1)
    offered = 0
    name = "nmsp-mse"
    software = None
    subscribe = None  # elements of a Service Subscribe Request, or None
    capability = True
    echo_every = 0.0
    echo_reply = True
    stall_after = None
    stall_for = None
    broken = ()
    dead_after = 30.0
    handshake_limit = 30.0


class Session:
    """`owner` has .report, .behaviour, .notified() and .ended(session)."""

    def __init__(self, number, sock, address, context, server_side, trust, owner):
        self.number, self.address, self.trust, self.owner = number, address, trust, owner
        self.behaviour = owner.behaviour
        self.link = Link(sock, context, server_side)
        self.role = "tls-server" if server_side else "tls-client"
        self.splitter = wire.Splitter()
        self.rules = rules.Rules()
        self.state = (
            "handshake"  # handshake, open, closing (our last words are on their way), ended
        )
        self.ready = False  # the agent's Capability was accepted
        self.version = None
        self.stalled = False
        self.single_bytes = False
        self.half_closed = False
        self.echo_reply = self.behaviour.echo_reply
        self.requests = 0
        self.notifications = 0
        self.wanted = self.behaviour.subscribe
        self.counts = {}
        self.app_bytes = 0
        self.messages = 0
        self.malformed = 0
        self.violations = 0
        self.close_reason = None
        self.was_open = False
        self.heard = now()
        self.deadlines = {"handshake": now() + self.behaviour.handshake_limit}

    # --- what the loop asks ---

    def wants_read(self):
        return self.state == "closing" or not (self.stalled or self.link.read_ended)

    def wants_write(self):
        return bool(self.link.output)

    def next_deadline(self):
        return min(self.deadlines.values(), default=NEVER)

    def on_readable(self):
        self.guarded(self.receive)

    def on_writable(self):
        self.guarded(self.after_flush)

    def on_timer(self):
        self.guarded(self.run_timers)

    def guarded(self, step):
        """Every step ends with a flush; whatever ends the session is reported once."""
        if self.state == "ended":
            return
        try:
            step()
            if self.state != "ended":
                self.link.flush()
        except Peer as reason:
            self.end(str(reason))
        except ssl.SSLError as error:
            self.end("TLS: %s" % tls_error(error))

    def after_flush(self):
        self.link.flush()
        if self.state == "closing" and not self.link.output:
            self.link.end_output()

    def run_timers(self):
        for name in [name for name, at in self.deadlines.items() if at <= now()]:
            del self.deadlines[name]
            getattr(self, "timer_" + name)()

    # --- TLS ---

    def receive(self):
        if self.state == "closing":
            if self.link.drain():
                self.end(self.close_reason)
            return
        if not self.link.fill():
            return
        if self.state == "handshake" and not self.try_handshake():
            return
        self.read_messages()

    def start(self):
        """The first flight of a TLS client; a server waits."""
        self.guarded(self.try_handshake)

    def try_handshake(self):
        try:
            if not self.link.handshake():
                return False
        except ssl.SSLError as error:
            self.refuse(tls_error(error))
            return False
        refusal = self.trust.refusal(self.link.tls.getpeercert(binary_form=True))
        if refusal:
            self.refuse(refusal)
            return False
        del self.deadlines["handshake"]
        self.opened()
        return True

    def refuse(self, why):
        self.emit("handshake-failed", peer=self.address, role=self.role, error=why)
        self.begin_closing(why)

    def opened(self):
        self.state, self.was_open = "open", True
        self.emit("connected", peer=self.address, role=self.role, **self.link.facts())
        self.deadlines["echo"] = (
            now() + self.behaviour.echo_every if self.behaviour.echo_every else NEVER
        )
        self.hear()
        if self.behaviour.capability:
            self.send_capability()

    def timer_handshake(self):
        self.refuse("no TLS handshake in %g s" % self.behaviour.handshake_limit)

    # --- receiving ---

    def hear(self):
        self.heard = now()
        if self.behaviour.dead_after:
            self.deadlines["dead"] = self.heard + self.behaviour.dead_after

    def read_messages(self):
        while self.state == "open" and not self.stalled:
            if self.take_frame():
                continue
            data = self.link.read()
            if data is None:
                return
            if not data:
                raise Peer("closed by the agent")
            self.app_bytes += len(data)
            self.splitter.feed(data)

    def take_frame(self):
        """Handles one frame if a whole one is there."""
        try:
            frame = self.splitter.next()
        except wire.WireError as error:
            self.report_malformed(error)
            self.close("fatal: %s" % error.reason)
            return False
        if frame is None:
            return False
        self.hear()
        self.messages += 1
        try:
            message = wire.decode(frame)
        except wire.WireError as error:
            self.report_malformed(error)
        else:
            self.take_message(message, len(frame))
        if self.messages == self.behaviour.stall_after:
            self.stall(self.behaviour.stall_for)
        return True

    def report_malformed(self, error):
        self.malformed += 1
        facts = error.header or {}
        self.emit("malformed", verdict=error.verdict, error=error.reason, header=facts)

    def take_message(self, message, size):
        name = message["name"]
        self.counts[name] = self.counts.get(name, 0) + 1
        findings = self.rules.check(message, size)
        self.emit("message", size=size, **report.message_facts(message))
        for rule, detail in findings:
            self.violations += 1
            facts = {"message": name, "transaction": message["transaction"]}
            self.emit("violation", rule=rule, detail=detail, **facts)
        if message["id"] == 1:
            self.answer_echo(message)
        elif message["id"] == 7:
            self.take_capability(message)
        elif wire.MESSAGES[message["id"]].kind == "notification":
            self.owner.notified()

    def answer_echo(self, request):
        if self.echo_reply and not self.half_closed:
            data = [e for e in request["elements"] if e["element"] == "echo-data"]
            self.send("echo-response", data, request["transaction"])

    def take_capability(self, message):
        least, most = self.behaviour.versions
        offered = wire.first(message, "protocol-version")
        version = min(most, offered["max"])
        if version < max(least, offered["min"]):
            theirs = "%(min)d..%(max)d" % offered
            self.close("no common version: ours %d..%d, the agent's %s" % (least, most, theirs))
            return
        again, self.ready, self.version = self.ready, True, version
        if not again:
            self.emit("ready", version=version)
            self.ask_subscription()
            for word in self.behaviour.broken:
                self.send_broken(word)
        elif self.wanted and not self.half_closed:
            # The agent's services changed: what is new among the wanted ones has to be asked for.
            asked = next(e["mask"] for e in self.wanted if e["element"] == "services")
            if asked & wire.first(message, "services")["mask"] & ~self.rules.view.mask:
                self.ask_subscription()

    # --- sending ---

    def emit(self, event, **facts):
        self.owner.report.event(event, session=self.number, **facts)

    def put(self, data):
        """Application bytes: one TLS record for each call, or one for each byte."""
        if self.half_closed or self.state != "open":
            raise ValueError("the session is closing")
        if self.single_bytes:
            for octet in data:
                self.link.write(bytes([octet]))
        elif data:
            self.link.write(data)

    def send(self, name, elements, transaction):
        message = {"id": wire.MESSAGES_BY_NAME[name].id, "name": name, "flags": 0}
        message.update(transaction=transaction, elements=elements)
        self.put(wire.encode(message))
        self.rules.sent(message)
        self.emit("sent", **report.message_facts(message))

    def send_request(self, name, elements):
        self.requests = self.requests % 0xFFFFFFFF + 1
        self.send(name, elements, self.requests)

    def send_capability(self):
        least, most = self.behaviour.versions
        elements = [
            {"element": "protocol-version", "min": least, "max": most},
            {"element": "services", "mask": self.behaviour.offered},
            {"element": "sender-id", "mac": self.behaviour.mac},
            {"element": "timestamp", "ms": int(time.time() * 1000)},
        ]
        for name in ("name", "software"):
            text = getattr(self.behaviour, name)
            if text:
                elements.append({"element": name, "text": text})
        self.notifications = self.notifications % 0xFFFFFFFF + 1
        self.send("capability-notification", elements, self.notifications)

    def subscribe(self, elements):
        self.wanted = elements
        self.send_request("service-subscribe-request", elements)

    def ask_subscription(self):
        if self.wanted:
            self.send_request("service-subscribe-request", self.wanted)

    def send_raw(self, data, what="raw"):
        self.put(data)
        self.note_raw_requests(data)
        self.emit("sent", message=what, bytes=len(data))

    def note_raw_requests(self, data):
        """Requests inside raw bytes get responses, which are then not unasked for."""
        splitter = wire.Splitter()
        splitter.feed(data)
        try:
            for frame in iter(splitter.next, None):
                _, _, id_, _, transaction = wire.HEADER.unpack_from(frame)
                self.rules.sent({"id": id_, "transaction": transaction})
        except wire.WireError:
            pass

    def send_broken(self, word):
        data = broken.frames(word)
        if data is None:
            self.single_bytes = True
            self.emit("sent", message=word, bytes=0)
        else:
            self.send_raw(data, word)

    def timer_echo(self):
        self.send_request("echo-request", [{"element": "echo-data", "hex": b"nmsp-mse"}])
        self.deadlines["echo"] = now() + self.behaviour.echo_every

    # --- stalling and ending ---

    def stall(self, seconds=None):
        """Stops reading from the socket, for a time or until resume."""
        self.stalled = True
        self.deadlines.pop("dead", None)
        self.deadlines["resume"] = now() + seconds if seconds else NEVER
        self.emit("stalled", seconds=seconds)

    def resume(self):
        self.deadlines.pop("resume", None)
        if self.stalled:
            self.stalled = False
            self.emit("resumed")
            self.hear()
            self.read_messages()

    def timer_resume(self):
        self.resume()

    def timer_dead(self):
        self.close("nothing received for %g s" % self.behaviour.dead_after)

    def timer_closing(self):
        self.end(self.close_reason)

    def close(self, reason):
        """Closes properly: what is queued, close_notify, FIN, the socket when the agent is done."""
        if self.state != "open":
            return
        self.begin_closing(reason)

    def stop(self, reason):
        """Ends the session as properly as its state allows."""
        self.guarded(lambda: self.close(reason))
        if self.state == "handshake":
            self.end(reason)

    def begin_closing(self, reason):
        self.state, self.close_reason = "closing", reason
        self.deadlines = {"closing": now() + CLOSING_LIMIT}
        self.link.say_goodbye()
        self.after_flush()

    def half_close(self):
        """close_notify and FIN, but what the agent still sends is read."""
        self.half_closed = True
        self.deadlines.pop("echo", None)
        self.link.say_goodbye()
        self.link.flush()
        self.link.end_output()
        self.emit("half-closed")

    def abort(self):
        self.link.abort()
        self.end("aborted by this server")

    def end(self, reason):
        if self.state == "ended":
            return
        if self.state == "handshake":
            self.emit("handshake-failed", peer=self.address, role=self.role, error=reason)
        self.state = "ended"
        self.deadlines = {}
        self.link.close()
        if self.was_open:
            self.report_end(reason)
        self.owner.ended(self)

    def report_end(self, reason):
        self.emit(
            "disconnected",
            reason=reason,
            app_bytes_received=self.app_bytes,
            messages_received=self.messages,
            received=self.counts,
            malformed=self.malformed,
            violations=self.violations,
            pending_bytes=self.splitter.pending(),
        )
