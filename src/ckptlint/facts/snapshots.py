"""Snapshots of a model that share its weights, and are used after the weights have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.imports import bound_name, head_imports
from ckptlint.facts.optimizers import overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Const, Location, Made, Ran, Ref, Site, Value
from ckptlint.flow.events import Event, Fitted, Forward, Frozen, Restored, Reused, Update
from ckptlint.flow.sharing import NAMED, Share, is_bare
from ckptlint.flow.state import Gate
from ckptlint.flow.written import words_of

KEPT_WORDS = frozenset(
    (
        "best optimal top backup bak init initial initialized start starting old prev previous orig original saved "
        "cached cache stored snapshot kept last_good before former pre"
    ).split()
)
"""Words of a name that say that a state is to stay as it was."""
_ELSEWHERE = (b"cuda", b"device", b"gpu", b"mps", b"accelerat", b"xla")
"""Text of files that may put a model on another device than the CPU."""
_SHARDED = (b"FullyShardedDataParallel", b"fully_shard", b"deepspeed", b"FSDP")
"""Text of files in which a model's state may be gathered anew each time."""


@dataclass(frozen=True, slots=True)
class StaleSnapshot:
    """A snapshot that has followed the weights by the time it is used."""

    share: Share
    use: str
    """"restored", "saved", "returned"."""
    used: Site
    change: Event
    """The first that changes the weights."""
    is_own: bool
    """It is restored into the very model it was taken from."""
    is_kept: bool
    """It was taken under a test that later rounds may not pass."""
    is_named: bool
    """Its name says that it is to stay as it was."""
    is_alone: bool
    """What is used can be nothing else."""
    may_be_copy: bool
    """The model may be on another device, or its state gathered anew, so that it is a copy after all."""
    assumptions: frozenset[Assumption]

    @property
    def is_whole(self) -> bool:
        """It is the model itself under another name."""
        return self.share.kind == NAMED

    @property
    def is_replaced(self) -> bool:
        """The weights change because another state is put into the model."""
        return isinstance(self.change, Restored)

    @property
    def is_state(self) -> bool:
        """It is a state dict, or the model itself: a deep copy of it can be made."""
        return self.share.kind in ("state_dict", NAMED)

    @property
    def rank(self) -> tuple[bool, ...]:
        """Which of several uses of one snapshot says most."""
        return (self.is_alone, self.is_own, self.is_kept, self.is_named, self.use != "returned")


@derives(StaleSnapshot)
def stale_snapshots(facts: Facts) -> Iterator[StaleSnapshot]:
    """Every snapshot so used, once a place with its clearest use."""
    found: dict[object, StaleSnapshot] = {}
    for run in facts.runs:
        changes = _changes(run)
        if not changes:
            continue
        for stale in _stale(facts, run, changes):
            known = found.get(stale.share.taken.base)
            if known is None or stale.rank > known.rank:
                found[stale.share.taken.base] = stale
    kept = {stale.used.base for stale in found.values() if stale.is_kept}
    for stale in found.values():
        if stale.is_kept or stale.used.base not in kept:  # Else it only stands in until a better one comes.
            yield stale


def _changes(run: Run) -> dict[Site, list[Event]]:
    found: dict[Site, list[Event]] = {}
    for event in run.events:
        if isinstance(event, Update | Restored) or (isinstance(event, Fitted) and event.kind == "fit"):
            found.setdefault(event.site, []).append(event)
    return found


def _stale(facts: Facts, run: Run, changes: dict[Site, list[Event]]) -> Iterator[StaleSnapshot]:
    forwards: dict[Site, list[Forward]] = {}
    for event in run.events:
        if isinstance(event, Forward) and event.gradients:
            forwards.setdefault(event.site, []).append(event)
    for event in run.events:
        if not isinstance(event, Reused) or not event.share.kind:
            continue
        places = {ref.location for ref in event.operand.refs()}
        target = event.target if event.use == "restored" else None
        yield from _judged(
            facts, run, event.share, event.since, changes, forwards, places, event.use, event.site, target,
            event.gates, event.is_alone,
        )  # fmt: skip
    if not run.is_entry:
        function = facts.program.function(run.key)
        at = Site(run.key.path, function.at)
        for place, share, is_alone in _returned(run):
            yield from _judged(
                facts, run, share, share.since, changes, forwards, {place}, "returned", at, None, frozenset(), is_alone
            )


