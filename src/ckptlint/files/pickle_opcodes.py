"""Pickle's opcodes, read one by one; nothing is looked up by the names they hold, and nothing is called."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_INTEGER, MAX_KEPT_TEXT, MAX_LINE, MAX_OPCODES, MAX_TEXT
from ckptlint.files.stream import Stream


@dataclass(frozen=True, slots=True)
class Long:
    """A string or number too long to keep."""

    kind: str
    """"str", "bytes", "bytearray" or "int"."""
    size: int
    """Bytes."""
    head: bytes = b""
    """Its beginning."""


Decode = Callable[[Stream], object]


def _number(layout: str) -> Decode:
    size = struct.calcsize(layout)
    unpack = struct.Struct(layout).unpack

    def decode(stream: Stream) -> object:
        return unpack(stream.read(size))[0]

    return decode


def _sized(layout: str, kind: str) -> Decode:
    length = struct.Struct(layout)

    def decode(stream: Stream) -> object:
        size = length.unpack(stream.read(length.size))[0]
        if size < 0:
            raise _damaged(stream, "a negative length")
        if size > MAX_TEXT:
            return Long(kind, size, stream.head(size, MAX_TEXT))
        data = stream.read(size)
        if kind == "str":
            return data.decode("utf-8", "surrogatepass")
        if kind == "text":  # what Python 2 wrote as str
            return data.decode("latin-1")
        return bytearray(data) if kind == "bytearray" else data

    return decode


def _integer(layout: str) -> Decode:
    length = struct.Struct(layout)

    def decode(stream: Stream) -> object:
        size = length.unpack(stream.read(length.size))[0]
        if size < 0:
            raise _damaged(stream, "a negative length")
        if size > MAX_INTEGER:
            return Long("int", size, stream.head(size, 0))
        return int.from_bytes(stream.read(size), "little", signed=True)

    return decode


def _line(stream: Stream) -> str:
    return stream.line(MAX_LINE).decode("utf-8")


def _pair(stream: Stream) -> tuple[str, str]:
    return _line(stream), _line(stream)


def _int_line(stream: Stream) -> object:
    text = stream.line(MAX_LINE)
    if text in (b"00", b"01"):
        return text == b"01"
    return _int(text)


def _long_line(stream: Stream) -> object:
    return _int(stream.line(MAX_LINE).removesuffix(b"L"))


def _int(text: bytes) -> object:
    # Longer ones are refused by `int` itself, or take long.
    return int(text) if len(text) <= 2 * MAX_INTEGER else Long("int", len(text))


def _float_line(stream: Stream) -> object:
    return float(stream.line(MAX_LINE))


def _quoted(stream: Stream) -> object:
    text = stream.line(MAX_LINE).strip()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in b"'\"":
        raise _damaged(stream, "a string without quotes")
    return codecs.escape_decode(text[1:-1])[0].decode("latin-1")


def _unicode_line(stream: Stream) -> object:
    return stream.line(MAX_LINE).decode("raw-unicode-escape")


def _frame(stream: Stream) -> object:
    return stream.read(8)


def _none(stream: Stream) -> object:
    return None


DECODERS: Mapping[int, Decode] = MappingProxyType(
    {
        **dict.fromkeys(b"(.012)]}NabdeltuosRQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98", _none),
        **{
            ord("F"): _float_line,
            ord("G"): _number(">d"),
            ord("I"): _int_line,
            ord("J"): _number("<i"),
            ord("K"): _number("<B"),
            ord("L"): _long_line,
            ord("M"): _number("<H"),
            ord("P"): _line,
            ord("S"): _quoted,
            ord("T"): _sized("<i", "text"),
            ord("U"): _sized("<B", "text"),
            ord("V"): _unicode_line,
            ord("X"): _sized("<I", "str"),
            ord("B"): _sized("<I", "bytes"),
            ord("C"): _sized("<B", "bytes"),
            ord("c"): _pair,
            ord("i"): _pair,
            ord("g"): _int_line,
            ord("p"): _int_line,
            ord("h"): _number("<B"),
            ord("j"): _number("<I"),
            ord("q"): _number("<B"),
            ord("r"): _number("<I"),
            0x80: _number("<B"),
            0x82: _number("<B"),
            0x83: _number("<H"),
            0x84: _number("<i"),
            0x8A: _integer("<B"),
            0x8B: _integer("<i"),
            0x8C: _sized("<B", "str"),
            0x8D: _sized("<Q", "str"),
            0x8E: _sized("<Q", "bytes"),
            0x95: _frame,
            0x96: _sized("<Q", "bytearray"),
        },
    }
)
"""How the argument of each opcode is read."""


def opcodes(stream: Stream) -> Iterator[tuple[int, object]]:
    """Every opcode with its argument, up to and with the one that ends the pickle."""
    decoders = dict(DECODERS)
    kept = 0
    for _ in range(MAX_OPCODES):
        code = stream.read(1)[0]
        decode = decoders.get(code)
        if decode is None:
            raise _damaged(stream, f"0x{code:02x} is no opcode")
        if decode is _none:
            yield code, None
            if code == 0x2E:
                return
            continue
        before = stream.position
        try:
            argument = decode(stream)
        except (ValueError, OverflowError) as error:
            if isinstance(error, UnreadableCheckpointError):
                raise
            raise _damaged(stream, f"the argument of 0x{code:02x} is none") from error
        kept += min(stream.position - before, MAX_TEXT)
        if kept > MAX_KEPT_TEXT:
            raise UnreadableCheckpointError(
                f"its pickle holds more than {MAX_KEPT_TEXT:,} bytes of text; no checkpoint has so much"
            )
        yield code, argument
    raise UnreadableCheckpointError(
        f"its pickle has more than {MAX_OPCODES:,} opcodes; it is no checkpoint whose keys can be told"
    )


def _damaged(stream: Stream, what: str) -> UnreadableCheckpointError:
    return UnreadableCheckpointError(f"byte {stream.position:,}: {what}; it is damaged, or no checkpoint")
