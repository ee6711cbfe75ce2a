"""Numbers that stand for positions in something whose order is not fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.libraries import learns
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.stored_names import is_stored
from ckptlint.flow.domain import Order
from ckptlint.flow.events import Fitted, Indexed, Restored, Saved, Seeded
from ckptlint.flow.order import sort_of
from ckptlint.flow.written import words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.text import Span

INDEX_WORDS = frozenset(
    (
        "class classes cls label labels vocab vocabs vocabulary token tokens char chars character characters word "
        "words id ids index indices indexes idx"
    ).split()
)
"""Words of a name that say it numbers classes, words or the like."""
CLASS_WORDS = INDEX_WORDS - frozenset("id ids index indices indexes idx".split()) | frozenset(
    "category categories target targets".split()
)
"""Those that speak of what is told apart, not of the number."""
PARTS = frozenset(("lower", "upper", "split"))
_TRAINING = frozenset("train training".split())
_HELD_OUT = frozenset("val valid validation test testing eval evaluation dev holdout heldout".split())


@dataclass(frozen=True, slots=True)
class UnstableIndex:
    """An index whose numbers differ in another process, or on another machine."""

    run: Run
    event: Indexed
    order: Order
    target: str
    """What holds the numbers, as written; empty when it has no name."""
    span: Span
    """Where the items are put into a sequence."""
    iterated: Span | None
    """The operand to sort, when nothing but it is to be sorted."""
    replaced: Span | None
    """The name `list` of a call that puts a set into a sequence."""
    assumptions: frozenset[Assumption]
    is_text: bool
    is_kept: bool
    """Something trained with it is stored or loaded by the same program: else no other process sees the numbers."""


@derives(UnstableIndex)
def unstable_indexes(facts: Facts) -> Iterator[UnstableIndex]:
    """Every one that could do harm: not those that are stored beside the model."""
    keeping = {run.key.path for run in facts.runs if _keeps(run)}
    for run in facts.runs:
        events = [e for e in run.events if isinstance(e, Indexed)]
        for event in events:
            order = event.order
            if order is None or "number" in (event.sort, sort_of(event.items)) or not learns(facts, run, event):
                continue
            target = _target(facts, event)
            words = words_of(target)
            if not _is_index(facts, run, event, order, words, events) or is_stored(facts, run, event, target):
                continue
            yield _index(facts, run, event, order, target, run.key.path in keeping)


def _keeps(run: Run) -> bool:
    """Whether something is stored or loaded, be it by a trainer that keeps checkpoints unasked."""
    for event in run.events:
        if isinstance(event, Saved | Restored):
            return True
        if isinstance(event, Fitted):
            held = [held for _, held in run.objects(event.operand)]
            if any(one is not None and one.role is Role.TRAINER for one in held):
                return True
    return False


def _is_index(facts: Facts, run: Run, event: Indexed, order: Order, words: frozenset[str], all_: list[Indexed]) -> bool:
    if order.is_shuffled and (event.use not in PARTS or not any(isinstance(e, Seeded) for e in run.events)):
        return False  # The numbers are meant to be drawn anew; what a seeded shuffle makes of the order is not.
    if event.use in ("lower", "upper"):
        return _is_divided(facts, event, all_)
    if order.kind == "set":
        return event.use != "labelled" or bool(words & CLASS_WORDS)
    named = words.union(*(words_of(name) for name in event.names))
    if event.use == "numbered":
        return bool(words & INDEX_WORDS) and not _is_zip(facts, event)
    return event.use != "split" and bool(named & CLASS_WORDS) and not _is_zip(facts, event)


def _is_zip(facts: Facts, event: Indexed) -> bool:
    """Listings in parallel are another fault."""
    call = call_at(facts.program, event.site.path, event.iterated)
    return call is not None and written(call.func) == "zip"


def _is_divided(facts: Facts, event: Indexed, others: list[Indexed]) -> bool:
    """Two slices at one bound, one for training and one held out."""
    sides = {event.use: words_of(_target(facts, event))}
    for other in others:
        same = other.operand == event.operand and other.key == event.key and other.within == event.within
        if same and other.use in ("lower", "upper") and other.use != event.use:
            sides[other.use] = words_of(_target(facts, other))
    return len(sides) == 2 and any(w & _TRAINING for w in sides.values()) and any(w & _HELD_OUT for w in sides.values())


def _target(facts: Facts, event: Indexed) -> str:
    """What holds the numbers: what the event says, else what the statement binds, else the function's name."""
    if event.key and event.use not in ("lower", "upper"):
        return event.key
    statement = statement_at(facts.program, event.site.path, event.site.at)
    if isinstance(statement, model.Bind) and statement.targets:
        targets = statement.targets
        if isinstance(targets[0], model.Sequence) and isinstance(statement.value, model.Sequence):
            for target, value in zip(targets[0].items, statement.value.items, strict=False):
                if value.at[:2] <= event.site.at[:2] and event.site.at[2:] <= value.at[2:]:
                    return written(target)
        return written(targets[0])
    if isinstance(statement, model.Return):
        return facts.program.function(event.within[-1]).name
    return ""


def _index(facts: Facts, run: Run, event: Indexed, order: Order, target: str, is_kept: bool) -> UnstableIndex:
    is_text = "string" in (event.sort, sort_of(event.items)) or order.kind == "listing"
    assumptions: set[Assumption] = set()
    if not is_text:
        assumptions.add(Assumption.ROLE_BY_NAME)
        if not words_of(target) & INDEX_WORDS:
            assumptions.add(Assumption.TYPE_BY_USE)
    if not order.is_sure:
        assumptions.add(Assumption.BRANCH_CORRELATION)
    span, whole, replaced = _sequence(facts, event, order)
    return UnstableIndex(run, event, order, target, span, whole, replaced, frozenset(assumptions), is_text, is_kept)


def _sequence(facts: Facts, event: Indexed, order: Order) -> tuple[Span, Span | None, Span | None]:
    """Where the items are put into a sequence, the operand to sort there, and the `list` to replace instead."""
    if order.kind == "listing":
        made = facts.span(order.path, order.at)
        return made, made, None
    if order.listed is None:
        use = facts.span(event.site.path, event.iterated)
        return use, use if event.use in ("numbered", "labelled", "split") else None, None
    path, at = order.listed
    made = facts.span(path, at)
    call = call_at(facts.program, path, at)
    if call is None:
        return made, made, None
    return made, None, facts.span(path, call.func.at) if written(call.func) == "list" else None
