"""Lint pinned public packages and compare what is reported with the reviewed lists in tests/ecosystem/.

A plain run fails on a crash, on a high or medium diagnostic that no list holds, on a listed one that
vanished, moved or changed its confidence, and on one that nobody has reviewed yet. Diagnostics of low
confidence are counted only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parent.parent
LISTS = REPOSITORY / "tests" / "ecosystem"
CACHE = REPOSITORY / ".ecosystem"
UNREVIEWED = "unreviewed"
VERDICTS = ("right", "wrong", UNREVIEWED)
CONFIDENCES = ("low", "medium", "high")
LINT_SECONDS = 1800

Key = tuple[str, str, str, int]


class EcosystemError(Exception):
    """The run cannot go on; the message names the package or file and the cure."""


@dataclass(frozen=True)
class Package:
    """A pinned package."""

    name: str
    version: str

    @property
    def pin(self) -> str:
        """The requirement that names exactly this release."""
        return f"{self.name}=={self.version}"

    @property
    def folder(self) -> str:
        """The name of the unpacked folder in the cache."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Entry:
    """One diagnostic of a list; `path` is relative to the package's root, with forward slashes."""

    path: str
    row: int
    code: str
    fingerprint: str
    confidence: str
    verdict: str = UNREVIEWED
    reason: str = ""
    message: str = ""
    """What was printed; shown in a comparison, never stored."""


@dataclass
class Listing:
    """The diagnostics of one package: those of high and medium confidence, and how many low ones by code."""

    package: Package
    entries: list[Entry] = field(default_factory=list)
    low: dict[str, int] = field(default_factory=dict)

    def by_key(self) -> dict[Key, Entry]:
        """The entries by place in the text; equal fingerprints of one file are told apart by their order."""
        seen: Counter[tuple[str, str, str]] = Counter()
        keyed: dict[Key, Entry] = {}
        for entry in sorted(self.entries, key=_order):
            place = (entry.path, entry.code, entry.fingerprint)
            key = (*place, seen[place])
            keyed[key] = entry
            seen[place] += 1
        return keyed


def _order(entry: Entry) -> tuple[str, int, str, str]:
    return entry.path, entry.row, entry.code, entry.fingerprint


