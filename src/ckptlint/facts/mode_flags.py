"""Models that are told to behave as in training by an argument of the call, where they are evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ckptlint.diagnostic import Assumption
from ckptlint.facts.classes import name_of_class, records_of, texts
from ckptlint.facts.explanations import said_in
from ckptlint.facts.modes import evaluation_reason, trained_in
from ckptlint.facts.modules import Trait
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import (
    ALWAYS_RANDOM_WORDS,
    KEPT_ON_WORDS,
    purpose_of,
)
from ckptlint.flow.assemblies import INPUTS, LAYER
from ckptlint.flow.domain import ApiAtom, ClassKey, Const, FunctionKey, Items, Object, Ref, Site
from ckptlint.flow.events import Told, Update
from ckptlint.flow.frame import Context
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_in_order, words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Place, Record
from ckptlint.text import Span

EXPLAINING_WORDS = ALWAYS_RANDOM_WORDS | frozenset(
    (
        "purpose intentional intentionally deliberate deliberately statistics stats batchnorm normalization "
        "dropout noise training"
    ).split()
)
"""Words of a comment or docstring that speak of the mode: it was thought of."""
GENERATING_WORDS = frozenset("generator gen g gan netg style attack adversary".split())
"""Words of models that some papers run with dropout and batch statistics when they generate."""
PLAIN_WORDS = frozenset(
    (
        "test testing eval evaluate evaluation evaluating val valid validate validation accuracy score predict "
        "prediction predictions infer inference serve"
    ).split()
)
"""Words of functions that evaluate and do nothing else; what extracts or decodes may do so for training."""
OWN_WORDS = frozenset("test eval evaluate evaluation val valid validate validation predict infer inference".split())
"""First words of a model's own methods that evaluate it; others are steps of its forward."""


@dataclass(frozen=True, slots=True)
class TrainingFlag:
    """A model is evaluated and told to behave as in training."""

    event: Told
    reason: str
    """What shows that it is an evaluation, in words."""
    flag: str
    """The argument as written at `span`."""
    value: bool
    """What it is given there."""
    span: Span
    """The literal that decides."""
    site: Site
    """The call that it stands in."""
    sensitive: Trait
    is_customary: bool
    """A generator, or a function that samples, extracts or decodes: some do this on purpose."""
    assumptions: frozenset[Assumption]


@derives(TrainingFlag)
def training_flags(facts: Facts) -> Iterator[TrainingFlag]:
    """Every such call, once a place."""
    literals = _literals(facts)
    if not literals:
        return
    trained: set[tuple[str, Place]] = set()
    found: dict[Span, TrainingFlag] = {}
    met: set[tuple[str, Place]] = set()
    for run in facts.runs:
        for flag in _flags_of(facts, run, literals, trained, met):
            found.setdefault(flag.span, flag)
    for run in _partial_runs(facts, literals, met):
        for flag in _flags_of(facts, run, literals, trained, met):
            found.setdefault(flag.span, flag)
    yield from (flag for flag in found.values() if (flag.site.path, flag.site.at) not in trained)


# --------------------------------------------------------------------------------------------- finding literals

Literals = Mapping[tuple[str, Place], Function]
"""Calls with a literal flag that means training, with the function they stand in."""


def _literals(facts: Facts) -> Literals:
    flags = facts.program.catalog.mode_flags
    if not flags:
        return {}
    wanted = re.compile(rb"\b(?:" + b"|".join(rf"{n}\s*=\s*{v}".encode() for n, v in flags.items()) + rb")\b")
    tops = {top for framework in _told_frameworks(facts) for top in facts.program.catalog.packages_of(framework)}
    named = [top.encode() for top in sorted(tops)]
    paths = [path for path, data in texts(facts) if any(n in data for n in named) and wanted.search(data)]
    found: dict[tuple[str, Place], Function] = {}
    for record in records_of(facts, paths):
        for function in record.functions:
            for statement in statements_of(function.body):
                for top in operands_of(statement):
                    for operand in walk(top):
                        if isinstance(operand, model.CallSite) and _literal_in(operand, flags) is not None:
                            found[record.path, operand.at] = function
    return found


def _literal_in(call: model.CallSite, flags: Mapping[str, bool]) -> model.Argument | None:
    for argument in call.args:
        trains = flags.get(argument.keyword or "")
        if trains is not None and isinstance(argument.value, model.Literal) and argument.value.value is trains:
            return argument
    return None


