"""What an entry point seeds, and where a seed can be put into it."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.imports import bound_name, head_imports, import_closure, is_guarded, main_guard
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import FunctionKey, Site
from ckptlint.flow.events import Seeded
from ckptlint.flow.frame import Context
from ckptlint.flow.unseen import Unseen
from ckptlint.semantics.model import Place
from ckptlint.text import Span

SEED_CALLS = {
    "torch": ("torch", "manual_seed(0)"),
    "python": ("random", "seed(0)"),
    "numpy": ("numpy", "random.seed(0)"),
    "keras": ("keras", "utils.set_random_seed(0)"),
}
"""The module and the call that seeds a source."""


@dataclass(frozen=True, slots=True)
class Seeding:
    """The seed calls of one run, those of modules it imports included, and calls that may hide more."""

    events: tuple[Seeded, ...]
    unseen: frozenset[Unseen]

    @property
    def sources(self) -> frozenset[str]:
        """Every source that some seed call seeds."""
        return frozenset(source for event in self.events for source in event.sources)

    @property
    def may_hide(self) -> bool:
        """Whether code that was not followed may seed: it is the project's own, or named for it."""
        return any(call.kind != "setting up" for call in self.unseen)

    @property
    def is_whole(self) -> bool:
        """Whether no call that was not followed has a name under which seeds may be set."""
        return not self.unseen


def seeding_of(facts: Facts, run: Run) -> Seeding:
    """What a run seeds."""
    events = [event for event in run.events if isinstance(event, Seeded)]
    unseen = set(run.summary.unseen)
    if run.summary.truncated:
        unseen.add(Unseen("project", facts.program.function(run.key).name))
    for path in import_closure(facts.program, run.key.path):
        if b"seed" not in facts.program.data(path):
            continue
        record = facts.program.record(path)
        summary = facts.analyzer.summary(Context(FunctionKey(path, 0)))
        for event in summary.events:
            if isinstance(event, Seeded) and record is not None and not is_guarded(record, outermost(event.site)[1]):
                events.append(event)
    return Seeding(tuple(events), frozenset(unseen))


def steps_to(site: Site) -> list[tuple[str, Place]]:
    """The calls that lead to a place, outermost first, and the place."""
    return [*(step for step in site.chain if step[0]), site.base]


def outermost(site: Site) -> tuple[str, Place]:
    """Where the way to a place begins."""
    return steps_to(site)[0]


def seen_in(path: str, site: Site) -> Site:
    """The last call in a file on the way to a place, or the place itself when it lies there."""
    last = outermost(site)
    for step in steps_to(site):
        if step[0] != path:
            break
        last = step
    return Site(*last)


@dataclass(frozen=True, slots=True)
class SeedCall:
    """A seed call that an entry point lacks, and where it goes."""

    written: str
    module: str | None
    """What must be imported for it; None when it is."""
    head: Span | None
    """The file's first import."""
    after: Span | None
    """The statement it goes after; None when it goes before one."""
    before: Span


def seed_call_for(facts: Facts, run: Run, source: str, site: Site) -> SeedCall | None:
    """The call that seeds a source at the start of a run in which `site` is reached."""
    path = run.key.path
    record = facts.program.record(path)
    statement = statement_at(facts.program, *outermost(site))
    if record is None or statement is None or outermost(site)[0] != path or source not in SEED_CALLS:
        return None
    module, call = SEED_CALLS[source]
    bound = bound_name(record, module)
    if bound is None and module == "keras":
        bound = bound_name(record, "tensorflow.keras")
    imports = head_imports(record)
    guard = main_guard(record)
    is_inside = guard is not None and is_guarded(record, statement.at)
    before = guard.body[0] if is_inside and guard is not None else statement
    after = imports[-1] if imports and not is_inside else None
    return SeedCall(
        f"{bound or module}.{call}",
        module if bound is None else None,
        facts.span(path, imports[0].at) if imports else None,
        facts.span(path, after.at) if after is not None else None,
        facts.span(path, before.at),
    )
