"""Parts of an adapted model that are meant to be trained and saved with the adapter, and are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.written_calls import (
    Written,
    bound_arguments,
    calls_where,
    made_by,
    named,
    source_of,
    span_of,
    spreads,
    statement_of,
    texts_of,
)
from ckptlint.flow.domain import ApiAtom
from ckptlint.flow.written import walk, words_of, written
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Operand
from ckptlint.text import Span

IN_PLACE = frozenset("append extend insert remove clear sort reverse".split())
"""Methods of lists that change them and give None."""
TRAINED_WORDS = frozenset("checkpoint ckpt output out outputs trained finetuned tuned best adapter saved".split())
"""Words of a path that say that the weights are of the same task."""
HEAD_WORDS = ("classifier", "score", "head", "all-linear")


@dataclass(frozen=True, slots=True)
class NoList:
    """A parameter that wants a list gets what a method gives that changes one in place: None."""

    parameter: str
    call: str
    at: Span
    statement: Span


@dataclass(frozen=True, slots=True)
class UnsavedHead:
    """A head that no weights come for is neither trained nor saved with the adapter."""

    model: str
    parameters: tuple[str, ...]
    at: Span
    statement: Span
    config: Span
    loaded: Span


@derives(NoList)
def no_lists(facts: Facts) -> Iterator[NoList]:
    """Every such argument."""
    rows = [row for _, row in facts.program.catalog if "lists" in row]
    if not rows:
        return
    packages = sorted({name.partition(".")[0] for name, row in facts.program.catalog if "lists" in row})
    for found in calls_where(facts, packages):
        row = _row(facts, found, found.call)
        if row is None:
            continue
        for name, value in bound_arguments(row, found.call).items():
            if name not in texts_of(row.options.get("lists")):
                continue
            source = source_of(found.record, found.function, value)
            if isinstance(source, CallSite) and _changes_in_place(source):
                yield NoList(
                    name, written(source.func), facts.span(found.record.path, value.at), statement_of(facts, found)
                )


def _row(facts: Facts, found: Written, call: CallSite) -> Api | None:
    atom = named(facts, found.record, found.function, call.func)
    return facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None


def _changes_in_place(call: CallSite) -> bool:
    """`x.append(…)`, where `x` is a name or a display and no module."""
    func = call.func
    return (
        isinstance(func, model.Attribute)
        and func.name in IN_PLACE
        and bool(call.args or func.name in ("clear", "sort"))
    )


@derives(UnsavedHead)
def unsaved_heads(facts: Facts) -> Iterator[UnsavedHead]:
    """Every model with a new head that is adapted by a config which does not name it."""
    wrappers = sorted({name.rpartition(".")[2] for name, row in facts.program.catalog if "heads" in row})
    if not wrappers:
        return
    for found in calls_where(facts, [f"{name}(" for name in wrappers]):
        row = _row(facts, found, found.call)
        if row is None or "heads" not in row.options:
            continue
        bound = bound_arguments(row, found.call)
        of, config = bound.get(str(row.options.get("of"))), bound.get(str(row.options.get("config")))
        made = _call_behind(found, of)
        config_call = _call_behind(found, config)
        if made is None or config_call is None or spreads(config_call):
            continue
        loaded = _headed(facts, found, made, texts_of(row.options["heads"]))
        configured = _row(facts, found, config_call)
        if loaded is None or configured is None or "keeps_part" not in configured.options:
            continue
        keeping = texts_of(configured.options["keeps_part"])
        given = bound_arguments(configured, config_call)
        if given.keys() & set(keeping) or _adapts_head(found, given, texts_of(configured.options.get("adapts"))):
            continue
        if _trains_head(found):
            continue
        yield UnsavedHead(
            loaded,
            keeping,
            span_of(facts, found),
            statement_of(facts, found),
            facts.span(found.record.path, config_call.at),
            facts.span(found.record.path, made.at),
        )


def _call_behind(found: Written, operand: Operand | None) -> CallSite | None:
    if isinstance(operand, CallSite):
        return operand
    return made_by(found.record, found.function, operand) if operand is not None else None


def _headed(facts: Facts, found: Written, made: CallSite, patterns: tuple[str, ...]) -> str | None:
    """The class of a model whose head starts anew, when the call says how many classes it has."""
    if not isinstance(made.func, model.Attribute) or not any(a.keyword in LABELS for a in made.args):
        return None
    if made.args and words_of(written(made.args[0].value)) & TRAINED_WORDS:
        return None
    atom = named(facts, found.record, found.function, made.func.value)
    name = atom.name.rpartition(".")[2] if isinstance(atom, ApiAtom) else ""
    fits = any(re.fullmatch(pattern.replace("*", r"\w*"), name) for pattern in patterns)
    return name if fits else None


LABELS = frozenset({"num_labels", "id2label", "label2id"})


def _adapts_head(found: Written, given: dict[str, Operand], adapting: tuple[str, ...]) -> bool:
    """Whether the adapted parts may be the head."""
    for name in adapting:
        value = given.get(name)
        if value is None:
            continue
        source = source_of(found.record, found.function, value)
        if source is None or not isinstance(source, model.Sequence | model.Literal):
            return True
        texts = [part.value for part in walk(source) if isinstance(part, model.Literal)]
        if not texts or any(
            not isinstance(t, str) or any(word in t for word in (*HEAD_WORDS, ".*", "|")) for t in texts
        ):
            return True
    return False


def _trains_head(found: Written) -> bool:
    """Whether the function itself says which parameters are trained."""
    return bool({"requires_grad", "requires_grad_", "modules_to_save"} & found.function.mentions)
