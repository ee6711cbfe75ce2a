"""Models that are evaluated as they were built, though trained weights are saved, or read and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import path_pattern, words_of_path
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.modes import EvaluationForward
from ckptlint.facts.optimizers import held_in, overlap
from ckptlint.facts.places import bound_name, statement_at
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ApiAtom, ClassKey, FunctionKey, Location, Made, Object, Ran, Site, Value, root_of
from ckptlint.flow.events import Fitted, Forward, Loaded, Opened, Restored, Saved, Update
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.text import Span

WEIGHT_WORDS = frozenset(
    "weights weight state checkpoint ckpt model net network params snapshot pretrained best last pth".split()
)
"""Words of a path or a name that say that weights are read."""
LOADING_WORDS = frozenset(
    "load loads loading loaded restore restored pretrained weights checkpoint ckpt copy_ resume".split()
)
"""Words of what a model's class mentions that say it may take care of its weights itself."""
_PARTS = frozenset("applications hub imagenet backbone encoder decoder base".split())
TRIAL_WORDS = frozenset("benchmark bench profile profiling flops speed latency random untrained smoke".split())
"""Words of files and functions in which a model without training is meant."""


@dataclass(frozen=True, slots=True)
class NeverLoaded:
    """A model is evaluated as it was built."""

    at: Site
    """Where it is built."""
    evaluated: Site
    save: Checkpoint
    """A save of the trained one."""
    is_sure: bool
    """The same run trains and saves the one and evaluates the other."""


@dataclass(frozen=True, slots=True)
class UnusedWeights:
    """Weights are read and dropped, while a model runs without any."""

    at: Site
    name: str
    run_at: Site
    """Where the model runs."""
    statement: Span | None


# ---------------------------------------------------------------------------------------------- read and dropped


@derives(UnusedWeights)
def unused_weights(facts: Facts) -> Iterator[UnusedWeights]:
    """Every load whose result only gets a name."""
    linked = {id(link.load) for link in facts.of(Link) if link.save.whole.kind == "model" or link.save.models}
    seen: set[object] = set()
    for use in facts.of(LoadedUse):
        site = use.load.site
        if use.restored or use.reads or use.is_opened or use.load.into.value.atoms or site.base in seen:
            continue
        held = [one for _, one in use.run.objects(use.load.made)]
        if len(held) != 1 or held[0] is None or held[0].role is not Role.LOAD:
            continue
        name = _unread_name(facts, site)
        if name is None or not (id(use.load) in linked or _names_weights(use.load, name)):
            continue
        ran = _run_without_weights(facts, use)
        if ran is not None:
            seen.add(site.base)
            yield UnusedWeights(site, name, ran, facts.statement_span(site))


def _names_weights(load: Loaded, name: str) -> bool:
    return bool((words_of_path(path_pattern(load.path)) | words_of(name)) & WEIGHT_WORDS)


def _unread_name(facts: Facts, site: Site) -> str | None:
    """The name that a load's result gets, when nothing reads it."""
    statement = statement_at(facts.program, site.path, site.at)
    record = facts.program.record(site.path)
    if record is None or not isinstance(statement, model.Bind) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    if not isinstance(target, model.Name) or value is None or value.at != site.at or target.id.startswith("_"):
        return None
    around = facts.function_at(site.path, site.at)
    functions = record.functions if around is None else [around, *_nested(record.functions, around)]
    if around is None and any(
        name.attribute == target.id for other in facts.program.loaded() for name in other.imports.values()
    ):
        return None
    read = {
        part.id
        for function in functions
        for inner in statements_of(function.body)
        for top in operands_of(inner)
        for part in walk(top)
        if isinstance(part, model.Name) and part.at != target.at
    }
    dynamic = any({"locals", "globals", "exec", "eval", "vars"} & function.calls - {"eval"} for function in functions)
    is_global = around is not None and target.id in around.declared_global
    return None if target.id in read or dynamic or is_global else target.id