def _returned(run: Run) -> Iterator[tuple[Location, Share, bool]]:
    shares = run.summary.shares
    if not shares:
        return
    values = [run.summary.value]
    for ref in run.summary.value.refs():
        items = run.summary.items.get(ref.location)
        values.extend(items.values() if items is not None else ())
    for value in values:
        alone = is_bare(value) and all(
            isinstance(atom, Const) or (isinstance(atom, Ref) and atom.location in shares) for atom in value.atoms
        )
        for ref in value.refs():
            share = shares.get(ref.location)
            if share is not None:
                yield ref.location, share, alone
        for origin in value.origins:
            if not isinstance(origin, Made) or (share := shares.get(origin)) is None:
                continue
            if share.kind == NAMED and share.of.atoms & value.atoms:
                yield origin, share, len(value.atoms) == 1


def _judged(
    facts: Facts,
    run: Run,
    share: Share,
    since: frozenset[Site],
    changes: dict[Site, list[Event]],
    forwards: dict[Site, list[Forward]],
    places: set[Location],
    use: str,
    used: Site,
    target: Value | None,
    gates: frozenset[Gate],
    is_alone: bool,
) -> Iterator[StaleSnapshot]:
    owners = {ref.location for ref in share.of.refs()}
    held = [run.object_at(owner) for owner in owners]
    if not owners or any(h is not None and h.role is not None and h.role not in MODULE_ROLES for h in held):
        return
    events = [e for site in sorted(since, key=repr) for e in changes.get(site, ())]
    change = next((e for e in events if _changes_model(e, owners, forwards, places)), None)
    if change is None or _holds_now_and_then(facts, share, gates):
        return
    name = facts.name_at(share.taken) or ""
    assumptions = frozenset({Assumption.CALLER_UNSEEN}) if use == "returned" else frozenset()
    if len(owners) > 1 or any(isinstance(e, Frozen) and _meet(e.operand, owners) for e in run.events):
        assumptions |= {Assumption.BRANCH_CORRELATION}
    yield StaleSnapshot(
        share,
        use,
        used,
        change,
        target is not None and _meet(target, owners),
        bool(share.gates - gates),
        bool(words_of(name.rsplit(".", 1)[-1]) & KEPT_WORDS),
        is_alone,
        _mentions(facts, run, _SHARDED) or (share.is_moved and _mentions(facts, run, _ELSEWHERE)),
        assumptions,
    )


def _changes_model(
    event: Event, owners: set[Location], forwards: dict[Site, list[Forward]], places: set[Location]
) -> bool:
    if isinstance(event, Update):
        ran = [f for o in event.operand.origins if isinstance(o, Ran) for f in forwards.get(o.site, ())]
        return any(_meet(f.operand, owners) for f in ran)
    if isinstance(event, Fitted):
        return _meet(event.operand, owners)
    if isinstance(event, Restored):
        # To put a model's own state into it changes nothing.
        own = {r.location for r in event.value.refs()} | set(event.value.origins)
        return _meet(event.target, owners) and not own & places
    return False


def _meet(value: Value, owners: set[Location]) -> bool:
    """Whether a value is the model, or may be each that the model may be."""
    return all(any(overlap(ref.location, owner) for ref in value.refs()) for owner in owners)


def _holds_now_and_then(facts: Facts, share: Share, gates: frozenset[Gate]) -> bool:
    """Whether the tests show that it may be taken in the last round, or used only in the round that took it."""
    own = {_test(facts, gate) for gate in share.gates - gates}
    if own & {_test(facts, gate) for gate in gates - share.gates}:
        return True
    exact = {text for text in own if "==" in text and not _compares(text)}
    # Every so many rounds, and better than before: a round that is not better leaves what an earlier one took.
    return bool(exact) and not (all("%" in text for text in exact) and any(_compares(text) for text in own))


def _compares(test: str) -> bool:
    """Whether a test may ask for a score; one that does not may be for a single round, the last one perhaps."""
    return any(sign in test for sign in "<>")


def _test(facts: Facts, gate: Gate) -> str:
    return facts.text(facts.span(gate.path, gate.at))


def _mentions(facts: Facts, run: Run, texts: tuple[bytes, ...]) -> bool:
    paths = {key.path for event in run.events for key in event.within} | {run.key.path}
    return any(text in facts.program.data(path) for path in paths for text in texts)


def deepcopy_call(facts: Facts, path: str) -> tuple[str, bool] | None:
    """How a file calls `copy.deepcopy`, and whether it must import it first; None when the name is taken."""
    record = facts.program.record(path)
    if record is None:
        return None
    known = bound_name(record, "copy.deepcopy")
    if known is not None:
        return known, False
    is_free = "copy" not in record.imports and head_imports(record)
    return ("copy.deepcopy", True) if is_free else None
