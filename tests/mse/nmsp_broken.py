# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames that break rules on purpose, to see what an agent makes of them."""

import random

import nmsp_wire as wire


def services_element(mask=1):
    return wire.element_bytes(2, mask.to_bytes(8, "big"))


def number_of(argument, default):
    return int(argument) if argument else default


def noise(size, seed=16113):
    """Bytes that look like nothing, the same in every run; the first cannot be a frame version."""
    return b"\xee" + random.Random(seed).randbytes(max(size - 1, 0))


def echoes(count):
    return b"".join(
        wire.frame_bytes(1, 7000 + i, wire.element_bytes(8, b"%d" % i)) for i in range(count)
    )


def requests(count):
    return b"".join(wire.frame_bytes(13, 8000 + i, services_element()) for i in range(count))


def crowd(count):
    """A device filter of `count` made-up addresses."""
    return b"".join(b"\x02\x00\x5e" + i.to_bytes(3, "big") for i in range(count))


SUBSCRIBE, MEASURE = 30, 13

# kind -> (what it is, bytes from the argument behind "=")
KINDS = {
    "bad-version": ("a frame of version 2", lambda a: wire.frame_bytes(1, 9001, b"", version=2)),
    "bad-length-short": (
        "a frame length of 11",
        lambda a: wire.frame_bytes(1, 9002, b"", length=11),
    ),
    "bad-length-long": (
        "a frame length of 65536",
        lambda a: wire.frame_bytes(1, 9003, b"", length=65536),
    ),
    "unknown-id": (
        "message id 999; the session lives on",
        lambda a: wire.frame_bytes(999, 9004, b"\xff\xff\xff"),
    ),
    "unknown-element": (
        "a subscription with unknown elements and tails; it is valid",
        lambda a: wire.frame_bytes(
            SUBSCRIBE,
            9005,
            wire.element_bytes(0x7777, b"?") + wire.element_bytes(2, bytes(8) + b"?"),
        ),
    ),
    "truncated-element": (
        "an element that runs past its message",
        lambda a: wire.frame_bytes(SUBSCRIBE, 9006, services_element()[:-1]),
    ),
    "short-element": (
        "a services element of 4 bytes",
        lambda a: wire.frame_bytes(SUBSCRIBE, 9007, wire.element_bytes(2, bytes(4))),
    ),
    "duplicate-element": (
        "two services elements",
        lambda a: wire.frame_bytes(SUBSCRIBE, 9008, services_element() * 2),
    ),
    "missing-element": (
        "a subscription without services",
        lambda a: wire.frame_bytes(SUBSCRIBE, 9009, b""),
    ),
    "remainder": (
        "a device filter of 7 bytes",
        lambda a: wire.frame_bytes(
            MEASURE, 9010, services_element() + wire.element_bytes(9, bytes(7))
        ),
    ),
    "bad-text": (
        "a Capability whose name is not UTF-8",
        lambda a: wire.frame_bytes(
            7,
            2,
            wire.element_bytes(1, b"\1\1")
            + services_element(0)
            + wire.element_bytes(3, bytes(6))
            + wire.element_bytes(6, bytes(8))
            + wire.element_bytes(4, b"\xff\xfe"),
        ),
    ),
    "long-echo": (
        "echo-data of 65 bytes",
        lambda a: wire.frame_bytes(1, 9011, wire.element_bytes(8, bytes(65))),
    ),
    "malformed-flood": (
        "N malformed requests (8); the eighth ends the session",
        lambda a: b"".join(
            wire.frame_bytes(SUBSCRIBE, 9100 + i, b"") for i in range(number_of(a, 8))
        ),
    ),
    "huge-filter": (
        "a subscription with N devices in its filter (1025)",
        lambda a: wire.frame_bytes(
            SUBSCRIBE, 9012, services_element() + wire.element_bytes(9, crowd(number_of(a, 1025)))
        ),
    ),
    "echo-flood": ("N Echo Requests in one write (1000)", lambda a: echoes(number_of(a, 1000))),
    "request-flood": (
        "N Measurement Requests in one write (10)",
        lambda a: requests(number_of(a, 10)),
    ),
    "half-frame": ("the first 10 bytes of a frame, and no more", lambda a: echoes(1)[:10]),
    "noise": ("N random bytes (100)", lambda a: noise(number_of(a, 100))),
    "byte-at-a-time": ("not broken: from here on every TLS record carries one byte", None),
}


def frames(word):
    """'noise=50' -> the bytes, or None for the kinds that are a way of sending."""
    kind, _, argument = word.partition("=")
    if kind not in KINDS:
        raise ValueError("no such kind: %s (one of %s)" % (kind, ", ".join(KINDS)))
    make = KINDS[kind][1]
    return make(argument) if make else None
