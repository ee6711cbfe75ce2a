"""Names of files that a save call does not take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import Const, Object, Site, Text, Value
from ckptlint.flow.events import Built, Saved
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.syntax.prefilter import has_any


@dataclass(frozen=True, slots=True)
class RefusedName:
    """A save call is given a name whose end it refuses."""

    at: Site
    ending: str
    """The literal end of the name."""
    is_whole: bool
    """The literal is the whole name."""
    wanted: tuple[str, ...]
    weights: bool
    """Only weights are saved."""
    api: str
    assumptions: frozenset[Assumption]


@derives(RefusedName)
def refused_names(facts: Facts) -> Iterator[RefusedName]:
    """Every such call, unless the project uses what the version that refuses it no longer has."""
    catalog = facts.program.catalog
    seen: set[tuple[object, str]] = set()
    is_older: dict[str, bool] = {}
    for run in facts.runs:
        for event in run.events:
            if isinstance(event, Built) and event.role is Role.SAVE:
                held = next((held for _, held in run.objects(event.made) if held is not None), None)
                path = held.argument(str(held.api.options.get("path"))) if held is not None and held.api else None
            elif isinstance(event, Saved):
                held, path = None, event.path
            else:
                continue
            row = catalog.api(event.api)
            if row is None or path is None or (held is None and row.options.get("returns") == "writer"):
                continue
            weights = _only_weights(row, held)
            wanted = _endings(row, weights) if weights is not None else ()
            found = _refused(path, wanted)
            framework = str(row.options.get("framework", ""))
            if found is None or (event.site.base, found[0]) in seen:
                continue
            if framework not in is_older:
                is_older[framework] = _uses_retired(facts, framework)
            if not is_older[framework]:
                seen.add((event.site.base, found[0]))
                is_weights = bool(weights) or row.options.get("stores") == "weights"
                yield RefusedName(event.site, found[0], found[1], wanted, is_weights, row.name, found[2])


def _only_weights(row: Api, held: Object | None) -> bool | None:
    """Whether the flag that asks for the weights only is set; None when it is not known."""
    flag = row.options.get("weights_flag")
    if not isinstance(flag, str) or held is None:
        return False
    value = held.argument(flag)
    if value is None:
        return None if held.argument("**") is not None else False
    known = value.constant()
    return bool(known.value) if known is not None else None


def _endings(row: Api, weights: bool) -> tuple[str, ...]:
    wanted = row.options.get("weights_endings" if weights else "endings", ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted) if isinstance(wanted, list | tuple) else ()


def _refused(path: Value, wanted: tuple[str, ...]) -> tuple[str, bool, frozenset[Assumption]] | None:
    """The literal end of a name that has none of the endings; None when it has one, or may have."""
    ending, is_whole = _ending(path)
    if not ending or not wanted or any(ending.endswith(w) for w in wanted):
        return None
    if is_whole or not any(w.endswith(ending) for w in wanted):
        return ending, is_whole, frozenset()
    if "." not in ending:
        return None
    # What comes before it may hold the rest: `name` may be "best.weights".
    return ending, False, frozenset({Assumption.PATH_PATTERN})


def _ending(path: Value) -> tuple[str, bool]:
    """The literal text at the end of a path, and whether that is all of it."""
    atom = path.single
    if isinstance(atom, Const):
        return (atom.value, True) if isinstance(atom.value, str) else ("", False)
    if not isinstance(atom, Text):
        return "", False
    found = ""
    for piece in reversed(atom.pieces):
        if isinstance(piece, Value):
            inner, is_whole = _ending(piece)
            found = inner + found
            if not is_whole:
                return found, False
        elif isinstance(piece, tuple) and not piece[1]:
            found = str(piece[0]) + found
        else:
            return found, False
    return found, True


def _uses_retired(facts: Facts, framework: str) -> bool:
    """Whether a file of the project uses what the newest version of a framework no longer has."""
    literals = facts.program.catalog.retired(framework)
    return bool(literals) and any(has_any(facts.program.data(path), literals) for path in sorted(facts.program.files))
