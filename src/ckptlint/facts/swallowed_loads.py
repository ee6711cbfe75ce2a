"""Loads whose failure is caught and passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.evaluations import calls_to
from ckptlint.facts.links import LoadedUse
from ckptlint.facts.partial_loads import TELLING
from ckptlint.facts.places import holds
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.tried import try_around
from ckptlint.facts.uses_after import Purpose, locations_of, purpose_after
from ckptlint.flow.domain import Location, Made, Site, root_of
from ckptlint.flow.events import Restored
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import name_of_call, words_of, written
from ckptlint.semantics import model

MISSING_FILE = frozenset("filenotfounderror oserror ioerror environmenterror isadirectoryerror permissionerror".split())
"""Exceptions that say that a file is not there."""
OTHER = frozenset("keyboardinterrupt systemexit importerror modulenotfounderror attributeerror stopiteration".split())
"""Exceptions that say nothing of a load."""


Around = tuple[str, model.Try]
"""A `try` and the file it stands in."""


@dataclass(frozen=True, slots=True)
class SwallowedLoad:
    """A model goes on with the weights it was made with when its own could not be loaded."""

    at: Site
    """The load, or the call on the way to it, in the function that catches."""
    handler: Site
    purpose: Purpose
    is_missing_file: bool
    """Only a file that is not there is passed over."""
    is_silent: bool
    """Nothing is said."""


@derives(SwallowedLoad)
def swallowed_loads(facts: Facts) -> Iterator[SwallowedLoad]:
    """Every load of a model's weights in such a `try`, once a place: the worst of its uses."""
    found: dict[object, SwallowedLoad] = {}
    for use in facts.of(LoadedUse):
        for restored in use.restored:
            held = [one for _, one in use.run.objects(restored.target)]
            if not held or not all(one is not None and facts.is_model(one) for one in held):
                continue
            one = _swallowed(facts, use, restored)
            known = found.get(one.at.base) if one is not None else None
            if one is not None and (known is None or one.purpose > known.purpose):
                found[one.at.base] = one
    yield from found.values()


def _swallowed(facts: Facts, use: LoadedUse, restored: Restored) -> SwallowedLoad | None:
    for path, at in reversed((*calls_to(restored.site), restored.site.base)):
        around = try_around(facts.program, path, at)
        if around is not None:
            return _passed_over(use, restored, Site(path, at), (path, around))
    return None


def _passed_over(use: LoadedUse, restored: Restored, at: Site, around: Around) -> SwallowedLoad | None:
    path, statement = around
    if any(is_in_body(root_of(ref.location), around) for ref in restored.target.refs()):
        return None  # Without its weights there is no model either.
    handlers = [handler for handler in statement.handlers if _catches(handler)]
    if not handlers or not all(_passes_over(handler) for handler in handlers):
        return None
    if statement.final or any(
        _leaves_loop(s) for s in (*statements_of(statement.body), *statements_of(statement.orelse))
    ):
        return None  # The first of several that works is taken.
    models = locations_of(restored.target)
    if _is_loaded_otherwise(use, restored, models):
        return None
    purpose = purpose_after(
        use.run, restored, {*use.places}, models, use, lambda event: not _lies_in(event.site, around)
    )
    return SwallowedLoad(
        at,
        Site(path, handlers[0].at),
        purpose,
        all(_names(handler) and _names(handler) <= MISSING_FILE for handler in handlers),
        all(_says_nothing(handler) for handler in handlers),
    )


def is_in_body(location: Location, around: Around) -> bool:
    """Whether an object is made in the body of a `try`, or in what that calls."""
    return isinstance(location, Made) and _lies_in(location.site, around)


def _lies_in(site: Site, around: Around) -> bool:
    path, statement = around
    bodies = [*statements_of(statement.body), *statements_of(statement.orelse)]
    return any(step == path and any(holds(s.at, at) for s in bodies) for step, at in (*calls_to(site), site.base))


def _names(handler: model.Handler) -> set[str]:
    """The exceptions that a handler names, in lower case."""
    if handler.type is None:
        return set()
    parts = handler.type.items if isinstance(handler.type, model.Sequence) else [handler.type]
    return {written(part).rpartition(".")[2].lower() for part in parts}


def _catches(handler: model.Handler) -> bool:
    names = _names(handler)
    return not names or not names <= OTHER


def _passes_over(handler: model.Handler) -> bool:
    """Whether a handler does nothing, or only says something."""
    return all(_only_says(statement) for statement in handler.body)


def _only_says(statement: model.Statement) -> bool:
    if isinstance(statement, model.Jump):
        return statement.kind == "pass"
    if not isinstance(statement, model.Evaluate):
        return False
    value = statement.value
    if isinstance(value, model.Literal):
        return True
    return isinstance(value, model.CallSite) and (
        name_of_call(value) in TELLING or bool(words_of(written(value.func)) & {"traceback", "logger", "logging"})
    )


def _says_nothing(handler: model.Handler) -> bool:
    return all(
        isinstance(s, model.Jump) or (isinstance(s, model.Evaluate) and isinstance(s.value, model.Literal))
        for s in handler.body
    )


def _leaves_loop(statement: model.Statement) -> bool:
    return isinstance(statement, model.Return) or (isinstance(statement, model.Jump) and statement.kind != "pass")


def _is_loaded_otherwise(use: LoadedUse, restored: Restored, models: set[Location]) -> bool:
    """Whether the models get weights at another place too."""
    return any(
        isinstance(event, Restored) and event.site.base != restored.site.base and models & {*locations_of(event.target)}
        for event in use.run.events
    )
