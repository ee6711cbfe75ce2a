"""Where the time of `ckptlint check` goes: own time by layer, and the functions that hold most of it."""

from __future__ import annotations

import contextlib
import cProfile
import io
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import PurePath

from program import check_options, parser, python_files


@dataclass(frozen=True)
class Timing:
    """One profiled function; times in seconds, `own` without and `total` with what it calls."""

    layer: str
    name: str
    calls: int
    own: float
    total: float


def layer_of(file: str) -> str:
    """The layer a source file belongs to: a part of ckptlint, a library, or the interpreter's own."""
    parts = PurePath(file).parts
    if "ckptlint" in parts:
        inside = parts[len(parts) - parts[::-1].index("ckptlint") :]
        return "ckptlint." + (inside[0].removesuffix(".py") if inside else "?")
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return "standard library"


def profiled(arguments: Sequence[str]) -> list[Timing]:
    """Run the command line in this process under the profiler; what it prints is dropped."""
    (script,) = entry_points(group="console_scripts", name="ckptlint")
    run = script.load()
    profiler = cProfile.Profile()
    sys.argv = ["ckptlint", *arguments]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        profiler.runcall(run)
    timings = []
    for entry in profiler.getstats():
        if isinstance(entry.code, str):
            layer = "libcst (native)" if "libcst" in entry.code else "built-in functions"
            name = entry.code
        else:
            layer = layer_of(entry.code.co_filename)
            name = f"{layer}: {entry.code.co_name}, line {entry.code.co_firstlineno}"
        timings.append(Timing(layer, name, entry.callcount, entry.inlinetime, entry.totaltime))
    return timings


def main(argv: Sequence[str] | None = None) -> int:
    """Print the layers, then the functions."""
    arguments_of = parser(__doc__ or "")
    arguments_of.add_argument("--top", type=int, default=25, help="functions to print (default: 25)")
    arguments = arguments_of.parse_args(argv)
    files = python_files(arguments.tree)
    # One process: what a worker does is not seen by the profiler of its parent.
    options = check_options(arguments.command, ["--no-cache", "--jobs=1"])
    timings = profiled(["check", str(arguments.tree), *options])
    own: defaultdict[str, float] = defaultdict(float)
    for timing in timings:
        own[timing.layer] += timing.own
    whole = sum(own.values()) or 1.0
    print(f"{arguments.tree}: {len(files)} files, {whole:.1f} s under the profiler (which slows Python code)")
    print(f"\n{'own s':>8} {'share':>6}  layer")
    for layer, seconds in sorted(own.items(), key=lambda item: -item[1])[:15]:
        print(f"{seconds:8.2f} {seconds / whole:6.1%}  {layer}")
    print(f"\n{'own s':>8} {'total s':>8} {'calls':>9}  function")
    for timing in sorted(timings, key=lambda timing: timing.own, reverse=True)[: arguments.top]:
        print(f"{timing.own:8.2f} {timing.total:8.2f} {timing.calls:9}  {timing.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
