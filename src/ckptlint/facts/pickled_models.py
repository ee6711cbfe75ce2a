"""Models that are saved whole: with their parameters goes only the name of their class, not its code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.entries import MODEL_WORDS
from ckptlint.facts.file_paths import file_name, path_pattern
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.path_sources import is_passing
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.refused_entries import value_at
from ckptlint.facts.runs import Run
from ckptlint.facts.slices import is_test_file
from ckptlint.flow.domain import CODE, Location, Made, Object, Ref, Site, Value, root_of, text_of
from ckptlint.flow.events import Forward, Loaded
from ckptlint.flow.written import words_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.text import Span

_STATE_WORDS = frozenset("state dict path file name weights config id type params parameters".split())
"""Words beside that of a model which say that it is none."""
_MEMORY_WORDS = frozenset("buffer buf bytesio bytes stream bio memory".split())
"""Words of a path which say that it is no file."""


@dataclass(frozen=True, slots=True)
class PickledModel:
    """A model among what a call saves."""

    at: Site
    """The expression's key, or the call where it is saved without one."""
    value: Span | None
    """The expression that is saved."""
    key: str | None
    """None when nothing else is saved."""
    call: Site
    is_known: bool
    """It is a model by what made it or by its use; else only its name says so."""
    load: Site | None
    """A load of the file, or of one that may be it, that accepts any object, as it must."""
    assumptions: frozenset[Assumption]


@derives(PickledModel)
def pickled_models(facts: Facts) -> Iterator[PickledModel]:
    """Every place once, by the way that says most."""
    catalog = facts.program.catalog
    loads: dict[int, list[Link]] | None = None
    found: dict[object, PickledModel] = {}
    for checkpoint in facts.of(Checkpoint):
        event = checkpoint.event
        api = catalog.api(event.api)
        if api is None or api.options.get("by_reference") is not True or _is_elsewhere(facts, checkpoint, api):
            continue
        for fact in _within(facts, checkpoint, api):
            if loads is None:
                loads = {}
                for link in facts.of(Link):
                    loads.setdefault(id(link.save.event), []).append(link)
            accepted = [link.load for link in loads.get(id(event), []) if _accepts_any(link.run, link.load)]
            accepted = accepted or _readers_of(facts, fact)
            known = found.get(fact.at.base)
            if known is None or (fact.is_known, accepted != []) > (known.is_known, known.load is not None):
                found[fact.at.base] = _with_load(fact, accepted)
    yield from found.values()


def _is_elsewhere(facts: Facts, checkpoint: Checkpoint, api: Api) -> bool:
    """Whether it is a test, or no file is written: what is measured or sent in memory outlives no class."""
    if is_test_file(facts.program.root, checkpoint.event.site.path):
        return True
    span = _argument(facts, checkpoint.event.site, api, "path")
    if span is not None and words_of(facts.text(span)) & _MEMORY_WORDS:
        return True
    return is_passing(facts, checkpoint.event)


def _within(facts: Facts, checkpoint: Checkpoint, api: Api) -> Iterator[PickledModel]:
    run, site = checkpoint.run, checkpoint.event.site
    whole = checkpoint.event.stored.value
    is_known = _is_model(facts, run, whole)
    if is_known is not None:
        value = _argument(facts, site, api, "value")
        yield PickledModel(site, value, None, site, is_known, None, _assumed(run, whole))
    elif checkpoint.schema is not None:
        for entry in checkpoint.schema.of_kind("whole-object", "model", "unknown"):
            if entry.at is not None and _is_model(facts, run, entry.value):
                value = value_at(facts, entry.at)
                yield PickledModel(entry.at, value, entry.key, site, True, None, _assumed(run, entry.value))


def _is_model(facts: Facts, run: Run, value: Value) -> bool | None:
    """True for a known model, False for what is called one, None for anything else."""
    refs = value.refs()
    if not refs or len(refs) != len(value.atoms) or CODE in value.origins:
        return None
    held = [run.object_at(ref.location) for ref in refs]
    known = [one for one in held if one is not None]
    if any(_carries_code(facts, one) for one in known):
        return None
    models = [one for one in known if facts.is_model(one)]
    # What is read from a file where else a model is made is such a model, too.
    if models and all(_is_loaded(run, ref) or run.object_at(ref.location) in models for ref in refs):
        return True
    if len(refs) == 1 and not _has_role(known):
        location = refs[0].location
        if any(_is_called(event, location) for event in run.events):
            return True
        return False if _sounds_like_model(location) and not value.open else None
    return None


def _is_loaded(run: Run, ref: Ref) -> bool:
    held = run.object_at(root_of(ref.location))
    return held is not None and held.role is Role.LOAD


def _has_role(known: list[Object]) -> bool:
    return any(one.role is not None or one.model is not None for one in known)


def _carries_code(facts: Facts, held: Object) -> bool:
    if held.api is not None and held.api.options.get("carries_code") is True:
        return True
    if held.model is None:
        return False
    bases = facts.analyzer.classes.hierarchy(held.model).apis
    return any(api.options.get("carries_code") is True for api in bases)


def _is_called(event: object, location: Location) -> bool:
    """Whether it is called as only models are: in a mode that was switched, with parameters that are trained."""
    if not isinstance(event, Forward) or "use" not in event.evidence:
        return False
    return any(ref.location == location for ref in event.operand.refs())


def _sounds_like_model(location: Location) -> bool:
    if isinstance(location, Made):
        return False
    words = words_of(text_of(location).rsplit(".", 1)[-1])
    return bool(words & set(MODEL_WORDS)) and not words & _STATE_WORDS


def _argument(facts: Facts, site: Site, api: Api, key: str) -> Span | None:
    """The expression that a call is given for the parameter that a key of its row names."""
    call = call_at(facts.program, site.path, site.at)
    if call is None or any(argument.star for argument in call.args):
        return None
    positional = [argument for argument in call.args if argument.keyword is None]
    bound = api.bind(positional, {a.keyword: a for a in call.args if a.keyword is not None})
    given = api.given(key, bound)
    return facts.span(site.path, given[0].value.at) if given else None


def _assumed(run: Run, value: Value) -> frozenset[Assumption]:
    held = [run.object_at(ref.location) for ref in value.refs()]
    return frozenset(Assumption(text) for one in held if one is not None for text in one.assumed)


def _readers_of(facts: Facts, fact: PickledModel) -> list[Loaded]:
    """Loads of a file that nothing names, which accept any object and take it from where this one lies."""
    if fact.key is None:
        return []
    return [
        use.load
        for use in facts.of(LoadedUse)
        if any(read.key == fact.key for read in use.reads)
        and file_name(path_pattern(use.load.path)) is None
        and _accepts_any(use.run, use.load)
    ]


def _accepts_any(run: Run, load: Loaded) -> bool:
    """Whether a load is told in so many words to accept any object."""
    refs = load.made.refs()
    held = run.object_at(refs[0].location) if len(refs) == 1 else None
    parameter = held.api.options.get("weights_only") if held is not None and held.api is not None else None
    given = held.argument(parameter) if held is not None and isinstance(parameter, str) else None
    literal = given.constant() if given is not None else None
    return literal is not None and literal.value is False


def _with_load(fact: PickledModel, loads: list[Loaded]) -> PickledModel:
    load = loads[0].site if loads else None
    return PickledModel(fact.at, fact.value, fact.key, fact.call, fact.is_known, load, fact.assumptions)
