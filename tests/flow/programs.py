"""Programs as text, analysed in memory: what their runs do, in words that a test can state."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ckptlint.facts.checkpoints import path_pattern
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import FunctionKey, ModeSet, More, Ran
from ckptlint.flow.events import Event, Forward, KeyRead, Restored, Saved, Update
from ckptlint.flow.frame import Context
from ckptlint.flow.program import Program
from ckptlint.flow.summaries import Summary
from ckptlint.knowledge.catalog import default_catalog
from ckptlint.semantics.lower import lower

ROOT = "/project"
PRELUDE = "import torch\nfrom torch import nn\nfrom net import Net\n"
"""Stands before every program given as one text."""
NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))
"""

E = TypeVar("E", bound=Event)


def program_of(files: Mapping[str, str]) -> Program:
    """A program of files by their path under the root; a `net.py` with a model is always there."""
    data = {f"{ROOT}/{name}": textwrap.dedent(text).encode() for name, text in {"net.py": NET, **files}.items()}
    return Program(ROOT, data, data.get, lower, default_catalog())


@dataclass
class Analysis:
    """One run of a program."""

    analyzer: Analyzer
    summary: Summary

    def of(self, kind: type[E]) -> Iterator[E]:
        """Its events of one kind."""
        return (event for event in self.summary.events if isinstance(event, kind))

    def modes(self, written: str | None = None) -> set[str]:
        """Modes that reach the forward calls (of one callee as written); `eval+` came over a back edge."""
        found = [event for event in self.of(Forward) if written in (None, event.written)]
        assert found, f"no forward call of {written}: {[event.written for event in self.of(Forward)]}"
        return set().union(*(said(event.modes) for event in found))

    def modes_at(self, row: int) -> set[str]:
        """Modes that reach the forward calls in one row of the program, counted without the prelude."""
        row += PRELUDE.count("\n")
        return set().union(*(said(event.modes) for event in self.of(Forward) if event.site.at[0] == row))

    def forwards(self) -> list[str]:
        """The callees of forward calls as written, in order."""
        return [event.written for event in self.of(Forward)]

    def trained(self) -> set[str]:
        """The callees as written of forward calls whose output reaches a backward pass."""
        sites = {o.site for event in self.of(Update) for o in event.operand.origins if isinstance(o, Ran)}
        assert not any(isinstance(o, More) for event in self.of(Update) for o in event.operand.origins)
        return {event.written for event in self.of(Forward) if event.site in sites}

    def schemas(self) -> list[tuple[list[object], bool]]:
        """What is saved: (keys, whether there may be others)."""
        found: list[tuple[list[object], bool]] = []
        for event in self.of(Saved):
            items = event.stored.items
            if items is not None:
                found.append(([key for key, _ in items.entries], items.open or items.element is not None))
        return found

    def schema(self) -> tuple[list[object], bool]:
        """What the only save saves."""
        (found,) = self.schemas()
        return found

    def paths(self) -> list[tuple[str, ...] | None]:
        """Where it is saved."""
        return [path_pattern(event.path) for event in self.of(Saved)]

    def reads(self) -> list[tuple[object, bool]]:
        """Literal keys read from a checkpoint: (key, whether guarded)."""
        return [(event.key, event.guarded) for event in self.of(KeyRead) if event.key is not None]

    def restored(self) -> int:
        """How often state is restored."""
        return sum(1 for _ in self.of(Restored))


def said(modes: ModeSet) -> set[str]:
    """Mode definitions in short."""
    return {f"{d.kind}{'+' if d.crossed else ''}" for d in modes}


def analyse(code: str | Mapping[str, str], start: str = "main.py", function: str | None = None) -> Analysis:
    """Interpret a program: one text, or files by name; a module's own code, or one function of it by name."""
    files = {"main.py": PRELUDE + textwrap.dedent(code)} if isinstance(code, str) else code
    failures: list[str] = []
    program = program_of(files)
    analyzer = Analyzer(program, lambda key, error: failures.append(f"{key}: {error!r}"))
    path = f"{ROOT}/{start}"
    number = 0
    if function is not None:
        record = program.record(path)
        assert record is not None
        number = next(f.index for f in record.functions if f.qualname == function)
    summary = analyzer.summary(Context(FunctionKey(path, number)))
    assert not failures, failures
    return Analysis(analyzer, summary)
