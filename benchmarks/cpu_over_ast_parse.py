"""CPU time of `ckptlint check` as a multiple of a process that only `ast.parse`s the same files."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from program import check_options, parser, python_files

PARSE_ONLY = """
import ast, json, sys
for path in json.load(open(sys.argv[1])):
    with open(path, "rb") as file:
        data = file.read()
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        pass
"""


class RunFailed(Exception):
    """A measured process ended in a way that makes its time meaningless."""


def cpu_seconds(command: Sequence[str], accepted: Sequence[int]) -> float:
    """User and system time of a process and of the processes it waited for, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accepted:
        raise RunFailed(f"{command[0]} ended with {done.returncode}\n{done.stderr.strip()}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def count_lines(files: Sequence[Path]) -> int:
    """Line ends in all files."""
    return sum(path.read_bytes().count(b"\n") for path in files)


def main(argv: Sequence[str] | None = None) -> int:
    """0 within the limit, 1 over it, 2 when a measured process failed."""
    arguments_of = parser(__doc__ or "")
    arguments_of.add_argument("--runs", type=int, default=3, help="pairs of runs; medians are taken (default: 3)")
    arguments_of.add_argument("--limit", type=float, default=8.0, help="largest allowed ratio (default: 8)")
    arguments = arguments_of.parse_args(argv)
    files = python_files(arguments.tree)
    ours, parse = [], []
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as names:
        json.dump([str(path) for path in files], names)
        names.flush()
        parse_only = [sys.executable, "-W", "ignore", "-c", PARSE_ONLY, names.name]
        try:
            lint = [arguments.command, "check", str(arguments.tree)]
            lint += check_options(arguments.command, ["--no-cache"])
            # Alternating, so that whatever else the machine does falls on both alike.
            for _ in range(arguments.runs):
                parse.append(cpu_seconds(parse_only, [0]))
                ours.append(cpu_seconds(lint, [0, 1]))
        except (RunFailed, OSError, subprocess.CalledProcessError) as error:
            print(f"cpu_over_ast_parse: {error}", file=sys.stderr)
            return 2
    lines = count_lines(files)
    ratio = median(ours) / median(parse)
    print(f"{arguments.tree}: {len(files)} files, {lines} lines, median of {arguments.runs}")
    for name, times in (("ast.parse", parse), ("ckptlint", ours)):
        middle = median(times)
        spread = f"{min(times):.2f} to {max(times):.2f}"
        print(f"{name:>10}: {middle:7.2f} s CPU ({spread}), {middle / lines * 1e6:6.1f} µs a line")
    verdict = "within" if ratio <= arguments.limit else "over"
    print(f"     ratio: {ratio:7.2f}   ({verdict} the limit of {arguments.limit:g})")
    return int(ratio > arguments.limit)


if __name__ == "__main__":
    sys.exit(main())
