"""Names of element types, one for each whatever the format calls it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OF_STORAGE: Mapping[str, str] = MappingProxyType(
    {
        "DoubleStorage": "float64",
        "FloatStorage": "float32",
        "HalfStorage": "float16",
        "BFloat16Storage": "bfloat16",
        "LongStorage": "int64",
        "IntStorage": "int32",
        "ShortStorage": "int16",
        "CharStorage": "int8",
        "ByteStorage": "uint8",
        "BoolStorage": "bool",
        "ComplexDoubleStorage": "complex128",
        "ComplexFloatStorage": "complex64",
        "QInt8Storage": "qint8",
        "QInt32Storage": "qint32",
        "QUInt8Storage": "quint8",
        "QUInt4x2Storage": "quint4x2",
        "QUInt2x4Storage": "quint2x4",
        "UntypedStorage": "",
    }
)
"""PyTorch's storage classes."""

OF_SAFETENSORS: Mapping[str, str] = MappingProxyType(
    {
        "F64": "float64",
        "F32": "float32",
        "F16": "float16",
        "BF16": "bfloat16",
        "F8_E4M3": "float8_e4m3fn",
        "F8_E5M2": "float8_e5m2",
        "I64": "int64",
        "I32": "int32",
        "I16": "int16",
        "I8": "int8",
        "U64": "uint64",
        "U32": "uint32",
        "U16": "uint16",
        "U8": "uint8",
        "BOOL": "bool",
        "C64": "complex64",
    }
)
"""What a safetensors header writes."""

_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}

SIZES: Mapping[str, int] = MappingProxyType(
    {
        **{f"{kind}{bits}": bits // 8 for kind in ("float", "int", "uint", "complex") for bits in (8, 16, 32, 64, 128)},
        "bfloat16": 2,
        "bool": 1,
        "qint8": 1,
        "quint8": 1,
        "qint32": 4,
    }
)
"""Bytes of one element."""


def of_numpy(text: str) -> str:
    """A type as NumPy writes it, such as `<f4`."""
    bare = text.lstrip("<>|=")
    if bare in ("b1", "?"):
        return "bool"
    if bare == "O" or bare == "O8":
        return "object"
    kind, size = bare[:1], bare[1:]
    if kind in _KINDS and size.isdigit() and len(size) <= 2:
        return f"{_KINDS[kind]}{int(size) * 8}"
    return bare[:40]
