"""Values that share memory with a model's weights: what took them, and what has changed the weights since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import (
    Const,
    Field,
    Items,
    Location,
    Made,
    Object,
    Ref,
    Site,
    Value,
    is_below,
    of_atom,
    root_of,
)
from ckptlint.flow.events import Reused, Stored
from ckptlint.flow.state import Gate, State
from ckptlint.flow.written import words_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls
    from ckptlint.flow.frame import Frame
    from ckptlint.flow.interpret import Interpreter
    from ckptlint.flow.operands import Operands
    from ckptlint.flow.summaries import Application

MAX_CHANGES = 24
"""Places that change weights of which a state remembers that it passed them."""
MAX_ALTERNATIVES = 4
"""Models of which a name may hold one or another."""
FORMER = ("", (0, 0, 0, 0))
"""Marks the object that a place made in an earlier round of the loop around it."""
BEST_WORDS = frozenset({"best", "bests"})
"""Words of a name that say that a model bound to it is to stay what it was."""
NAMED = "model"
"""How a whole model that only got another name is taken."""
_OWN_TENSOR = "data"
"""The attribute of a parameter that is the same memory."""


class Share(NamedTuple):
    """An object that changes with a model's weights."""

    taken: Site
    """The call that gave it, or the assignment that gave the model another name."""
    of: Value
    """The model."""
    kind: str
    """"state_dict", "parameters", "named_parameters", "model"."""
    since: frozenset[Site] = frozenset()
    """What may have changed the weights since: backward passes, fits, restored states."""
    loops: tuple[str, ...] = ()
    """The loops around where it was taken, as written."""
    gates: frozenset[Gate] = frozenset()
    """The tests it was taken under."""
    is_moved: bool = False
    """It is a copy after all when the model is on another device."""

    def joined(self, other: Share) -> Share:
        """Either of two."""
        if self == other:
            return self
        return self._replace(since=more(self.since, other.since), is_moved=self.is_moved or other.is_moved)

    def changed(self, sites: frozenset[Site]) -> Share:
        """The same after the weights may have changed."""
        return self if sites <= self.since else self._replace(since=more(self.since, sites))


def more(known: frozenset[Site], sites: frozenset[Site]) -> frozenset[Site]:
    """Sites with others; of too many none more are remembered."""
    return known if sites <= known or len(known) >= MAX_CHANGES else known | sites


# ------------------------------------------------------------------------------------------------------ taking


def weights_changed(c: Frame, site: Site) -> None:
    """A backward pass, a fit, or a state that is put in: some model's weights are others from here on."""
    sites = frozenset({site})
    _mark(c.state, sites)


def _mark(state: State, sites: frozenset[Site]) -> None:
    if not sites:
        return
    state.passed = more(state.passed, sites)
    for location, share in list(state.shares.items()):
        new = share.changed(sites)
        if new is not share:
            state.shares[location] = new


def snapshot_taken(c: Calls, api: Api, ref: Ref, of: Value) -> None:
    """`model.state_dict()` and its like."""
    if not api.options.get("shares"):
        return
    kind = str(api.options.get("kind", ""))
    assert isinstance(ref.location, Made)
    if _is_one_model(c, of):
        c.state.shares[ref.location] = Share(ref.location.site, of, kind, loops=tuple(c.loops), gates=c.state.gates)


def _is_one_model(c: Frame, of: Value) -> bool:
    """Whether a value is a single model at a time: one, or another in its place on another path."""
    refs = of.refs()
    return 0 < len(refs) <= MAX_ALTERNATIVES and not of.open and all(_may_be_model(c, ref, len(refs)) for ref in refs)


def _may_be_model(c: Frame, ref: Ref, alternatives: int) -> bool:
    held = c.object_at(ref.location)
    if alternatives > 1 and (held is None or not isinstance(ref.location, Made)):
        return False
    if held is not None and held.role is not None and held.role not in MODULE_ROLES:
        return False
    return not _is_one_of_many(c.state, ref.location)


def _is_one_of_many(state: State, location: Location) -> bool:
    """Whether a location stands for several objects: items of a list."""
    at = location
    while isinstance(at, Field):
        if at.name.startswith("[]") or at.name == "*":
            return True
        at = at.base
    root = root_of(location)
    return any(
        ref.location in (location, root)
        for content in state.items.values()
        if content.element is not None
        for ref in content.element.refs()
    )


