"""States that a checkpoint holds of one kind of object, and that are restored into another kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.prefixes import saved_states
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import kind_of
from ckptlint.facts.swapped_keys import SwappedKeys
from ckptlint.facts.tried import is_tried
from ckptlint.flow.domain import Field, Ref, Site, Value
from ckptlint.flow.events import Restored
from ckptlint.knowledge.roles import Role

_KINDS = {Role.OPTIMIZER: "optimizer", Role.SCHEDULER: "scheduler", Role.SCALER: "scaler"}


@dataclass(frozen=True, slots=True)
class MistakenState:
    """A key is restored into an object of another kind than the one whose state is saved under it."""

    restored: Restored
    key: str
    saved: str
    """What the state under the key is of: "model", "optimizer", "scheduler", "scaler"."""
    wanted: str
    """What it is restored into, as one of these."""
    save: Site
    assumptions: frozenset[Assumption]


@derives(MistakenState)
def mistaken_states(facts: Facts) -> Iterator[MistakenState]:
    """Every such place once, where all saves that are known to be read there agree."""
    links: dict[int, list[Link]] = {}
    for link in facts.of(Link):
        links.setdefault(id(link.load), []).append(link)
    known = {fact.state.at.base for fact in facts.of(SwappedKeys)}
    for use in facts.of(LoadedUse):
        linked = links.get(id(use.load), [])
        if not linked or use.is_opened or use.load.outside:
            continue
        for restored in use.restored:
            found = [_mistaken(use.run, link, restored) for link in linked]
            first = found[0]
            if first is None or any(one is None or one.saved != first.saved for one in found):
                continue
            if restored.site.base not in known and not is_tried(facts.program, restored.site):
                known.add(restored.site.base)
                yield first


def _mistaken(run: Run, link: Link, restored: Restored) -> MistakenState | None:
    wanted, key, values = _kind(run, restored.target), _key(restored.value), saved_states(link, restored.value)
    if wanted is None or key is None or values is None or len(values) != 1:
        return None
    saved, owners = kind_of(link.save.run, values[0])
    if saved == wanted or saved not in ("model", *_KINDS.values()) or len(owners) != 1:
        return None
    return MistakenState(restored, key, saved, wanted, link.save.event.site, link.assumptions)


def _kind(run: Run, target: Value) -> str | None:
    """The kind of what a state is restored into, when it can be nothing else."""
    held = [one for _, one in run.objects(target)]
    if target.open or len(held) != 1 or len(target.atoms) != 1 or held[0] is None:
        return None
    return _KINDS.get(held[0].role) if held[0].role is not None else None


def _key(value: Value) -> str | None:
    atom = value.single
    if not isinstance(atom, Ref) or not isinstance(atom.location, Field) or not atom.location.name.startswith('["'):
        return None
    return atom.location.name[2:-2]
