"""Schedulers and gradient scalers that go with a training's optimizers, and which of them lose something on resume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import arms_of
from ckptlint.facts.optimizers import Training
from ckptlint.facts.places import holds, statement_at
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.facts.schedule_starts import is_for_the_beginning
from ckptlint.facts.written_calls import Written, calls_of
from ckptlint.flow.domain import Location, Made, Object, Site
from ckptlint.flow.events import Built, Saved
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.catalog import MISSING
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Record

SCHEDULER_WORDS = frozenset("scheduler schedulers sched scheds schedule lr_scheduler warmup".split())
"""Words of a name or key that say that a scheduler, or its state, is under it."""
SCALER_WORDS = frozenset("scaler scalers amp".split())
"""The same for a gradient scaler."""
WORDS = {Role.SCHEDULER: SCHEDULER_WORDS, Role.SCALER: SCALER_WORDS}
_STEPS = {Role.SCHEDULER: frozenset({"step"}), Role.SCALER: frozenset({"step", "update"})}


@dataclass(frozen=True, slots=True)
class Companion:
    """A scheduler or gradient scaler whose state changes what a resumed training does."""

    built: Built
    location: Made
    held: Object
    optimizers: frozenset[Location]
    """Those it drives; none when that is not seen."""

    @property
    def role(self) -> Role:
        """SCHEDULER or SCALER."""
        return self.built.role

    @property
    def recovers(self) -> bool:
        """Whether restoring the optimizer alone gives the right rate, or may."""
        return self.role is Role.SCHEDULER and _holds(self.held, "recovers") is not False

    @property
    def kind(self) -> str:
        """Its class by its bare name."""
        return self.built.api.rsplit(".", 1)[-1]


def companions_of(facts: Facts, training: Training) -> list[Companion]:
    """Every scheduler and scaler of a training that steps and that nothing but its saved state could bring back."""
    run = training.run
    made = [e for e in run.events if isinstance(e, Built) and e.role in WORDS]
    if not made:
        return []
    chained = {location for event in made for location in _parts(event)}
    found: list[Companion] = []
    calls: list[Written] | None = None
    for event in made:
        atom = event.made.single
        location = getattr(atom, "location", None)
        held = run.object_at(location) if location is not None else None
        if held is None or held.api is None or held.model is not None or not isinstance(location, Made):
            continue
        if location in chained or training.is_in_loop(event.loops):
            continue
        is_lasting = (
            is_for_the_beginning(facts, held, event) if event.role is Role.SCHEDULER else _scales(facts, run, held)
        )
        if not is_lasting:
            continue
        calls = calls if calls is not None else list(_calls(facts, run))
        if _is_stepped(facts, event, held, calls) and not _is_set_by_hand(facts, run, event):
            drives = frozenset(o for o in event.inputs.origins if isinstance(o, Made))
            found.append(Companion(event, location, held, drives))
    return found


def _parts(event: Built) -> Iterator[Location]:
    items = event.parts.items
    for value in (event.parts.value, *(items.values() if items is not None else [])):
        yield from (ref.location for ref in value.refs())


def _scales(facts: Facts, run: Run, held: Object) -> bool:
    """Whether a scaler scales for sure, and no code of the run computes in a format that needs none."""
    if _holds(held, "enabled") is not True:
        return False
    paths = {run.key.path, *(key.path for event in run.events for key in event.within)}
    return not any(b"bfloat16" in facts.program.data(path) or b"bf16" in facts.program.data(path) for path in paths)


def _holds(held: Object, key: str) -> bool | None:
    if held.api is None:
        return None
    bound: dict[str, object] = {}
    for name, value in held.arguments:
        literal = value.constant()
        bound[name] = literal.value if literal is not None else MISSING
    return held.api.holds(key, bound, complete="**" not in bound)


# ------------------------------------------------------------------------------------------------------ as written


def _functions(facts: Facts, run: Run) -> Iterator[tuple[Record, Function]]:
    for key in {key for event in run.events for key in event.within} | {run.key}:
        record = facts.program.record(key.path)
        if record is not None:
            yield record, facts.program.function(key)


def _calls(facts: Facts, run: Run) -> Iterator[Written]:
    """The calls of a run's functions that step something."""
    for record, function in _functions(facts, run):
        if function.mentions.isdisjoint(("step", "update")):
            continue
        for found in calls_of(record, function):
            if isinstance(found.call.func, model.Attribute) and found.call.func.name in ("step", "update"):
                yield found


def _is_meant(facts: Facts, event: Built, receiver: str) -> bool:
    """Whether what a name holds is this object, or may be."""
    name = facts.name_given(event.site)
    last = receiver.rsplit(".", 1)[-1]
    if name is not None and name.rsplit(".", 1)[-1] == last:
        return True
    return bool(words_of(last) & WORDS[event.role])


def _is_stepped(facts: Facts, event: Built, held: Object, calls: list[Written]) -> bool:
    """Whether it is stepped, and never told the epoch nor run ahead to where the training goes on."""
    own = [c for c in calls if _is_step_of(facts, event, c)]
    if not own:
        return False
    if event.role is not Role.SCHEDULER:
        return True
    allowed = 1 if held.api is not None and held.api.options.get("follows") == "metric" else 0
    for found in own:
        arguments = found.call.args
        if len(arguments) > allowed or any(a.keyword == "epoch" or a.star for a in arguments):
            return False
        if _runs_ahead(found):
            return False
    return True


def _is_step_of(facts: Facts, event: Built, found: Written) -> bool:
    func = found.call.func
    assert isinstance(func, model.Attribute)
    return func.name in _STEPS[event.role] and _is_meant(facts, event, written(func.value))


def _runs_ahead(found: Written) -> bool:
    """Whether the loop around a step does nothing but step."""
    loop = next((s for s in reversed(found.around) if isinstance(s, model.Loop)), None)
    if loop is None:
        return False
    for statement in statements_of(loop.body):
        if not isinstance(statement, model.Evaluate | model.Bind):
            return False
        value = statement.value if isinstance(statement, model.Evaluate | model.Bind) else None
        calls = [p for p in walk(value) if isinstance(p, CallSite)] if value is not None else []
        if any(not isinstance(c.func, model.Attribute) or c.func.name not in ("step", "append") for c in calls):
            return False
    return True


def _is_set_by_hand(facts: Facts, run: Run, event: Built) -> bool:
    """Whether an attribute of it is given a value."""
    for _, function in _functions(facts, run):
        for statement in statements_of(function.body):
            if isinstance(statement, model.Bind):
                targets = statement.targets
            else:
                targets = [statement.target] if isinstance(statement, model.Augment) else []
            for target in targets:
                if isinstance(target, model.Attribute) and _is_meant(facts, event, written(target.value)):
                    return True
    return False


def may_be_absent(facts: Facts, companion: Companion, saved: Saved) -> bool:
    """Whether it is made under a test that the save does not stand under as well: some trainings have none."""
    program = facts.program
    ways, others = (
        {arm for path, at in (*site.chain, site.base) if path for arm in arms_of(program, path, at)}
        for site in (companion.built.site, saved.site)
    )
    return not ways <= others or not companion.built.tests <= saved.tests or _is_chosen(program, companion.built.site)


def _is_chosen(program: Program, site: Site) -> bool:
    """Whether a call is one side of an expression that chooses."""
    statement = statement_at(program, site.path, site.at)
    if statement is None:
        return True
    parts = [part for operand in operands_of(statement) for part in walk(operand)]
    return any(isinstance(part, model.Choice | model.Logic) and holds(part.at, site.at) for part in parts)