def model_named(c: Interpreter, target: model.Operand, value: Value, source: model.Operand | None) -> Value:
    """`best_model = model`: the model itself under another name."""
    name = target.id if isinstance(target, model.Name) else target.name if isinstance(target, model.Attribute) else ""
    if not isinstance(source, model.Name | model.Attribute) or not words_of(name) & BEST_WORDS:
        return value
    written = source.id if isinstance(source, model.Name) else source.name
    ref = value.single
    if words_of(written) & BEST_WORDS or not isinstance(ref, Ref):
        return value
    is_model = c.is_model(ref) or c.analyzer.use_of(c, ref.location) in MODULE_ROLES
    if not is_model or not _is_one_model(c, value):
        return value
    made = Made(c.site(c.statement))
    c.objects[made] = Object(Role.SNAPSHOT, None, None, (("of", of_atom(ref)),))
    renew(c, made)
    c.state.shares[made] = Share(c.site(source.at), of_atom(ref), NAMED, loops=tuple(c.loops), gates=c.state.gates)
    return value._replace(origins=value.origins | {made})


def of_named(state: State, receiver: Value, found: Value) -> None:
    """The state of a model by its other name is what the model was to stay by that name."""
    share = share_of(state, found)
    for origin in receiver.origins if share is not None else ():
        named = state.shares.get(origin) if isinstance(origin, Made) else None
        if named is not None and named.kind == NAMED and named.of.atoms == share.of.atoms:  # type: ignore[union-attr]
            state.shares[found.refs()[0].location] = named


# ----------------------------------------------------------------------------------------------------- copying


def share_of(state: State, value: Value) -> Share | None:
    """What a value shares memory with, when it can be nothing else."""
    atom = value.single
    return state.shares.get(atom.location) if isinstance(atom, Ref) else None


def copied(c: Frame, at: model.Place, share: Share | None) -> None:
    """A shallow copy is about to be made at a place: it holds the same tensors."""
    made = Made(c.site(at))
    if made in c.state.shares:
        renew(c, made)
        c.state.shares.pop(made)
    if share is not None:
        c.state.shares[made] = share


def gathered_share(c: Operands, operand: model.Comprehension, iterated: list[Value]) -> Share | None:
    """What `{k: v for k, v in state.items()}` shares memory with."""
    if not c.state.shares or len(iterated) != 1:
        return None
    root, is_moved = _tensor(c, operand.value)
    target = operand.generators[0].target
    parts = target.items if isinstance(target, model.Sequence) else [target]
    if not isinstance(root, model.Name) or not any(isinstance(p, model.Name) and p.id == root.id for p in parts):
        return None
    found = [s for x in _places(iterated[0]) if (s := c.state.shares.get(x)) is not None and s.kind != NAMED]
    return found[0]._replace(is_moved=found[0].is_moved or is_moved) if len(found) == 1 else None


def _tensor(c: Operands, operand: model.Operand) -> tuple[model.Operand, bool]:
    """The tensor that an expression is the same memory as, and whether only on one device."""
    is_moved = False
    while True:
        if isinstance(operand, model.Attribute) and operand.name == _OWN_TENSOR:
            operand = operand.value
            continue
        if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
            row = c.catalog.method(Role.TENSOR, operand.func.name)
            if row is not None and row.role is Role.COPY and not _may_copy(row, operand):
                is_moved |= bool(row.options.get("moves"))
                operand = operand.func.value
                continue
        return operand, is_moved


def _may_copy(row: Api, call: model.CallSite) -> bool:
    deep = row.options.get("deep")
    return deep is not False and (
        deep is True or any(a.keyword == deep or (a.keyword is None and a.star) for a in call.args)
    )


def _places(value: Value) -> Iterator[Location]:
    yield from (ref.location for ref in value.refs())
    yield from (origin for origin in value.origins if isinstance(origin, Made))


