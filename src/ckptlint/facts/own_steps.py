"""Datasets and transforms of the project that draw random numbers for every sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.divisions import bound_names
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import EVALUATION_DATA_WORDS, data_purpose_of
from ckptlint.flow.domain import NOTHING, ClassKey, Location, Made, Object, Site, Value
from ckptlint.flow.events import Built, Drew
from ckptlint.flow.frame import Context
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

GLOBAL_SOURCES = frozenset({"python", "numpy", "torch"})


@dataclass(frozen=True, slots=True)
class RandomStep:
    """Something that draws random numbers for every sample."""

    site: Site
    reached: Site
    """The site, or where the object is made that draws there."""
    name: str
    source: str
    seeded_by: str
    """The source whose seed makes the draws repeat: worker processes take theirs from torch."""


def own_steps(facts: Facts, run: Run) -> Iterator[RandomStep]:
    """Draws of datasets that a loader of the run is given, and of the transforms these are given."""
    for event in run.events:
        if not isinstance(event, Built) or event.role is not Role.LOADER:
            continue
        for _, loader in run.objects(event.made):
            if loader is None or loader.api is None:
                continue
            arguments = dict(loader.arguments)
            in_workers = any(not _is_zero(value) for value in loader.api.given("workers", arguments))
            for value in loader.api.given("dataset", arguments):
                for location, held in _held_by(run, value):
                    if held.model is not None and not _is_for_evaluation(facts, held.model, location, event):
                        yield from _draws(facts, held, location, in_workers)


def _is_zero(value: Value) -> bool:
    constant = value.constant()
    return constant is not None and constant.value == 0


def _held_by(run: Run, value: Value) -> Iterator[tuple[Made, Object]]:
    """The dataset, and the objects it was given, steps of pipelines among them."""
    parts: dict[Location, list[Value]] = {}
    for event in run.events:
        if isinstance(event, Built) and event.parts.items is not None:
            for ref in event.made.refs():
                parts.setdefault(ref.location, []).extend(event.parts.items.values())
    work = [value]
    seen: set[Location] = set()
    while work:
        for ref, held in run.objects(work.pop(0)):
            if ref.location in seen or held is None:
                continue
            seen.add(ref.location)
            work.extend(given for _, given in held.arguments)
            work.extend(parts.get(ref.location, ()))
            if isinstance(ref.location, Made):
                yield ref.location, held


def _is_for_evaluation(facts: Facts, key: ClassKey, made: Made, loader: Built) -> bool:
    if words_of(facts.program.class_model(key).name) & EVALUATION_DATA_WORDS:
        return True
    names = [name for site in (made.site, loader.site) for name in bound_names(statement_at(facts.program, *site.base))]
    return any(data_purpose_of(name) == "evaluation" for name in names)


def _draws(facts: Facts, held: Object, made: Made, in_workers: bool) -> Iterator[RandomStep]:
    key = held.model
    if key is None or any(_is_false(value) for _, value in held.arguments):
        return  # A flag that is off may be the one that the draws hang on.
    is_dataset = held.role is Role.DATASET
    for name in ("__getitem__", "__iter__") if is_dataset else ("__call__",):
        method = facts.analyzer.classes.method(key, name)
        if method is None:
            continue
        for event in facts.analyzer.summary(Context(method, key)).events:
            if not isinstance(event, Drew) or event.is_split or event.source not in GLOBAL_SOURCES:
                continue
            if event.generator == NOTHING:
                seeded_by = "torch" if in_workers else event.source
                shown = f"{facts.program.class_model(key).name}.{name}"
                yield RandomStep(Site(*event.site.base), made.site, shown, event.source, seeded_by)


def _is_false(value: Value) -> bool:
    constant = value.constant()
    return constant is not None and constant.value is False
