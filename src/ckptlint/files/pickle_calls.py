"""Which of the names that a pickle calls are known to be harmless, and what is said of the others."""

from __future__ import annotations

from ckptlint.files.pickle_symbols import Call, Name, Sequence

HARMLESS = frozenset(
    """
    _codecs.encode builtins.bytearray builtins.bytes builtins.complex builtins.dict builtins.float builtins.frozenset
    builtins.int builtins.list builtins.object builtins.range builtins.set builtins.slice builtins.str builtins.tuple
    collections.Counter collections.OrderedDict collections.defaultdict collections.deque
    copyreg.__newobj__ copyreg.__newobj_ex__ copyreg._reconstructor
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    decimal.Decimal fractions.Fraction uuid.UUID
    pathlib.Path pathlib.PosixPath pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib.WindowsPath
    pathlib._local.PosixPath pathlib._local.WindowsPath pathlib._local.PurePosixPath pathlib._local.PureWindowsPath
    argparse.Namespace types.SimpleNamespace
    numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct
    numpy.core.multiarray.scalar numpy._core.multiarray.scalar
    numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
    numpy.dtype numpy.ndarray
    numpy.random.__randomstate_ctor numpy.random._pickle.__randomstate_ctor
    numpy.random.__generator_ctor numpy.random._pickle.__generator_ctor
    numpy.random.__bit_generator_ctor numpy.random._pickle.__bit_generator_ctor
    torch.Size torch.device torch.Tensor torch.serialization._get_layout torch.storage._load_from_bytes
    torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3
    torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state
    torch._utils._rebuild_qtensor torch._utils._rebuild_sparse_tensor torch._utils._rebuild_sparse_csr_tensor
    torch._utils._rebuild_nested_tensor torch._utils._rebuild_meta_tensor_no_storage
    torch._utils._rebuild_device_tensor_from_numpy torch._utils._rebuild_device_tensor_from_cpu_tensor
    torch._utils._rebuild_wrapper_subclass torch._tensor._rebuild_from_type torch._tensor._rebuild_from_type_v2
    torch.nn.parameter.Parameter torch.nn.parameter.Buffer torch._C._rebuild_tensor torch.Generator
    """.split()
)
"""Callables that make a value of what they are given and do nothing else."""

_DANGEROUS = frozenset(
    """
    asyncio bdb builtins code codeop commands ctypes fileinput ftplib glob http imaplib importlib inspect io
    marshal mmap multiprocessing nt ntpath operator os pdb pickle pip pkgutil platform poplib posix posixpath profile
    pty pydoc requests runpy setuptools shelve shutil signal site smtplib socket socketserver ssl subprocess sys
    tarfile tempfile threading timeit trace types urllib venv webbrowser winreg xmlrpc zipfile zipimport _thread
    """.split()
)
"""Top modules whose functions can run commands, read or write files, or reach the network."""


def warning_of(call: Call) -> str | None:
    """What loading the file would run, when that is more than making values."""
    if not isinstance(call.callee, Name):
        return None  # The call that gives it is told of itself.
    name = call.callee.full
    if name in HARMLESS:
        return _about_class(call)
    module = call.callee.module.split(".", 1)[0]
    if module in _DANGEROUS and name != "builtins.getattr":  # Methods are stored by it.
        given = f"({call.arguments[0]!r}, …)" if _is_text(call.arguments) else ""
        return f"loading this file would call {_printable(name + given)}: it is made to run code, do not load it"
    if not call.makes_instance:
        return f"loading this file would call {_printable(name)}"
    return None


def _about_class(call: Call) -> str | None:
    """What `copyreg` makes is an instance of the class that it is given."""
    if call.name != "copyreg._reconstructor" or not call.arguments:
        return None
    made = call.arguments[0]
    if isinstance(made, Name) and made.module.split(".", 1)[0] in _DANGEROUS - {"builtins", "types"}:
        return f"loading this file would make an instance of {_printable(made.full)}"
    return None


def _is_text(arguments: list[object]) -> bool:
    return bool(arguments) and isinstance(arguments[0], str)


def _printable(text: str) -> str:
    cut = text if len(text) <= 120 else f"{text[:119]}…"
    return "".join(c if c.isprintable() else "?" for c in cut)


def items_of(symbol: object) -> list[object]:
    """The items of a tuple or list, nothing for anything else."""
    return symbol.items if isinstance(symbol, Sequence) else []
