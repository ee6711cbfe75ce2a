"""Loads that accept any object, of files that come from outside the program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.file_paths import is_outside
from ckptlint.facts.links import Link
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.slices import is_test_file
from ckptlint.flow.domain import Const, Field, Location, Made, Object, Site, Text, Value
from ckptlint.flow.events import Loaded, Saved
from ckptlint.knowledge.roles import Role


@dataclass(frozen=True, slots=True)
class UnsafeLoad:
    """A load that runs what the file says, of a file that somebody else may have made."""

    at: Site
    api: str
    reason: str
    """Why the file comes from outside, in words."""
    has_safe_form: bool
    """The call can be told to accept plain data only."""
    assumptions: frozenset[Assumption]


@derives(UnsafeLoad)
def unsafe_loads(facts: Facts) -> Iterator[UnsafeLoad]:
    """Every such load once."""
    found: dict[object, UnsafeLoad] = {}
    own = {id(link.load) for link in facts.of(Link)}
    programs = programs_of(facts)
    writing = {programs.get(r.key.path) for r in facts.runs if any(isinstance(e, Saved) for e in r.events)}
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Loaded) or event.outside or id(event) in own:
                continue
            accepts = accepts_any(run, event)
            if accepts is None or is_test_file(facts.program.root, event.site.path):
                continue
            outside = _origin(run, event)
            if outside is None:
                continue
            reason, assumptions = outside
            if programs.get(run.key.path) in writing:
                # What the same program writes may be what it is given to read.
                assumptions |= {Assumption.PATH_PATTERN, Assumption.CALLER_UNSEEN}
            fact = UnsafeLoad(event.site, event.api, reason, accepts, assumptions)
            known = found.get(event.site.base)
            if known is None or len(fact.assumptions) < len(known.assumptions):
                found[event.site.base] = fact
    yield from found.values()


def accepts_any(run: Run, load: Loaded) -> bool | None:
    """Whether a load makes any object that a file names: True where the call could refuse, False where it cannot.

    None when it accepts plain data only, or that is not known.
    """
    refs = load.made.refs()
    held = run.object_at(refs[0].location) if len(refs) == 1 else None
    if held is None or held.api is None or held.api.role is not Role.LOAD:
        return None
    if held.api.options.get("format") != "pickle" or "**" in dict(held.arguments):
        return None
    parameter = held.api.options.get("weights_only")
    if not isinstance(parameter, str):
        return False
    return True if _flag(held, parameter) is False else None


def _flag(held: Object, parameter: str) -> object:
    """What a parameter is, given or by default in the version in use; None when it is not known."""
    assert held.api is not None
    default = held.api.arguments({}).get(parameter)
    given = held.argument(parameter)
    if given is None:
        return default
    literal = given.constant()
    if literal is None:
        return None
    return default if literal.value is None else literal.value


def _origin(run: Run, load: Loaded) -> tuple[str, frozenset[Assumption]] | None:
    """Why a file is not the program's own, and what that rests on; None when it may well be."""
    if is_outside(load):
        return "its path says that somebody else made the file", frozenset({Assumption.PATH_PATTERN})
    for location in _behind(load.path):
        base = location
        while isinstance(base, Field):
            base = base.base
        held = run.object_at(base) if isinstance(base, Made) else None
        if held is None or held.api is None:
            continue
        if held.api.role is Role.OUTSIDE_LOAD:
            return f"`{held.api.name}` gets the file from outside", frozenset()
        if held.api.options.get("given") is True:
            return "the command line says which file it is", frozenset({Assumption.CALLER_UNSEEN})
    return None


def _behind(path: Value) -> Iterator[Location]:
    """What a path was made of."""
    yield from (ref.location for ref in path.refs())
    yield from (origin for origin in path.origins if isinstance(origin, Made | Field))
    for atom in path.atoms:
        if isinstance(atom, Text) and not isinstance(atom, Const):
            for piece in atom.pieces:
                if isinstance(piece, Value):
                    yield from _behind(piece)
