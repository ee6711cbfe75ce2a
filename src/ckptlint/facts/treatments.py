"""Preprocessing calls whose results go to one model, and the options in which they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption, Confidence
from ckptlint.facts.comparisons import are_alternatives, is_trial, levels_of, parting
from ckptlint.facts.handling import handling_of
from ckptlint.facts.lineage import Identity, Lineage, shared
from ckptlint.facts.options import weight_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.purposes import Purposes
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Const, FunctionKey, Site, Treated
from ckptlint.flow.events import Fitted, Forward, Prepared
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class Use:
    """A preprocessing call whose result a model is given."""

    call: Prepared
    by: Site
    """Where the model is given it."""
    options: tuple[tuple[str, Const], ...]
    is_training: bool
    models: frozenset[Identity]
    assumptions: frozenset[Assumption]


@dataclass(frozen=True, slots=True)
class DifferingCalls:
    """One function preprocesses data for one model in two ways; `here` is an evaluation."""

    here: Use
    there: Use
    at: Span
    other: Span
    options: tuple[tuple[str, object, object], ...]
    """(name, value here, value there)."""
    most: Confidence
    assumptions: frozenset[Assumption]


@derives(DifferingCalls)
def differing_calls(facts: Facts) -> Iterator[DifferingCalls]:
    """Every evaluation whose preprocessing differs from the training's, or from another evaluation's."""
    uses: dict[FunctionKey | str, list[Use]] = defaultdict(list)
    lineage: Lineage | None = None
    for run in facts.runs:
        if any(isinstance(event, Prepared) for event in run.events):
            lineage = lineage or Lineage(facts)
            for use in _uses(facts, lineage, run):
                uses[use.call.callee].append(use)
    for group in uses.values():
        settled = [use for use in group if not _is_trial(facts, use, group)]
        for use in settled:
            if not use.is_training:
                found = _differing(facts, use, settled)
                if found is not None:
                    yield found


# ------------------------------------------------------------------------------------------------------- uses


def _uses(facts: Facts, lineage: Lineage, run: Run) -> Iterator[Use]:
    calls: dict[Site, list[Prepared]] = defaultdict(list)
    for event in run.events:
        if isinstance(event, Prepared):
            calls[event.site].append(event)
    purposes = Purposes(facts, run)
    for event in run.events:
        if not isinstance(event, Forward | Fitted):
            continue
        data = event.inputs if isinstance(event, Forward) else event.data
        sites = {origin.site for origin in data.origins if isinstance(origin, Treated)}
        found = purposes.of(event) if sites else None
        if found is None:
            continue
        is_training, assumptions = found
        models = lineage.of(run, event.operand, is_training)
        seen = {site: calls[site] for site in sites if site in calls}
        if len(seen) != len(sites) or not models:
            continue
        for call, options in _by_callee(seen):
            yield Use(call, event.site, options, is_training, models, assumptions)


def _by_callee(seen: dict[Site, list[Prepared]]) -> Iterator[tuple[Prepared, tuple[tuple[str, Const], ...]]]:
    """The calls of each function on the way to a model, with the options that all of them agree on."""
    callees: dict[FunctionKey | str, list[Prepared]] = defaultdict(list)
    for site in sorted(seen):
        for call in seen[site]:
            if not _is_part(call, seen):
                callees[call.callee].append(call)
    for calls in callees.values():
        every = [dict(_literals(call)) for call in calls]
        agreed = {k: v for k, v in every[0].items() if all(options.get(k) == v for options in every[1:])}
        yield calls[0], tuple(agreed.items())


def _is_part(call: Prepared, seen: dict[Site, list[Prepared]]) -> bool:
    """Whether a call is made by another preprocessing call on the way: that one's options decide."""
    ways = {tuple(levels_of(site)) for site in seen if site != call.site}
    levels = levels_of(call.site)
    return any(tuple(levels[:depth]) in ways for depth in range(1, len(levels)))


def _literals(call: Prepared) -> Iterator[tuple[str, Const]]:
    for name, value in call.options.items.entries if call.options.items is not None else ():
        known = value.constant()
        if known is not None and isinstance(name, str):
            yield name, known


# ------------------------------------------------------------------------------------------------------ pairs


def _differing(facts: Facts, use: Use, group: list[Use]) -> DifferingCalls | None:
    linked = [(other, assumed) for other in group if (assumed := shared(use.models, other.models)) is not None]
    training = [pair for pair in linked if pair[0].is_training]
    found = [_pair(facts, use, other, assumed) for other, assumed in training]
    if training:
        # What some training does too is no difference.
        return min((pair for pair in found if pair is not None), key=_rank) if all(found) else None
    found = [_pair(facts, use, other, assumed) for other, assumed in linked if not _is_reference(facts, use, other)]
    pairs = [pair for pair in found if pair is not None]
    return min(pairs, key=_rank) if pairs else None


def _rank(pair: DifferingCalls) -> tuple[int, int, object]:
    return (-pair.most, len(pair.assumptions), pair.other)


def _is_reference(facts: Facts, use: Use, other: Use) -> bool:
    """Of two evaluations the one that keeps to the signature's defaults is right, else the first."""
    mine, others = _departures(facts, use), _departures(facts, other)
    if mine != others:
        return mine < others
    return (use.call.site.path, use.call.site.at, use.call.site.chain) <= (
        other.call.site.path,
        other.call.site.at,
        other.call.site.chain,
    )


def _departures(facts: Facts, use: Use) -> int:
    """How many options are other than the signature has them."""
    callee = use.call.callee
    if not isinstance(callee, FunctionKey):
        return 0
    defaults = {p.name: getattr(p.default, "value", None) for p in facts.program.function(callee).parameters}
    return sum(1 for name, value in use.options if name in defaults and defaults[name] != value.value)


def _pair(facts: Facts, use: Use, other: Use, assumed: frozenset[Assumption]) -> DifferingCalls | None:
    options: list[tuple[str, object, object]] = []
    most = Confidence.LOW
    for name, value, there in _differences(use, other):
        weight = weight_of(facts.program, use.call.callee, name, (value, there), other.is_training)
        if weight is not None:
            options.append((name, value.value, there.value))
            most = max(most, weight)
    parted = parting(use.call.site, other.call.site)
    if not options or parted is None or handling_of(facts, use.call.site) != handling_of(facts, other.call.site):
        return None  # What one call leaves out may be done beside it.
    is_one_place = use.call.site.base == other.call.site.base
    here, there_at = parted if is_one_place else (use.call.site.base, other.call.site.base)
    return DifferingCalls(
        use,
        other,
        facts.span(*here),
        facts.span(*there_at),
        tuple(options),
        most,
        assumed | use.assumptions | other.assumptions,
    )


def _differences(a: Use, b: Use) -> list[tuple[str, Const, Const]]:
    """The options that two calls give other literals."""
    given = dict(b.options)
    return [
        (name, value, given[name]) for name, value in a.options if name in given and given[name].value != value.value
    ]


def _is_trial(facts: Facts, use: Use, group: list[Use]) -> bool:
    """Whether an evaluation is one of several under different settings, wanted side by side or chosen between."""
    if is_trial(facts, use.call.site) or is_trial(facts, use.by):
        return True
    return any(
        are_alternatives(facts, use.call.site, other.call.site) or are_alternatives(facts, use.by, other.by)
        for other in group
        if _differences(use, other) and shared(use.models, other.models) is not None
    )