def _nested(functions: list[model.Function], around: model.Function) -> list[model.Function]:
    return [f for f in functions if around.at[0] <= f.at[0] <= around.end_row and f is not around]


def _run_without_weights(facts: Facts, use: LoadedUse) -> Site | None:
    """Where, after a load, the only models of a run go on without any weights restored."""
    run = use.run
    if any(isinstance(e, Restored) and _is_model(run, e.target) for e in run.events):
        return None
    if any(isinstance(e, Loaded) and e.into.value.atoms for e in run.events) or _is_handled(run):
        return None
    for event in run.after(use.load):
        if not isinstance(event, Forward) or event.synthetic:
            continue
        held = run.objects(event.operand)
        if held and all(
            one is not None and isinstance(ref.location, Made) and _is_fresh(facts, one, ref.location.site)
            for ref, one in held
        ):
            return event.site
    return None


# ------------------------------------------------------------------------------------------------- never loaded


@derives(NeverLoaded)
def never_loaded(facts: Facts) -> Iterator[NeverLoaded]:
    """Every model that is evaluated as it was built while a trained one of its kind is saved, once a place."""
    seen: set[object] = set()
    programs = programs_of(facts)
    evaluations: dict[int, list[tuple[Site, Value]]] = {}
    for found in facts.of(EvaluationForward):
        if not found.assumptions:
            evaluations.setdefault(id(found.run), []).append((found.event.site, found.event.operand))
    for run in facts.runs:
        given = evaluations.get(id(run), [])
        given += [(e.site, e.operand) for e in run.events if isinstance(e, Fitted) and e.kind != "fit"]
        for site, operand in given:
            refs = operand.refs()
            if len(refs) != 1 or len(operand.atoms) != 1 or not isinstance(refs[0].location, Made):
                continue
            made = refs[0].location
            held = run.object_at(made)
            if (
                held is None
                or not _is_fresh(facts, held, made.site)
                or made.site.base in seen
                or _is_trial(facts, run, site)
            ):
                continue
            if not run.is_entry or _is_given_weights(run, made) or _goes_elsewhere(facts, made.site):
                continue
            group = programs.get(run.key.path)
            saves = [s for s in facts.of(Checkpoint) if programs.get(s.run.key.path) == group]
            save = next((s for s in saves if _is_of_same_kind(run, made, held, s)), None)
            if save is None or (save.run is not run and run.trains):
                continue
            if save.run is run and not _comes_after(run, save.event, site, made):
                continue
            seen.add(made.site.base)
            yield NeverLoaded(_first_kept(facts, made.site), site, save, save.run is run)


def _is_fresh(facts: Facts, held: Object, made: Site) -> bool:
    """Whether a model begins with random weights, and its class does not look for others itself."""
    if held.role not in MODULE_ROLES or held.assumed:
        return False
    api = held.api
    if held.model is None:
        is_chain = api is not None and api.options.get("form") == "chain" and not _is_put_together_of_more(facts, made)
        return is_chain or (api is not None and api.role is Role.MODEL and api.options.get("mode") == "train")
    hierarchy = facts.analyzer.classes.hierarchy(held.model)
    if not hierarchy.is_complete or _mentions_loading(facts, hierarchy.order):
        return False
    words = frozenset(word for name, _ in held.arguments for word in words_of(name))
    return not words & LOADING_WORDS


def _is_put_together_of_more(facts: Facts, made: Site) -> bool:
    """Whether what builds a chain of layers may put parts into it that have weights already."""
    function = facts.function_at(made.path, made.at)
    record = facts.program.record(made.path)
    body = function if function is not None else record.module_body if record is not None else None
    return body is None or any(words_of(name) & (LOADING_WORDS | _PARTS) for name in body.mentions)


def _mentions_loading(facts: Facts, order: tuple[ClassKey, ...]) -> bool:
    for key in order:
        for number in facts.program.class_model(key).methods.values():
            function = facts.program.function(FunctionKey(key.path, number))
            if any(words_of(name) & LOADING_WORDS for name in function.mentions):
                return True
    return False