def method_of_share(c: Calls, ref: Ref, name: str, operand: model.CallSite) -> Value | None:
    """`state.copy()` holds the same tensors; what changes the dict ends that it is the model's state."""
    share = c.state.shares.get(ref.location)
    if share is None:
        return None
    if name == "copy":
        copied(c, operand.at, share)
        content = c.state.items.get(ref.location)
        return of_atom(c.make(operand.at, held=c.object_at(ref.location), items=content or Items("dict", open=True)))
    if name in _CHANGING:
        c.state.shares.pop(ref.location)
    return None


_CHANGING = frozenset({"update", "pop", "popitem", "clear", "setdefault", "__setitem__"})
"""Methods of a dict that put something else in the place of what it holds."""


def item_put_in(c: Frame, location: Location) -> None:
    """An item of a dict is replaced: it is no longer a model's state as it is."""
    if location in c.state.shares:
        c.state.shares.pop(location)


# ------------------------------------------------------------------------------------------------------ rounds


def detach(c: Frame, made: Location) -> None:
    """A place makes an object anew: what was taken of the former one changes no more."""
    for location, share in list(c.state.shares.items()):
        if any(r.location == made or is_below(r.location, made) for r in share.of.refs()):
            c.state.shares.pop(location)


def next_round(c: Frame) -> None:
    """A loop goes another round: what was taken in this one stays apart from what the next one takes."""
    c.state.forget_unheld_shares(c.pinned)
    for location in list(c.state.shares):
        if isinstance(location, Made) and location.site.chain[-1:] != (FORMER,):
            _set_apart(c, location)


def renew(c: Frame, made: Made, bindings: dict[Location, Value] | None = None) -> None:
    """A place takes a snapshot again: one taken there in an earlier round stays apart from it."""
    share = c.state.shares.get(made)
    if share is not None and share.since:
        _set_apart(c, made, bindings)


def _set_apart(c: Frame, made: Made, bindings: dict[Location, Value] | None = None) -> None:
    state = c.state
    share = state.shares[made]
    former = Made(Site(made.site.path, made.site.at, (*made.site.chain, FORMER)))
    known = state.shares.get(former)
    state.shares[former] = known.joined(share) if known is not None else share
    state.shares.pop(made)
    held = c.objects.get(made)
    if held is not None:
        c.objects[former] = held
    content = state.items.get(made)
    if content is not None:
        state.items[former] = content
    for name, value in list(state.names.items()):
        if (new := _renamed(value, made, former)) is not value:
            state.names[name] = new
    for key, value in list(state.fields.items()):
        if (new := _renamed(value, made, former)) is not value:
            state.fields.put(key.base, key.name, new)
    for location, content in list(state.items.items()):
        if any(_renamed(value, made, former) is not value for value in content.values()):
            state.items[location] = content._replace(
                entries=tuple((k, _renamed(v, made, former)) for k, v in content.entries),
                element=_renamed(content.element, made, former) if content.element is not None else None,
            )
    for location, value in list((bindings or {}).items()):
        assert bindings is not None
        bindings[location] = _renamed(value, made, former)


def _renamed(value: Value, made: Made, former: Made) -> Value:
    if made not in value.origins and not any(isinstance(a, Ref) and a.location == made for a in value.atoms):
        return value
    return Value(
        frozenset(Ref(former, a.view) if isinstance(a, Ref) and a.location == made else a for a in value.atoms),
        value.open,
        frozenset(former if o == made else o for o in value.origins),
    )


# -------------------------------------------------------------------------------------------------------- uses


def reused(c: Frame, at: model.Place, use: str, stored: Stored, target: Value) -> None:
    """A value is put into a model, or saved: it may have changed since it was taken."""
    site = c.site(at)
    for value in _held_in(stored):
        for event in _uses(c, value, c.state):
            c.record(replace(event, site=site, within=c.within, tests=c.state.tests, use=use, target=target))


def _held_in(stored: Stored) -> Iterator[Value]:
    yield stored.value
    if stored.items is not None:
        yield from (value for _, value in stored.items.entries)


_NOWHERE = Site("", (1, 1, 1, 1))