def _partial_runs(facts: Facts, literals: Literals, met: set[tuple[str, Place]]) -> Iterator[Run]:
    """Functions with a literal that no run comes to, each from its own beginning."""
    seen: set[FunctionKey] = set()
    for (path, at), function in literals.items():
        key = FunctionKey(path, function.index)
        if (path, at) in met or key in seen or not function.index or function.is_lambda or function.outer:
            continue
        seen.add(key)
        owner = ClassKey(path, function.model) if function.model is not None else None
        summary = facts.analyzer.summary(Context(key, owner))
        if summary.is_known:
            yield Run(key, owner, summary, False)


# ---------------------------------------------------------------------------------------------- judging one call


def _flags_of(
    facts: Facts, run: Run, literals: Literals, trained: set[tuple[str, Place]], met: set[tuple[str, Place]]
) -> Iterator[TrainingFlag]:
    told = [event for event in run.events if isinstance(event, Told)]
    if not told:
        return
    updated = trained_in(run)
    for event in told:
        met.add(event.site.base)
        origin = _origin(facts, event)
        if origin is None or (origin.site.path, origin.site.at) not in literals:
            continue
        place = origin.site.path, origin.site.at
        met.add(place)
        if updated is None or event.site in updated or (event.is_own and _trains_within(run, event)):
            trained.add(place)
            continue
        found = _judged(facts, run, event, origin, literals[place])
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where the value of a flag is written."""

    site: Site
    argument: model.Argument
    depth: int
    """How many calls further out than the model's."""


def _origin(facts: Facts, event: Told) -> _Origin | None:
    """The call that gives the flag as a literal: that of the model, or one further out that hands it on."""
    name = event.flag
    callers = [call for call in event.site.chain if call[0]]
    for depth, (path, at) in enumerate([event.site.base, *reversed(callers)]):
        call = call_at(facts.program, path, at)
        argument = next((a for a in call.args if a.keyword == name), None) if call is not None else None
        if argument is None:
            return None
        if isinstance(argument.value, model.Literal):
            return _Origin(Site(path, at), argument, depth)
        if not isinstance(argument.value, model.Name):
            return None
        name = argument.value.id
    return None


def _trains_within(run: Run, event: Told) -> bool:
    return any(isinstance(e, Update) and event.within[-1] in e.within for e in run.events)


def _judged(facts: Facts, run: Run, event: Told, origin: _Origin, function: Function) -> TrainingFlag | None:
    if event.synthetic or not _means_training(facts, event):
        return None
    # What lies further in than the literal only does as it is told.
    within = event.within[: len(event.within) - origin.depth] or event.within
    seen = replace(event, within=within)
    evaluates = evaluation_reason(facts, run, seen)
    models = _models_of(facts, run, event, origin.site.path)
    if evaluates is None or models is None:
        return None
    held, assumed = models
    names = [facts.program.function(key).name for key in reversed(within)]
    name, told = next(((n, p) for n in names if (p := purpose_of(n, facts.evaluation_names))), ("", None))
    is_plain = told is None or bool(words_of(name) & (PLAIN_WORDS | facts.evaluation_names))
    if told == "training" or (event.is_own and not _is_own_evaluation(facts, within)):
        return None
    if _is_explained(facts, origin.site.path, function):
        return None
    sensitive = _sensitive(facts, run, event, held)
    if sensitive.holds is False:
        return None
    reason, taken = evaluates
    if held is not None and sensitive.holds is None:
        assumed |= {Assumption.CLASS_UNSEEN}
    argument = origin.argument
    assert isinstance(argument.value, model.Literal)
    words = words_of(event.written) | _class_words(facts, held)
    return TrainingFlag(
        event,
        reason,
        str(argument.keyword),
        bool(argument.value.value),
        facts.span(origin.site.path, argument.value.at),
        origin.site,
        sensitive,
        told == "sampling" or not is_plain or bool(words & (GENERATING_WORDS | KEPT_ON_WORDS)),
        taken | assumed,
    )


def _sensitive(facts: Facts, run: Run, event: Told, held: Object | None) -> Trait:
    """Whether the flag makes a difference for a model: by its class, its chain or its graph of layers."""
    if held is None:
        return Trait(None)
    layers = _chained(run, event.layers.items) if event.layers.items is not None else _graphed(run, held)
    if layers is None:
        return facts.modules.trait(held, "sensitive", run.object_at)
    traits = [facts.modules.trait(layer, "sensitive", run.object_at) for layer in layers]
    acting = next((trait for trait in traits if trait.holds), None)
    return acting or Trait(False if all(trait.holds is False for trait in traits) else None)