def _is_trial(facts: Facts, run: Run, site: Site) -> bool:
    words = words_of(run.key.path.rsplit("/", 1)[-1])
    for path, at in (*site.chain, site.base):
        function = facts.function_at(path, at) if path else None
        words |= words_of(function.name) if function is not None else frozenset()
    return bool(words & TRIAL_WORDS)


def _is_model(run: Run, target: Value) -> bool:
    return any(held is None or held.role is None or held.role in MODULE_ROLES for _, held in run.objects(target))


def _is_handled(run: Run) -> bool:
    """Whether something that is not seen may have put weights into a model."""
    return run.summary.truncated or any(unseen.kind == "project" for unseen in run.summary.unseen)


def _is_given_weights(run: Run, made: Location) -> bool:
    """Whether a model is trained, or gets weights, or may get them."""
    if _is_handled(run):
        return True
    trained = {o.site for e in run.events if isinstance(e, Update) for o in e.operand.origins if isinstance(o, Ran)}
    for event in run.events:
        if isinstance(event, Restored) and _holds(event.target, made):
            return True
        if isinstance(event, Loaded) and (_holds(event.into.value, made) or not event.into.value.atoms):
            return True
        if isinstance(event, Fitted) and event.kind == "fit" and _holds(event.operand, made):
            return True
        if isinstance(event, Forward) and event.site in trained and _holds(event.operand, made):
            return True
        if isinstance(event, Opened) and _holds(event.operand, made):
            return True
    return False


def _first_kept(facts: Facts, made: Site) -> Site:
    """Where a model is built, or where the function is called that builds it and gives it back."""
    for path, at in (made.base, *reversed(made.chain)):
        if not path:
            continue
        statement, function = statement_at(facts.program, path, at), facts.function_at(path, at)
        name = bound_name(facts.program, path, at)
        returned = [r for r in statements_of(function.body) if isinstance(r, model.Return)] if function else []
        is_given_back = any(r is statement or (r.value is not None and written(r.value) == name) for r in returned)
        if not is_given_back:
            return Site(path, at)
    return made


def _goes_elsewhere(facts: Facts, made: Site) -> bool:
    """Whether the function that builds a model also hands it to a library that is not known."""
    for path, at in (*made.chain, made.base):
        statement = statement_at(facts.program, path, at) if path else None
        name = bound_name(facts.program, path, at) if statement is not None else None
        function = facts.function_at(path, at) if path else None
        record = facts.program.record(path) if path else None
        if name is None or record is None:
            continue
        body = function.body if function is not None else record.module_body.body
        for call in (part for inner in statements_of(body) for top in operands_of(inner) for part in walk(top)):
            if isinstance(call, model.CallSite) and any(written(argument.value) == name for argument in call.args):
                atom = facts.program.resolve(path, call.func)
                if isinstance(atom, ApiAtom) and facts.program.catalog.api(atom.name) is None:
                    return True
    return False


def _holds(operand: Value, made: Location) -> bool:
    return any(overlap(ref.location, made) or root_of(ref.location) == made for ref in operand.refs())


def _is_of_same_kind(run: Run, made: Made, held: Object, save: Checkpoint) -> bool:
    states = held_in(save.run, save.event.holds).states | {r.location for r in save.event.stored.value.refs()}
    for location in states:
        other = save.run.object_at(location)
        if other is None or location == made:
            continue
        same_class = held.model is not None and other.model == held.model
        same_factory = isinstance(location, Made) and location.site.base == made.site.base
        if (same_class or same_factory) and other.role in MODULE_ROLES:
            return True
    return False


def _comes_after(run: Run, save: Saved, evaluated: Site, made: Made) -> bool:
    """Whether a model is built, and evaluated, after another was trained and saved, in one stretch of code."""
    where = save.site.chain[0] if save.site.chain else save.site.base
    built = made.site.chain[0] if made.site.chain else made.site.base
    return where[0] == built[0] and where[1] < built[1] and not save.loops