def _uses(c: Frame, value: Value, state: State, since: frozenset[Site] = frozenset()) -> Iterator[Reused]:
    refs = value.refs()
    known = [(place, state.shares.get(place)) for place in sorted(set(_shared_places(state, value)), key=repr)]
    others = [a for a in value.atoms if not isinstance(a, Const) and not _is_among(a, state)]
    for place, share in known:
        if share is None:
            continue
        changes = more(share.since, since)
        if changes:
            yield _event(
                place, share, changes, c.state.gates, is_alone=is_bare(value) and not (others and share.kind != NAMED)
            )
    for ref in refs:
        if not isinstance(root_of(ref.location), Made) and _may_be_state(c, ref):
            share = Share(_NOWHERE, Value(frozenset(), False), "")
            yield _event(
                ref.location, share, more(state.passed, since), c.state.gates, is_bare(value) and len(value.atoms) == 1
            )


def is_bare(value: Value) -> bool:
    """Whether a value is at most not bound on some path, beside what it is known to be."""
    return not value.open or not value.origins


def _is_among(atom: object, state: State) -> bool:
    if not isinstance(atom, Ref):
        return False
    # What an attribute held on entry is what an earlier call put there, or nothing.
    is_former = isinstance(atom.location, Field) and not isinstance(root_of(atom.location), Made)
    return is_former or atom.location in state.shares


def _shared_places(state: State, value: Value) -> Iterator[Location]:
    if not state.shares:
        return
    for ref in value.refs():
        if ref.location in state.shares:
            yield ref.location
    for origin in value.origins:
        share = state.shares.get(origin) if isinstance(origin, Made) else None
        if share is not None and share.kind == NAMED and set(share.of.atoms) & set(value.atoms):
            yield origin  # type: ignore[misc]


def _may_be_state(c: Frame, ref: Ref) -> bool:
    held = c.object_at(ref.location)
    return held is None or (held.role is None and held.model is None)


def _event(place: Location, share: Share, since: frozenset[Site], gates: frozenset[Gate], is_alone: bool) -> Reused:
    return Reused(
        _NOWHERE, (), frozenset(), of_atom(Ref(place)), "", Value(frozenset(), False), share, since, gates, is_alone
    )


# ------------------------------------------------------------------------------------------------------- calls


def before_call(application: Application) -> None:
    """What the callee takes again stays apart from what it took in an earlier call from the same place."""
    frame, summary = application.frame, application.summary
    for location in summary.shares:
        assert isinstance(location, Made)
        renew(frame, Made(application.inside(location.site)), application.bindings)


def after_call(application: Application) -> None:
    """The callee may have changed weights, made models anew, and taken snapshots of its own."""
    frame, summary = application.frame, application.summary
    state = frame.state
    if state.shares and summary.objects:
        for location, held in summary.objects.items():
            if isinstance(location, Made) and held.role in MODULE_ROLES:
                detach(frame, Made(application.inside(location.site)))
    if summary.passed:
        _mark(state, frozenset(application.inside(site) for site in summary.passed))
    for location, share in summary.shares.items():
        assert isinstance(location, Made)
        mapped = in_caller(application, share)
        made = Made(application.inside(location.site))
        if _is_one_model(frame, mapped.of):
            state.shares[made] = mapped
        else:
            state.shares.pop(made)


def in_caller(application: Application, share: Share) -> Share:
    """A share of the callee seen from its caller."""
    frame = application.frame
    return share._replace(
        taken=application.inside(share.taken),
        of=application.value(share.of),
        since=frozenset(application.inside(site) for site in share.since),
        loops=(*frame.loops, *share.loops)[:8],
        gates=share.gates | application.before.gates,
    )


def reused_in_caller(application: Application, event: Reused, new: Mapping[str, Any]) -> Iterator[Reused]:
    """What is known here of a use in the callee: what it was given may have changed before the call, too."""
    frame = application.frame
    inside = frozenset(application.inside(site) for site in event.since)
    gates = event.gates | frame.state.gates
    if event.share.kind:
        share = in_caller(application, event.share)
        yield replace(event, **new, share=share, since=inside, gates=gates)
        return
    for found in _uses(frame, new["operand"], application.before, inside):
        alone = event.is_alone and found.is_alone
        merged: dict[str, Any] = {**new, "operand": found.operand}
        yield replace(event, **merged, share=found.share, since=found.since, gates=gates, is_alone=alone)


def kept_shares(shares: Iterable[tuple[Location, Share]]) -> dict[Location, Share]:
    """Those that a caller may come to: objects made here."""
    return {location: share for location, share in shares if isinstance(location, Made)}