def read_pins(path: Path) -> list[Package]:
    """The pinned packages, in the file's order."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("package", [])
    return [Package(row["name"], row["version"]) for row in rows]


def read_list(path: Path, package: Package) -> Listing:
    """The reviewed list of a package; an empty one when there is no file."""
    if not path.exists():
        return Listing(package)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            raise EcosystemError(f"{path}:{number}: not a JSON object ({error}); mend the line") from None
    if not rows or "version" not in rows[0]:
        raise EcosystemError(f"{path}:1: the first line must hold the package's version; run --update")
    listing = Listing(Package(package.name, rows[0]["version"]), low=rows[0].get("low", {}))
    for number, row in enumerate(rows[1:], 2):
        try:
            entry = Entry(**row)
        except TypeError as error:
            raise EcosystemError(f"{path}:{number}: {error}; compare with its neighbours") from None
        if entry.verdict not in VERDICTS:
            raise EcosystemError(f"{path}:{number}: verdict is {entry.verdict!r}, not one of {VERDICTS}")
        if entry.verdict != UNREVIEWED and not entry.reason.strip():
            raise EcosystemError(f"{path}:{number}: a verdict needs its reason in one line")
        listing.entries.append(entry)
    return listing


def write_list(path: Path, listing: Listing) -> None:
    """Write the list, sorted, one object a line."""
    head = {"package": listing.package.name, "version": listing.package.version}
    lines = [json.dumps({**head, "low": dict(sorted(listing.low.items()))})]
    for entry in sorted(listing.entries, key=_order):
        row = asdict(entry)
        del row["message"]
        lines.append(json.dumps(row, ensure_ascii=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def found(package: Package, diagnostics: Iterable[dict[str, Any]], root: Path) -> Listing:
    """What ckptlint printed for a package, in the form of a list."""
    listing = Listing(package)
    low: Counter[str] = Counter()
    for item in diagnostics:
        if item["confidence"] == "low":
            low[item["code"]] += 1
            continue
        path = Path(item["path"])
        inside = path.relative_to(root) if path.is_absolute() else path
        listing.entries.append(
            Entry(
                path=inside.as_posix(),
                row=item["row"],
                code=item["code"],
                fingerprint=item["fingerprint"],
                confidence=item["confidence"],
                message=item["message"],
            )
        )
    listing.low = dict(low)
    return listing


def compare(listed: Listing, now: Listing) -> list[str]:
    """Every change that a person must look at, one line each; empty when the list still holds."""
    changes: list[str] = []
    if listed.entries and listed.package.version != now.package.version:
        changes.append(f"! the list is of {listed.package.version}, the pin says {now.package.version}: run --update")
    before, after = listed.by_key(), now.by_key()
    for key in sorted(before.keys() | after.keys(), key=lambda key: _order(after.get(key) or before[key])):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            changes.append(f"+ {_line(new)}  {new.message}")
        elif new is None and old is not None:
            changes.append(f"- {_line(old)}  (gone, or low now; was {old.verdict}: {old.reason or 'no reason given'})")
        elif old is not None and new is not None:
            if old.confidence != new.confidence:
                changes.append(f"~ {_line(new)}  (was {old.confidence})  {new.message}")
            elif old.row != new.row:
                changes.append(f"~ {_line(new)}  (was row {old.row})")
            if old.verdict == UNREVIEWED:
                changes.append(f"? {_line(new)}  {UNREVIEWED}: set verdict and reason  {new.message}")
    return changes


def _line(entry: Entry) -> str:
    return f"{entry.path}:{entry.row} {entry.code} {entry.confidence}"


def merged(listed: Listing, now: Listing) -> Listing:
    """What is found now, with the verdicts that still apply: those given for this version."""
    before = listed.by_key()
    same_version = listed.package.version == now.package.version
    result = Listing(now.package, low=now.low)
    for key, entry in now.by_key().items():
        old = before.get(key)
        if old is not None:
            entry = replace(entry, verdict=old.verdict if same_version else UNREVIEWED, reason=old.reason)
        result.entries.append(entry)
    return result


def summary(listings: Iterable[Listing]) -> str:
    """A Markdown table of counts by package, code, confidence and verdict."""
    rows = [
        "| package | code | confidence | right | wrong | unreviewed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    totals: Counter[tuple[str, str]] = Counter()
    for listing in listings:
        name = f"{listing.package.name} {listing.package.version}"
        counts = Counter((e.code, e.confidence, e.verdict) for e in listing.entries)
        totals.update((e.confidence, e.verdict) for e in listing.entries)
        groups = {(code, confidence) for code, confidence, _ in counts}
        for code, confidence in sorted(groups, key=lambda g: (g[0], -CONFIDENCES.index(g[1]))):
            cells = (str(counts[code, confidence, verdict]) for verdict in VERDICTS)
            rows.append(f"| {name} | {code} | {confidence} | {' | '.join(cells)} |")
        for code, count in sorted(listing.low.items()):
            rows.append(f"| {name} | {code} | low | {count} counted | | |")
        if not counts and not listing.low:
            rows.append(f"| {name} | none | | | | |")
    for confidence in ("high", "medium"):
        cells = (str(totals[confidence, verdict]) for verdict in VERDICTS)
        rows.append(f"| all | all | {confidence} | {' | '.join(cells)} |")
    return "\n".join(rows)


def provide(package: Package, cache: Path) -> Path:
    """The folder with the unpacked package, downloaded when it is not there yet."""
    target = cache / package.folder
    if target.is_dir():
        return target
    downloads = cache / "downloads" / package.folder
    downloads.mkdir(parents=True, exist_ok=True)
    archive = next(_archives(downloads), None)
    if archive is None:
        # Nothing is installed or run, so the releases' own demands on the interpreter do not matter.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":none:"]
        command += ["--ignore-requires-python", "--dest", str(downloads), package.pin]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        archive = next(_archives(downloads), None)
        if done.returncode or archive is None:
            told = done.stderr.strip().splitlines()
            raise EcosystemError(f"{package.pin}: pip could not download it: {told[-1] if told else 'no message'}")
    # Unpacked beside its place and renamed, so that a run that is cut off leaves nothing half there.
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        unpacked = Path(scratch) / package.folder
        unpack(archive, unpacked)
        # The project's root is here: neither this repository nor the other packages supply facts.
        (unpacked / ".git").mkdir(exist_ok=True)
        unpacked.rename(target)
    return target


def _archives(folder: Path) -> Iterator[Path]:
    return iter(sorted(p for p in folder.iterdir() if p.name.endswith((".whl", ".zip", ".tar.gz"))))


def unpack(archive: Path, target: Path) -> None:
    """Unpack a wheel or a source distribution into a new folder."""
    target.mkdir(parents=True)
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
    else:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)


def lint(command: Sequence[str], root: Path) -> list[dict[str, Any]]:
    """Run ckptlint over a folder; raises EcosystemError when it crashed or printed no JSON list."""
    options = ["check", ".", "--min-confidence", "low", "--isolated", "--no-respect-gitignore"]
    try:
        done = subprocess.run(
            [*command, *options, "--output-format", "json"],
            cwd=root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LINT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise EcosystemError(f"no program {command[0]}: install ckptlint, or name it with --command") from None
    except subprocess.TimeoutExpired:
        raise EcosystemError(f"{root.name}: still running after {LINT_SECONDS} seconds") from None
    if done.returncode not in (0, 1) or "Traceback (most recent call last)" in done.stderr:
        raise EcosystemError(f"{root.name}: ckptlint ended with {done.returncode}\n{done.stderr.strip()}")
    try:
        items = json.loads(done.stdout)
    except ValueError:
        raise EcosystemError(f"{root.name}: not JSON: {done.stdout[:200]!r}") from None
    if not isinstance(items, list) or bool(items) != bool(done.returncode):
        raise EcosystemError(f"{root.name}: exit code {done.returncode} does not fit {len(items)} diagnostics")
    return items


def default_command() -> str:
    """The ckptlint that belongs to this interpreter, else the one on the path."""
    beside = Path(sys.executable).with_name("ckptlint")
    return str(beside) if beside.exists() else "ckptlint"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="ecosystem.py", description=(__doc__ or "").splitlines()[0])
    result.add_argument("packages", nargs="*", metavar="PACKAGE", help="names from packages.toml (default: all)")
    mode = result.add_mutually_exclusive_group()
    mode.add_argument("--update", action="store_true", help="write what is found into the lists, then review them")
    mode.add_argument("--summary", action="store_true", help="print the lists' counts as a Markdown table; run nothing")
    mode.add_argument("--download-only", action="store_true", help="fill the cache folder; lint nothing")
    result.add_argument("--command", default=default_command(), help="the ckptlint to run")
    result.add_argument("--cache", type=Path, default=CACHE, help="folder of the unpacked packages")
    result.add_argument("--lists", type=Path, default=LISTS, help="folder of packages.toml and the reviewed lists")
    return result


def check(package: Package, arguments: argparse.Namespace) -> bool:
    """Lint one package and print what changed; true when nothing did, or when the list was updated."""
    root = provide(package, arguments.cache)
    if arguments.download_only:
        print(f"{package.pin}: {root}")
        return True
    path = arguments.lists / f"{package.name}.jsonl"
    listed = read_list(path, package)
    now = found(package, lint([arguments.command], root), root)
    changes = compare(listed, now)
    low = sum(now.low.values())
    before = sum(listed.low.values())
    told = f"{low} low" if low == before else f"{low} low (were {before})"
    print(f"{package.pin}: {len(now.entries)} high or medium, {len(listed.entries)} listed, {told}", flush=True)
    if arguments.update:
        write_list(path, merged(listed, now))
        changes = [change for change in changes if not change.startswith("?")]
    for change in changes:
        print(f"  {change}")
    return arguments.update or not changes


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every list holds, 1 when something changed or is unreviewed, 2 on a crash or wrong usage."""
    arguments = parser().parse_args(argv)
    try:
        pins = read_pins(arguments.lists / "packages.toml")
        unknown = set(arguments.packages) - {package.name for package in pins}
        if unknown:
            raise EcosystemError(f"not in packages.toml: {', '.join(sorted(unknown))}")
        chosen = [package for package in pins if not arguments.packages or package.name in arguments.packages]
        if arguments.summary:
            print(summary(read_list(arguments.lists / f"{p.name}.jsonl", p) for p in chosen))
            return 0
    except EcosystemError as error:
        print(f"ecosystem: {error}", file=sys.stderr)
        return 2
    status = 0
    for package in chosen:
        try:
            status = max(status, 0 if check(package, arguments) else 1)
        except EcosystemError as error:
            # The other packages are still worth a look: one crash must not hide a second.
            print(f"ecosystem: {error}", file=sys.stderr, flush=True)
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main())
