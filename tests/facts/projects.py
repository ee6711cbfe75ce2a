"""Facts of a project given as text."""

from __future__ import annotations

from collections.abc import Mapping

from ckptlint.engine.run import TRIGGERS, _names
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import RunBuilder
from ckptlint.facts.slices import Slices
from ckptlint.flow.analyzer import Analyzer
from tests.flow.programs import program_of


def facts_of(files: Mapping[str, str]) -> Facts:
    """The facts of some files; a `net.py` with a model is always among them."""
    program = program_of(files)
    failures: list[str] = []
    analyzer = Analyzer(program, lambda key, error: failures.append(f"{key}: {error!r}"))
    catalog = program.catalog
    slices = Slices(program, analyzer.classes, catalog.triggers(TRIGGERS), _names(catalog))
    facts = Facts(analyzer, RunBuilder(program, analyzer, slices).build())
    assert not failures, failures
    return facts
