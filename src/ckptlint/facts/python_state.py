"""Numbers and arrays that are attributes of a model, change while it runs or is trained, and are in no checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Confidence
from ckptlint.facts.attribute_updates import Update
from ckptlint.facts.classes import name_of_class
from ckptlint.facts.first_call import initializing
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.state_words import is_of_episode, resets
from ckptlint.facts.unsaved_state import HeldState
from ckptlint.facts.unsaved_text import is_named_in_text, is_set_outside
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class PythonState:
    """One such attribute."""

    model: str
    attribute: str
    """As written, with the receiver."""
    what: str
    """"Python number", "array", "tensor", "flag"."""
    is_random: bool
    """Nothing changes it: it is drawn when the model is built."""
    span: Span
    """What changes it, or where it is drawn."""
    statement: Span
    made: Span
    """Where the constructor makes it."""
    updater: str
    is_used: bool
    """What the model gives hangs on it."""
    limit: Confidence
    """The highest confidence that its shape may get."""


@derives(PythonState)
def python_states(facts: Facts) -> Iterator[PythonState]:
    """Every such attribute that the model itself changes."""
    for state in facts.of(HeldState):
        if state.kind.what == "tensor" and not state.is_tracked_by_layer:
            continue
        found = _judged(facts, state)
        if (
            found is None
            or is_named_in_text(facts, state.attribute, name_of_class(facts, state.owner))
            or is_set_outside(facts, state.attribute)
        ):
            continue
        yield _fact(facts, state, *found)


def _judged(facts: Facts, state: HeldState) -> tuple[Confidence, Update | None] | None:
    updates = [update for update in state.updates if update.form != "moved"]
    if state.kind.what == "flag":
        update = initializing(facts, state, updates)
        return (Confidence.MEDIUM, update) if update is not None else None
    if not updates:
        is_drawn = state.kind.values == "random" and state.kind.what != "number" and state.is_used
        return (Confidence.MEDIUM, None) if is_drawn else None
    if any(_is_given_by_caller(facts, state, update) for update in updates):
        return None
    mixed = [update for update in updates if update.form == "mixed"]
    if not mixed:
        return None
    own = next((u for u in mixed if u.write.method in state.reached), None)
    update = own or mixed[0]
    is_lasting = own is not None or any(u.is_factor for u in mixed)
    if not state.is_used or not is_lasting or is_of_episode(state.attribute) or _takes_turns(state):
        return Confidence.LOW, update
    return Confidence.MEDIUM, update


def _is_given_by_caller(facts: Facts, state: HeldState, update: Update) -> bool:
    """Whether the value, or its reset, is the caller's business."""
    write = update.write
    function = facts.program.function(write.method)
    is_own = write.method in state.reached
    if update.form == "set":
        return not is_own or resets(function.name)
    if is_own:
        return False
    parameters = {parameter.name for parameter in function.parameters[1:]}
    value = write.value
    return value is not None and any(isinstance(p, model.Name) and p.id in parameters for p in walk(value))


def _takes_turns(state: HeldState) -> bool:
    """Whether the only question is whose turn it is (`n % every`): a resume puts that off by less than a round."""
    for read in state.sources:
        operands = [part for operand in operands_of(read.statement) for part in walk(operand)]
        is_turn = any(
            isinstance(part, model.Binary) and part.operator == "%" and any(p.at == read.at for p in walk(part.left))
            for part in operands
        )
        is_test = isinstance(read.statement, model.Branch) and any(
            isinstance(part, model.Compare) and part.left.at == read.at and _is_zero(part) for part in operands
        )
        if not is_turn and not is_test:
            return False
    return True


def _is_zero(test: model.Compare) -> bool:
    return all(isinstance(right, model.Literal) and right.value == 0 for right in test.rights)


def _fact(facts: Facts, state: HeldState, limit: Confidence, update: Update | None) -> PythonState:
    made = state.write
    receiver = facts.program.function(made.method).parameters[0].name
    shown = update.write if update is not None else made
    what = {"number": "Python number", "array": "array", "flag": "flag"}.get(state.kind.what, "tensor")
    return PythonState(
        name_of_class(facts, state.owner),
        f"{receiver}.{state.attribute}",
        what,
        update is None,
        facts.span(shown.method.path, shown.statement.at),
        facts.span(shown.method.path, shown.statement.at),
        facts.span(made.method.path, made.at),
        facts.program.function(shown.method).name,
        state.is_used,
        limit,
    )
