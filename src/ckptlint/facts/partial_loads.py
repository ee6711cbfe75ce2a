"""Loads that let keys be missing, and whether anybody looks at which were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import ADAPTER_WORDS
from ckptlint.facts.file_paths import is_outside, path_pattern
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.prefixes import WrappedState, prefix_at, saved_states, snapshot_in
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.uses_after import Purpose, locations_of, purpose_after
from ckptlint.facts.written_calls import texts_of
from ckptlint.flow.domain import Field, Location, Made, Ref, Site, Value, root_of
from ckptlint.flow.events import Loaded, Restored
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import name_of_call, operands_of, walk, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

CHECKING = re.compile(
    r"missing|unexpected|not[ _]?(?:found|loaded|match)|mismatch|skip|incompatible|ignor", re.IGNORECASE
)
"""Text of code that tells what a load left out."""
OWN_FILE = re.compile(r"__file__|getfile|dirname|lpips|inception")
"""Text of a path to a file that comes with the code."""
REDUCING = re.compile(r"aux|eval|infer|deploy|export|\btest|\bmode\b|phase", re.IGNORECASE)
"""Text of an argument that leaves out what only training needs."""
TELLING = frozenset("print warn warning info debug error log exception write".split())
"""Functions that tell somebody something."""


@dataclass(frozen=True, slots=True)
class PartialLoad:
    """Weights are loaded with keys allowed to be missing, and the result is not looked at."""

    at: Site
    flag: str
    """The argument that allows it, as written."""
    load: Loaded | None
    run: Run
    purpose: Purpose
    mismatch: WrappedState | None
    """The prefixes for which no key matches."""
    is_meant: bool
    """A part is meant to be missing, or nothing can be."""


@derives(PartialLoad)
def partial_loads(facts: Facts) -> Iterator[PartialLoad]:
    """Every such load, once a place: the worst of its uses."""
    found: dict[object, PartialLoad] = {}
    for one in (*_of_state_dicts(facts), *_in_place(facts)):
        known = found.get(one.at.base)
        if known is None or _rank(one) > _rank(known):
            found[one.at.base] = one
    yield from found.values()


def _rank(one: PartialLoad) -> tuple[bool, bool, int]:
    return one.mismatch is not None, not one.is_meant, one.purpose


# -------------------------------------------------------------------------------------------- load_state_dict


def _of_state_dicts(facts: Facts) -> Iterator[PartialLoad]:
    mismatches = {id(one.restored): one for one in facts.of(WrappedState)}
    for use in facts.of(LoadedUse):
        for restored in use.restored:
            call = lenient_call(facts, restored.site)
            if call is None or not _is_of_model(use.run, restored.target):
                continue
            if not is_unused(facts, restored.site) or is_told(facts, restored.site):
                continue
            yield PartialLoad(
                restored.site,
                "strict=False",
                use.load,
                use.run,
                purpose_after(use.run, restored, {*use.places}, locations_of(restored.target), use),
                mismatches.get(id(restored)),
                _is_meant(facts, use, restored, call),
            )


def lenient_call(facts: Facts, site: Site) -> model.CallSite | None:
    """The call at a site when it says `strict=False`."""
    call = call_at(facts.program, *site.base)
    if call is None or not isinstance(call.func, model.Attribute):
        return None
    given = [a.value for a in call.args if a.keyword == "strict"] or [
        a.value for a in call.args if a.keyword is None and not a.star
    ][1:2]
    literal = given[0] if given else None
    return call if isinstance(literal, model.Literal) and literal.value is False else None


def is_unused(facts: Facts, site: Site) -> bool:
    """Whether nothing looks at what a call gives."""
    statement = statement_at(facts.program, *site.base)
    if isinstance(statement, model.Evaluate):
        return statement.value.at == site.at
    if not isinstance(statement, model.Bind) or statement.value is None or statement.value.at != site.at:
        return False
    names = {part.id for target in statement.targets for part in walk(target) if isinstance(part, model.Name)}
    if any(isinstance(part, model.Attribute | model.Index) for target in statement.targets for part in walk(target)):
        return False
    function = facts.function_at(*site.base)
    record = facts.program.record(site.path)
    if record is None or (function is None and any("_" not in name for name in names)):
        body = record.module_body.body if record is not None else []
    else:
        body = function.body if function is not None else record.module_body.body
    return not any(
        isinstance(part, model.Name) and part.id in names
        for other in statements_of(body)
        if other is not statement
        for operand in operands_of(other)
        for part in walk(operand)
    )


def is_told(facts: Facts, site: Site) -> bool:
    """Whether the function around a place tells which keys were not loaded, or asserts or raises on it."""
    function = facts.function_at(*site.base)
    record = facts.program.record(site.path)
    body = function.body if function is not None else record.module_body.body if record is not None else []
    for statement in statements_of(body):
        is_strict = isinstance(statement, model.Assert | model.Raise)
        for operand in operands_of(statement):
            if is_strict and _speaks_of_keys(operand):
                return True
            for part in walk(operand):
                if isinstance(part, model.CallSite) and name_of_call(part) in TELLING and _speaks_of_keys(part):
                    return True
    return False


def _speaks_of_keys(operand: model.Operand) -> bool:
    return any(
        CHECKING.search(part.id if isinstance(part, model.Name) else str(part.value))
        for part in walk(operand)
        if isinstance(part, model.Name) or (isinstance(part, model.Literal) and isinstance(part.value, str))
    )


def _is_of_model(run: Run, target: Value) -> bool:
    held = [one for _, one in run.objects(target)]
    return bool(held) and not any(
        one is not None and one.role in (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER) for one in held
    )


def _is_meant(facts: Facts, use: LoadedUse, restored: Restored, call: model.CallSite) -> bool:
    """Whether what is loaded is only a part on purpose, or all there is."""
    words = " ".join((written(call), *(path_pattern(use.load.path) or ()))).lower()
    if use.load.outside or is_outside(use.load) or any(word in words for word in ADAPTER_WORDS):
        return True
    if OWN_FILE.search(words) or any(_is_reduced(facts, ref.location) for ref in restored.target.refs()):
        return True
    if any(
        isinstance(ref.location, Field) and isinstance(root_of(ref.location), Made) for ref in restored.target.refs()
    ):
        return True  # A part of a model gets what belongs to it out of the whole.
    if not any(isinstance(atom, Ref) and root_of(atom.location) in use.places for atom in restored.value.atoms):
        return True  # Made anew from what was loaded: keys were picked or renamed.
    linked = [link for link in facts.of(Link) if link.load is use.load]
    return bool(linked) and all(not _may_miss(facts, link, use, restored) for link in linked)


def _is_reduced(facts: Facts, location: Location) -> bool:
    """Whether a model is made without the parts that only training needs."""
    call = call_at(facts.program, *location.site.base) if isinstance(location, Made) else None
    return call is not None and any(REDUCING.search(f"{a.keyword} {written(a.value)}") for a in call.args)


def _may_miss(facts: Facts, link: Link, use: LoadedUse, restored: Restored) -> bool:
    """Whether a save may hold less than the whole state of the model that it is loaded into."""
    values = saved_states(link, restored.value)
    found = snapshot_in(link.save.run, values[0]) if values is not None and len(values) == 1 else None
    if found is None:
        return False  # A state that was filtered, or that is not seen: what it lacks is known where it is saved.
    site, owner = found
    saved = prefix_at(facts, link.save.run, owner, site)
    loaded = prefix_at(facts, use.run, restored.target, restored.site)
    return saved is None or loaded is None or not saved.texts & loaded.texts


# ---------------------------------------------------------------------------------------------------- in place


def _in_place(facts: Facts) -> Iterator[PartialLoad]:
    """Loads of libraries that overwrite a model's weights, told by an argument that a part is enough."""
    catalog = facts.program.catalog
    for run in facts.runs:
        for load in run.events:
            if not isinstance(load, Loaded):
                continue
            row = catalog.api(load.api)
            flag = _given_true(facts, load.site, texts_of(row.options.get("partial")) if row is not None else ())
            if flag is None:
                continue
            models = locations_of(load.into.value)
            purpose = purpose_after(run, load, {r.location for r in load.made.refs()}, models, None)
            # What goes by name is a part on purpose more often than not, and there is no result to look at.
            is_meant = load.outside or is_outside(load) or flag == "by_name"
            yield PartialLoad(load.site, f"{flag}=True", load, run, purpose, None, is_meant)


def _given_true(facts: Facts, site: Site, names: tuple[str, ...]) -> str | None:
    call = call_at(facts.program, *site.base)
    for argument in call.args if call is not None else ():
        literal = argument.value
        if argument.keyword in names and isinstance(literal, model.Literal) and literal.value is True:
            return argument.keyword
    return None
