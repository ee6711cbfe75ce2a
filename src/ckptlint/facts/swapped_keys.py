"""States saved or restored under another object's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.links import Link, LinkedRead
from ckptlint.facts.optimizers import held_in
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.state_names import Label, Named, Siblings, label_of, read_keys
from ckptlint.flow.domain import FunctionKey, Site, root_of
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.semantics import model

COPY_WORDS = frozenset(
    (
        "ema target teacher student momentum shadow average averaged avg swa old ref reference copy k q key query slow "
        "fast online prev previous init initial pretrained frozen best"
    ).split()
)
"""Words of names of models that get another one's weights on purpose."""
_OBJECT_METHODS = frozenset("parameters step zero_grad train eval state_dict load_state_dict".split())


@dataclass(frozen=True, slots=True)
class SwappedKeys:
    """A state is saved under the name of another object, or restored from it, where all beside it fit theirs."""

    siblings: Siblings
    state: Named
    other: Named | None
    """The one that is under this object's name (a swap), or that has its place; None when nothing is."""
    owner: str
    """What the object that the key belongs to is called."""
    is_mutual: bool
    """The other one is under this one's name: they are swapped."""
    is_clear: bool
    """No name says that one is a copy of the other, a second state shows which is which, and both ends are seen."""


@derives(SwappedKeys)
def swapped_keys(facts: Facts) -> Iterator[SwappedKeys]:
    """Every swap, once a place."""
    seen: set[object] = set()
    for group in facts.of(Siblings):
        found = _swap_in(facts, group)
        if found is not None and found.state.at.base not in seen:
            seen.add(found.state.at.base)
            yield found


def explains(facts: Facts, fact: LinkedRead) -> bool:
    """Whether a key is missing because its object's state is saved under another name."""
    if not isinstance(fact.read.key, str):
        return False
    saves = {save.event.site.base for save in fact.saves}
    wanted = label_of(fact.read.key)
    return any(
        swap.siblings.checkpoint is not None
        and swap.siblings.checkpoint.event.site.base in saves
        and wanted in swap.state.labels
        for swap in facts.of(SwappedKeys)
    )


def lacks_by_swap(facts: Facts, checkpoint: Checkpoint, made: Site) -> bool:
    """Whether what is made at a place is missing in a saved dict because another object's state has its key."""
    label = label_of(facts.name_given(made) or "")
    return any(
        swap.siblings.checkpoint is not None
        and swap.siblings.checkpoint.event.site.base == checkpoint.event.site.base
        and swap.state.label == label
        for swap in facts.of(SwappedKeys)
    )


def unread_by_swap(facts: Facts, run: Run, key: str) -> bool:
    """Whether a run leaves a key unread because the object that it belongs to gets another one's state."""
    label = label_of(key)
    return any(
        not swap.siblings.is_save and swap.siblings.run is run and label in swap.state.labels
        for swap in facts.of(SwappedKeys)
    )


def _swap_in(facts: Facts, group: Siblings) -> SwappedKeys | None:
    right = {state.owner for state in group.states if state.agrees}
    odd = list({state.at.base: state for state in group.states if not state.agrees}.values())
    if len(odd) == 2:
        first, second = sorted(odd, key=lambda state: state.at.at)
        if first.owner in right or second.owner in right or first.owner == second.owner:
            return None
        if first.label not in second.labels or second.label not in first.labels:
            return None
        if _is_undone(facts, group, first):
            return None
        return SwappedKeys(group, first, second, second.names[0], True, not _is_copy(first))
    if len(odd) != 1 or _is_copy(odd[0]) or not odd[0].label:
        return None
    state = odd[0]
    if any(s.label == state.label for s in group.states if s is not state and s.agrees) and group.is_save:
        return None
    if _is_undone(facts, group, state):
        return None
    return _doubled_save(facts, group, state) if group.is_save else _doubled_load(facts, group, state)


def _is_copy(state: Named) -> bool:
    return bool(COPY_WORDS & {word for name in (state.key, *state.names) for word in words_of(name)})


def _doubled_save(facts: Facts, group: Siblings, state: Named) -> SwappedKeys | None:
    """An object's state under its own key and under another's, whose object is saved nowhere."""
    other = next((s for s in group.states if s is not state and s.is_exact and s.labels & state.labels), None)
    own = [c for c in facts.of(Checkpoint) if c.run is group.run]
    if any(held_in(c.run, c.event.holds).is_open for c in own):
        return None
    saved = {
        label for g in facts.of(Siblings) if g.is_save and g.run is group.run for s in g.states for label in s.labels
    }
    if state.label in saved:
        return None
    name = _name_in_scope(facts, group, state.label)
    if name is None or (other is None and len(group.states) < 2):
        return None
    return SwappedKeys(group, state, other, name, False, other is not None)


def _doubled_load(facts: Facts, group: Siblings, state: Named) -> SwappedKeys | None:
    """An object gets what another one gets too, while its own is in the file and never read."""
    other = next((s for s in group.states if s.key == state.key and s.is_exact), None)
    if other is None or other.owner == state.owner or group.load is None:
        return None
    if any(s.agrees and s.labels & state.labels for s in group.states):
        return None
    read = {label_of(key) for key in read_keys(group.run, group.load)}
    for link in _links(facts, group):
        for key in link.save.schema.keys if link.save.schema is not None else ():
            if label_of(key) in state.labels - read:
                return SwappedKeys(group, state, other, key, False, not link.assumptions)
    return None


def _links(facts: Facts, group: Siblings) -> list[Link]:
    if group.load is None:
        return []
    root = root_of(group.load)
    links = (link for link in facts.of(Link) if link.run is group.run)
    return [link for link in links if root in {ref.location for ref in link.load.made.refs()}]


def _is_undone(facts: Facts, group: Siblings, state: Named) -> bool:
    """Whether the other end swaps the same names, so that each object gets its own state."""
    if group.is_save:
        return any(
            other.key == state.key and other.labels & state.labels
            for loaded in facts.of(Siblings)
            if not loaded.is_save and _is_same_kind(group, loaded)
            for other in loaded.states
        )
    return any(
        other.key == state.key and other.labels & state.labels
        for saved in facts.of(Siblings)
        if saved.is_save and _is_same_kind(group, saved)
        for other in saved.states
    )


def _is_same_kind(a: Siblings, b: Siblings) -> bool:
    """Whether both are dicts, or both files of one state each."""
    return (a.checkpoint is None and a.load is None) == (b.checkpoint is None and b.load is None)


def _name_in_scope(facts: Facts, group: Siblings, label: Label) -> str | None:
    """The name of an object that the function, or its class, uses as a model or the like and that says this."""
    record = facts.program.record(group.within.path)
    if record is None:
        return None
    own = record.functions[group.within.number]
    keys = [FunctionKey(f_path, number) for f_path, number in (group.within, group.run.key, (record.path, 0))]
    if own.model is not None:
        keys.extend(FunctionKey(record.path, f.index) for f in record.functions if f.model == own.model)
    for key in dict.fromkeys(keys):
        function = facts.program.function(key)
        if not any(label_of(mention) <= label for mention in function.mentions if label_of(mention)):
            continue
        for statement in statements_of(function.body):
            for part in (part for top in operands_of(statement) for part in walk(top)):
                func = part.func if isinstance(part, model.CallSite) else None
                if isinstance(func, model.Attribute) and func.name in _OBJECT_METHODS:
                    name = written(func.value)
                    if label_of(name.rsplit(".", 1)[-1]) == label:
                        return name
    return None
