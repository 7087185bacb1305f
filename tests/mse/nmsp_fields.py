# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of fields that the profile's elements are made of, and the errors of reading them."""

import struct


class WireError(Exception):
    """A frame that cannot be used. `verdict` is the word the golden vectors use for it."""

    verdict = "malformed"

    def __init__(self, reason, header=None):
        super().__init__(reason)
        self.reason = reason
        self.header = header


class BadVersion(WireError):
    verdict = "bad-version"


class BadLength(WireError):
    verdict = "bad-length"


class Unsupported(WireError):
    verdict = "unsupported"


class Malformed(WireError):
    verdict = "malformed"


# --- reading and writing primitive values ---------------------------------------------------------


class Reader:
    """A bounded cursor over one element's value."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, count, what):
        if count > self.left():
            raise Malformed("%s runs past the value" % what)
        start = self.at
        self.at += count
        return self.data[start : self.at]


def mac_text(octets):
    return ":".join("%02x" % octet for octet in octets)


def mac_octets(text):
    octets = bytes(int(part, 16) for part in text.split(":"))
    if len(octets) != 6:
        raise ValueError("not a MAC address: %s" % text)
    return octets


def utf8(octets, what):
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("%s is not UTF-8" % what) from None


# --- kinds of fields ------------------------------------------------------------------------------
#
# Every kind has read(reader, into), write(values) -> bytes and show(values) -> text after its key.
# `style` decides how the canonical dump prints a number.


class Number:
    def __init__(self, name, code, style="%d"):
        self.name, self.style = name, style
        self.struct = struct.Struct(">" + code)

    def read(self, reader, into):
        into[self.name] = self.struct.unpack(reader.take(self.struct.size, self.name))[0]

    def write(self, values):
        return self.struct.pack(values[self.name])

    def show(self, values):
        return self.style % values[self.name]


class Mac:
    def __init__(self, name):
        self.name = name

    def read(self, reader, into):
        into[self.name] = mac_text(reader.take(6, self.name))

    def write(self, values):
        return mac_octets(values[self.name])

    def show(self, values):
        return values[self.name]


class Bytes:
    """Raw octets: with an inner length of `prefix` bytes, or (0) all that is left of the value."""

    def __init__(self, name, most, prefix=0):
        self.name, self.most, self.prefix = name, most, prefix

    def read_octets(self, reader):
        if self.prefix:
            size = int.from_bytes(reader.take(self.prefix, self.name + " length"), "big")
        else:
            size = reader.left()
        if size > self.most:
            raise Malformed("%s of %d bytes, at most %d" % (self.name, size, self.most))
        return bytes(reader.take(size, self.name))

    def write_octets(self, octets):
        return (len(octets).to_bytes(self.prefix, "big") if self.prefix else b"") + octets

    def read(self, reader, into):
        into[self.name] = self.read_octets(reader)

    def write(self, values):
        return self.write_octets(values[self.name])

    def show(self, values):
        return values[self.name].hex()


class Text(Bytes):
    def __init__(self, name, least, most, prefix=0):
        super().__init__(name, most, prefix)
        self.least = least

    def read(self, reader, into):
        octets = self.read_octets(reader)
        if len(octets) < self.least:
            raise Malformed("%s is empty" % self.name)
        into[self.name] = utf8(octets, self.name)

    def write(self, values):
        return self.write_octets(values[self.name].encode("utf-8"))

    def show(self, values):
        return quoted(values[self.name].encode("utf-8"))


class ResultText(Text):
    """The text of a result: up to 64 bytes after the code; the rest is the element's tail."""

    def read_octets(self, reader):
        return bytes(reader.take(min(reader.left(), self.most), self.name))


class Count:
    """How many entries the field `of`, further on, has."""

    hidden = True

    def __init__(self, of):
        self.name, self.of = None, of

    def read(self, reader, into):
        into["#" + self.of] = reader.take(1, "count of " + self.of)[0]

    def write(self, values):
        return bytes([len(values[self.of])])


class Entries:
    """Repeated entries: as many as a Count said, or (`counted` false) all that is left.

    `line` is what an entry's line in the dump starts with; an entry of a single field is stored as
    that field's value alone; `bare` prints the first field without its key.
    """

    hidden = True

    def __init__(self, name, line, fields, counted=False, bare=False):
        self.name, self.line, self.fields = name, line, fields
        self.counted, self.bare = counted, bare

    def read_entry(self, reader):
        entry = {}
        for field in self.fields:
            field.read(reader, entry)
        return entry[self.fields[0].name] if len(self.fields) == 1 else entry

    def read(self, reader, into):
        entries = []
        if self.counted:
            for _ in range(into.pop("#" + self.name)):
                entries.append(self.read_entry(reader))
        else:
            while reader.left():
                entries.append(self.read_entry(reader))
        into[self.name] = entries

    def as_dict(self, entry):
        return {self.fields[0].name: entry} if len(self.fields) == 1 else entry

    def write(self, values):
        return b"".join(
            field.write(self.as_dict(entry)) for entry in values[self.name] for field in self.fields
        )

    def show_lines(self, values):
        for entry in values[self.name]:
            entry = self.as_dict(entry)
            words = [self.line]
            for index, field in enumerate(self.fields):
                key = "" if self.bare and index == 0 else field.name.replace("_", "-") + "="
                words.append(key + field.show(entry))
            yield "  " + " ".join(words)


class Address:
    """An address family and the 4 or 16 bytes it implies."""

    SIZES = {4: 4, 6: 16}

    def __init__(self, name="hex", family="family"):
        self.name, self.family = name, family

    def read(self, reader, into):
        size = self.SIZES.get(into[self.family])
        if size is None:
            raise Malformed("address family %d" % into[self.family])
        into[self.name] = bytes(reader.take(size, "address"))

    def write(self, values):
        if len(values[self.name]) != self.SIZES[values[self.family]]:
            raise ValueError("address does not fit its family")
        return values[self.name]

    def show(self, values):
        return values[self.name].hex()


def u8(name, style="%d"):
    return Number(name, "B", style)


def s8(name):
    return Number(name, "b")


def u16(name):
    return Number(name, "H")


def u32(name):
    return Number(name, "I")


def u64(name, style="%d"):
    return Number(name, "Q", style)


def quoted(octets):
    plain = (
        chr(octet) if 0x20 <= octet <= 0x7E and octet not in b'"\\' else "\\x%02x" % octet
        for octet in octets
    )
    return '"' + "".join(plain) + '"'