def _chained(run: Run, items: Items) -> list[Object | None] | None:
    """The layers of a chain; one that is not seen is None."""
    found: list[Object | None] = [None] if items.open or items.element is not None else []
    for value in items.values():
        atom = value.single
        found.append(run.object_at(atom.location) if isinstance(atom, Ref) else None)
    return found


def _graphed(run: Run, held: Object) -> list[Object | None] | None:
    """The layers of a model that is a graph of symbolic tensors; None when it is none."""
    if held.model is not None or held.api is None or "graph" not in held.api.options:
        return None
    work = [value for name, value in held.arguments if name.startswith("outputs")]
    found: list[Object | None] = [] if work else [None]
    seen: set[object] = set()
    while work:
        atom = work.pop().single
        tensor = run.object_at(atom.location) if isinstance(atom, Ref) else None
        if tensor is None or not isinstance(atom, Ref):
            found.append(None)
        elif atom.location not in seen:
            seen.add(atom.location)
            for name, value in tensor.arguments:
                if name.startswith(INPUTS):
                    work.append(value)
                elif name == LAYER:
                    layer = value.single
                    is_function = isinstance(layer, ApiAtom)
                    found += [] if is_function else [run.object_at(layer.location) if isinstance(layer, Ref) else None]
    return found


def _means_training(facts: Facts, event: Told) -> bool:
    atom = event.value.single
    return isinstance(atom, Const) and atom.value is facts.program.catalog.mode_flags.get(event.flag)


def _is_own_evaluation(facts: Facts, within: tuple[FunctionKey, ...]) -> bool:
    words = words_in_order(facts.program.function(within[-1]).name)
    return bool(words) and words[0] in OWN_WORDS


def _is_explained(facts: Facts, path: str, function: Function) -> bool:
    """Whether a comment or docstring of the function shows that the mode was thought of."""
    if not function.index:
        return False
    said = set(words_in_order(said_in(facts, path, function)))
    return bool(said & EXPLAINING_WORDS)


def _models_of(facts: Facts, run: Run, event: Told, path: str) -> tuple[Object | None, frozenset[Assumption]] | None:
    """The model that is called, and what is taken for granted; None when its framework takes no such argument."""
    seen = [held for _, held in run.objects(event.operand)]
    known = [held for held in seen if held is not None and (held.role is not None or held.model is not None)]
    if known and (len(seen) > 1 or event.operand.single is None):
        return None  # One of several.
    held = known[0] if known else None
    if held is None and event.is_own:
        held = Object(None, None, run.receiver_class) if run.receiver_class is not None else None
    if held is not None:
        if not facts.is_model(held):
            return None
        apis = [held.api] if held.api is not None else []
        if held.model is not None:
            bases = facts.analyzer.classes.hierarchy(held.model).apis
            apis += [api for api in bases if facts.is_model(Object(api.role, api))]
        frameworks = {api.options.get("framework") for api in apis}
        if not frameworks & _told_frameworks(facts):
            return None
        return held, frozenset(Assumption(a) for a in held.assumed)
    record = facts.program.record(event.site.path)
    framework = _framework_of(facts, record) if record is not None else None
    by_method = framework in facts.program.catalog.frameworks_of(Role.CALL)
    if framework is None or by_method != bool(event.method):
        return None
    return None, frozenset({Assumption.TYPE_BY_USE})


def _framework_of(facts: Facts, record: Record) -> str | None:
    """The framework of the models of a file that are not seen, by what the file imports; None when it is not told."""
    catalog = facts.program.catalog
    tops = {name.module.partition(".")[0] for name in record.imports.values()}
    found = {f for f in catalog.frameworks_of(Role.MODULE_BASE) if tops & catalog.packages_of(f)}
    return found.pop() if len(found) == 1 and found <= _told_frameworks(facts) else None


def _told_frameworks(facts: Facts) -> frozenset[str]:
    return facts.program.catalog.frameworks_of(Role.MODULE_BASE, "train_flags")


def _class_words(facts: Facts, held: Object | None) -> frozenset[str]:
    return words_of(name_of_class(facts, held.model)) if held is not None and held.model is not None else frozenset()
