"""Tensors that are plain attributes of a model: in no state dict, and not moved with the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Confidence
from ckptlint.facts.attribute_updates import Update
from ckptlint.facts.classes import name_of_class
from ckptlint.facts.placed_tensors import indexes_only, is_moved
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.state_words import is_learned, is_of_episode, redraws, resets
from ckptlint.facts.unsaved_state import HeldState
from ckptlint.facts.unsaved_text import is_named_in_text, is_set_outside, places_tensors
from ckptlint.flow.written import written
from ckptlint.semantics import model
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class UnregisteredTensor:
    """One such attribute."""

    model: str
    attribute: str
    """As written, with the receiver."""
    reason: str
    """"random" (drawn when the model is built), "updated" (it learns), "constant", "kept" (what an episode sets)."""
    span: Span
    """The attribute where the constructor binds it."""
    statement: Span
    value: Span
    is_plain: bool
    """The statement is `self.x = value` and nothing else, of a tensor that asks for no gradients."""
    update: Span | None
    updater: str
    """The method that updates it."""
    limit: Confidence
    """The highest confidence that its shape may get."""


@derives(UnregisteredTensor)
def unregistered_tensors(facts: Facts) -> Iterator[UnregisteredTensor]:
    """Every such attribute that changes what a forward gives."""
    for state in facts.of(HeldState):
        if state.kind.what != "tensor" or state.is_tracked_by_layer or not state.is_used:
            continue
        reason, limit, update = _judged(facts, state)
        if limit is None or is_named_in_text(facts, state.attribute, name_of_class(facts, state.owner)):
            continue
        if is_set_outside(facts, state.attribute):
            limit = Confidence.LOW
        yield _fact(facts, state, reason, limit, update)


def _judged(facts: Facts, state: HeldState) -> tuple[str, Confidence | None, Update | None]:
    updates = [update for update in state.updates if update.form != "moved"]
    if not updates:
        if state.kind.values == "random":
            is_redrawn = any(
                redraws(view.name)
                for view in state.views.all()
                if any(write.attribute == state.attribute for write in view.writes)
            )
            sure = Confidence.HIGH if state.kind.is_sure else Confidence.MEDIUM
            return "random", Confidence.LOW if is_redrawn else sure, None
        if is_moved(facts, state) or indexes_only(state):
            return "constant", None, None
        # A tensor without dimensions mixes with those of any device.
        is_harmless = state.kind.is_trained or state.kind.is_scalar or not state.kind.is_sure
        is_harmless |= not places_tensors(facts)
        return "constant", Confidence.LOW if is_harmless else Confidence.MEDIUM, None
    kept = next((u for u in updates if is_of_one_episode(facts, state, u, updates)), None)
    levels = [(level, u) for u in updates if (level := _learned(facts, state, u)) is not None]
    if kept is not None or not levels:
        return "kept", Confidence.LOW, kept or updates[0]
    level, update = max(levels, key=lambda pair: pair[0])
    return "updated", level, update


def is_of_one_episode(facts: Facts, state: HeldState, update: Update, updates: list[Update]) -> bool:
    """Whether an update says that the value belongs to one episode: the caller, or a reset, puts it back."""
    function = facts.program.function(update.write.method)
    is_own = update.write.method in state.reached
    if update.form == "set" and (not is_own or resets(function.name)):
        return True
    return is_of_episode(state.attribute, name_of_class(facts, state.owner)) and not update.is_while_training


def _learned(facts: Facts, state: HeldState, update: Update) -> Confidence | None:
    """How surely an update makes the attribute hold what was learned from data."""
    is_clear = update.is_while_training or is_learned(state.attribute)
    if update.form == "mixed":
        if is_clear or update.is_complementary:
            return Confidence.HIGH
        return Confidence.MEDIUM if update.write.method in state.reached else None
    if update.form == "stored":
        return Confidence.HIGH if is_clear else None
    return Confidence.HIGH if update.form == "set" and update.is_from_data and update.is_while_training else None


def _fact(facts: Facts, state: HeldState, reason: str, limit: Confidence, update: Update | None) -> UnregisteredTensor:
    write = state.write
    path = write.method.path
    statement = write.statement
    receiver = facts.program.function(write.method).parameters[0].name
    is_plain = (
        isinstance(statement, model.Bind)
        and len(statement.targets) == 1
        and statement.targets[0].at == write.at
        and statement.annotation is None
        and not state.kind.is_trained
    )
    assert write.value is not None
    return UnregisteredTensor(
        name_of_class(facts, state.owner),
        f"{receiver}.{state.attribute}",
        reason,
        facts.span(path, write.at),
        facts.span(path, statement.at),
        facts.span(path, write.value.at),
        is_plain and written(statement.targets[0]) == f"{receiver}.{state.attribute}"
        if isinstance(statement, model.Bind)
        else False,
        facts.span(update.write.method.path, update.write.at) if update is not None else None,
        facts.program.function(update.write.method).name if update is not None else "",
        limit,
    )
