"""Models of one class that are built with other literals where their weights come from than where they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.comparisons import is_trial
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.tuned_arguments import Tuned, TunedArguments
from ckptlint.flow.domain import ClassKey, Location, Made, Object, Site, Value
from ckptlint.flow.events import Restored
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.constants import MISSING, fold

_NO_MODELS = frozenset({Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER})


@dataclass(frozen=True, slots=True)
class Construction:
    """Where a model is built, with its literal arguments, defaults included; MISSING for the others."""

    site: Site
    model: ClassKey
    literals: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class BuiltDifferently:
    """Weights are loaded into a model of the class that wrote them, built with another value."""

    argument: str
    saved: Construction
    loaded: Construction
    values: tuple[object, object]
    """(where the weights come from, where they are loaded)."""
    use: Tuned
    link: Link
    restored: Site
    assumptions: frozenset[Assumption]


@derives(BuiltDifferently)
def built_differently(facts: Facts) -> Iterator[BuiltDifferently]:
    """Every such load, once."""
    by_load: dict[int, list[Link]] = {}
    for link in facts.of(Link):
        by_load.setdefault(id(link.load), []).append(link)
    if not by_load:
        return
    tuned = TunedArguments(facts)
    for use in facts.of(LoadedUse):
        links = by_load.get(id(use.load), [])
        if not links or any(link.purpose == "warm-start" for link in links) or is_trial(facts, use.load.site):
            continue
        for restored, built in _restored(facts, use):
            found = _differing(facts, tuned, links, built)
            if found is not None:
                link, saved, name, values, where = found
                assumed = frozenset({Assumption.BRANCH_CORRELATION} if link.purpose == "unknown" else ())
                yield BuiltDifferently(
                    name, saved, built, values, where, link, restored.site, link.assumptions | assumed
                )


def _restored(facts: Facts, use: LoadedUse) -> Iterator[tuple[Restored, Construction]]:
    """The one model of the project's own that each restore is into."""
    for event in use.restored:
        refs = event.target.refs()
        held = use.run.object_at(refs[0].location) if len(refs) == 1 and not event.target.open else None
        built = construction(facts, refs[0].location, held) if held is not None else None
        if built is not None:
            yield event, built


def construction(facts: Facts, location: Location, held: Object | None) -> Construction | None:
    """How a model of the project's own was built, when the call is seen."""
    if held is None or held.model is None or not isinstance(location, Made):
        return None
    init = facts.analyzer.classes.method(held.model, "__init__")
    call = call_at(facts.program, location.site.path, location.site.at)
    if init is None or call is None or any(a.star for a in call.args):
        return None
    parameters = facts.program.function(init).parameters[1:]
    names = [p.name for p in parameters if p.kind in ("positional", "any")]
    positional = [a for a in call.args if a.keyword is None]
    given = {*names[: len(positional)], *(a.keyword for a in call.args if a.keyword)}
    known = {name: value.constant() for name, value in held.arguments}
    found: list[tuple[str, object]] = []
    for parameter in parameters:
        if parameter.kind in ("args", "kwargs"):
            continue
        literal: object = MISSING
        if parameter.name in given:
            constant = known.get(parameter.name)
            literal = constant.value if constant is not None else MISSING
        elif parameter.default is not None:
            literal = fold(parameter.default)
        found.append((parameter.name, literal))
    return Construction(location.site, held.model, tuple(found))


def _saved(facts: Facts, link: Link) -> list[Construction | None]:
    """The models whose state a save holds; None for one that is not seen being built."""
    save, run = link.save, link.save.run
    stored = save.event.stored
    values = [stored.value, *(stored.items.values() if stored.items is not None else [])]
    return [found for value in values for found in _behind(facts, run, value)]


def _behind(facts: Facts, run: Run, value: Value) -> Iterator[Construction | None]:
    for _ref, held in run.objects(value):
        owner = held.argument("of") if held is not None and held.role is Role.SNAPSHOT else None
        if owner is None:
            continue
        for model_ref, model in run.objects(owner):
            if (
                model is not None
                and model.model is None
                and model.role in (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER)
            ):
                continue
            yield construction(facts, model_ref.location, model)
        if owner.open:
            yield None


def _differing(
    facts: Facts, tuned: TunedArguments, links: list[Link], built: Construction
) -> tuple[Link, Construction, str, tuple[object, object], Tuned] | None:
    """The first save whose model differs; None when one of them may be of the same model."""
    found: tuple[Link, Construction, str, tuple[object, object], Tuned] | None = None
    for link in links:
        models = _saved(facts, link)
        if None in models:
            return None
        same = [m for m in models if m is not None and m.model == built.model]
        if not same:
            return None
        for saved in same:
            differs = _difference(tuned, saved, built)
            if differs is None:
                return None
            found = found or (link, saved, *differs)
    return found


def _difference(
    tuned: TunedArguments, saved: Construction, built: Construction
) -> tuple[str, tuple[object, object], Tuned] | None:
    """The first argument in which two models compute differently, and none in which their shapes may differ."""
    here, there = dict(built.literals), dict(saved.literals)
    found: tuple[str, tuple[object, object], Tuned] | None = None
    for name, value in there.items():
        other = here.get(name, MISSING)
        if MISSING in (value, other):
            continue
        if (value == other and type(value) is type(other)) or _are_equal(value, other):
            continue
        use = tuned.of(built.model, name)
        if use is False:
            return None
        if not isinstance(use, Tuned):
            continue
        if _may_be_meant(name, use, value) or _may_be_meant(name, use, other):
            return None
        if found is None:
            found = (name, (value, other), use)
    return found


FINAL = frozenset("sigmoid softmax softmax2d logsoftmax log_softmax linear identity none logits".split())
"""Activations that a model may be given for its outputs alone, when it is used."""


def _may_be_meant(name: str, use: Tuned, value: object) -> bool:
    """Whether a model may be built with a value on purpose where it is used: probabilities of logits, another size."""
    if value is None or (isinstance(value, str) and value.lower() in FINAL):
        return True
    if not use.is_layer and isinstance(value, bool):
        return True
    return not use.is_layer and isinstance(value, int) and bool(words_of(name) & {"scale", "scaling"})


def _are_equal(a: object, b: object) -> bool:
    return isinstance(a, int | float) and isinstance(b, int | float) and a == b
