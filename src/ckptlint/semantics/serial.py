"""Records as JSON and back, without loss.

The form follows from the dataclasses of `model`: an object is a list of its fields, followed by the number of
its class where the field allows several. A place on one row is one number.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Record
from ckptlint.syntax.limits import room_for_recursion

FORMAT = 1
"""Changes whenever the written form does."""

_Encode = Callable[[Any], Any]
_Decode = Callable[[Any], Any]


def to_json(record: Record) -> Any:
    """The record as lists, numbers, strings, booleans and nulls."""
    with room_for_recursion():
        return [FORMAT, _codec(Record)[0](record)]


def from_json(data: Any) -> Record:
    """The record that `to_json` wrote; ValueError when the data is nothing that it writes."""
    try:
        version, fields = data
        if version != FORMAT:
            raise ValueError(f"format {version!r}, not {FORMAT}")
        with room_for_recursion():
            record = _codec(Record)[1](fields)
    except (TypeError, LookupError, AttributeError, ValueError) as error:
        raise ValueError(f"not a written record: {error}") from error
    assert isinstance(record, Record)
    return record


# ------------------------------------------------------------------------------------- values of literals
# Plain JSON values stand for themselves; the rest is a list of a letter and its parts.


def _encode_value(value: object) -> object:
    kind = type(value)
    if kind is str:
        return _encode_text(value)
    if value is None or kind is bool:
        return value
    if isinstance(value, int):
        # JSON readers refuse very long decimals.
        return value if -(2**63) < value < 2**63 else ["i", hex(value)]
    if isinstance(value, float):
        return ["f", value.hex()]
    if isinstance(value, complex):
        return ["c", value.real.hex(), value.imag.hex()]
    if isinstance(value, bytes):
        return ["b", value.decode("latin-1")]
    if value is ...:
        return ["e"]
    raise TypeError(f"no literal has the value {value!r}")


def _encode_text(value: Any) -> object:
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        # Two lone surrogates side by side would be read back as one character.
        return ["s", [ord(char) for char in value]]
    return value


def _decode_value(value: Any) -> object:
    if type(value) is not list:
        return value
    match value:
        case ["i", digits]:
            return int(digits, 16)
        case ["f", digits]:
            return float.fromhex(digits)
        case ["c", real, imaginary]:
            return complex(float.fromhex(real), float.fromhex(imaginary))
        case ["b", text]:
            return text.encode("latin-1")
        case ["s", codes]:
            return "".join(map(chr, codes))
        case ["e"]:
            return ...
        case _:
            raise ValueError(f"no written literal: {value!r}")


# -------------------------------------------------------------------------------- from types to functions


def _same(value: Any) -> Any:
    return value


def _encode_place(place: Place) -> Any:
    row, column, end_row, end_column = place
    # One number reads four times as fast as a list of four.
    if row == end_row and column < 1024 and end_column < 1024:
        return row << 20 | column << 10 | end_column
    return list(place)


def _decode_place(value: Any) -> Place:
    if type(value) is int:
        row = value >> 20
        return (row, value >> 10 & 1023, row, value & 1023)
    row, column, end_row, end_column = value
    return (row, column, end_row, end_column)


def _classes() -> Iterator[type]:
    for name in sorted(vars(model)):
        found = vars(model)[name]
        if isinstance(found, type) and dataclasses.is_dataclass(found):
            yield found


_NUMBERS: dict[type, int] = {kind: number for number, kind in enumerate(_classes())}
_ENCODERS: dict[type, _Encode] = {}
_DECODERS: list[_Decode] = []
_CODECS: dict[type, tuple[_Encode, _Decode]] = {}


def _codec(kind: type) -> tuple[_Encode, _Decode]:
    """Functions to and from the list of a class's fields (a tag may follow); made once, when first wanted."""
    if not _CODECS:
        # Fields refer to each other, so all classes exist before the first is filled in.
        fields: dict[type, list[tuple[str, _Encode, _Decode]]] = {known: [] for known in _NUMBERS}
        for known, own in fields.items():
            _CODECS[known] = (_object_encoder(own), _object_decoder(known, own))
        for known, number in _NUMBERS.items():
            _ENCODERS[known] = _tagged(number, _CODECS[known][0])
            _DECODERS.append(_CODECS[known][1])
        for known, own in fields.items():
            hints = get_type_hints(known)
            own += [(field.name, *_functions(hints[field.name])) for field in dataclasses.fields(known)]
    return _CODECS[kind]


def _object_encoder(fields: list[tuple[str, _Encode, _Decode]]) -> _Encode:
    def encode(value: Any) -> Any:
        return [getattr(value, name) if to is _same else to(getattr(value, name)) for name, to, _ in fields]

    return encode


def _object_decoder(kind: type, fields: list[tuple[str, _Encode, _Decode]]) -> _Decode:
    def decode(values: Any) -> Any:
        return kind(
            *[value if back is _same else back(value) for value, (_, _, back) in zip(values, fields, strict=False)]
        )

    return decode


def _tagged(number: int, encode: _Encode) -> _Encode:
    def tagged(value: Any) -> Any:
        found = encode(value)
        found.append(number)
        return found

    return tagged


def _encode_any(value: Any) -> Any:
    return _ENCODERS[type(value)](value)


def _decode_any(value: Any) -> Any:
    return _DECODERS[value[-1]](value)


def _functions(hint: Any) -> tuple[_Encode, _Decode]:
    """How a field of this type is written and read."""
    if hint == Place:
        return _encode_place, _decode_place
    if hint is object:
        return _encode_value, _decode_value
    if hint is str:
        return _encode_text, _decode_value
    if hint in (int, bool):
        return _same, _same
    if isinstance(hint, type) and hint in _CODECS:
        return _CODECS[hint]
    origin, parameters = get_origin(hint), get_args(hint)
    if origin is list:
        return _list_functions(*_functions(parameters[0]))
    if origin is frozenset:
        return sorted, frozenset
    if origin is dict:
        encode, decode = _functions(parameters[1])
        return (
            lambda value: {key: encode(item) for key, item in value.items()},
            lambda value: {key: decode(item) for key, item in value.items()},
        )
    if origin in (Union, types.UnionType):
        return _union_functions([part for part in parameters if part is not type(None)], len(parameters))
    raise TypeError(f"no written form for {hint}")


def _list_functions(encode: _Encode, decode: _Decode) -> tuple[_Encode, _Decode]:
    return lambda value: [encode(item) for item in value], lambda value: [decode(item) for item in value]


def _union_functions(parts: list[Any], allowed: int) -> tuple[_Encode, _Decode]:
    encode, decode = _functions(parts[0]) if len(parts) == 1 else (_encode_any, _decode_any)
    if len(parts) == allowed or encode is _same:
        return encode, decode
    return (
        lambda value: None if value is None else encode(value),
        lambda value: None if value is None else decode(value),
    )
