"""Checkpoints that every process of a distributed training writes to one path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import are_exclusive
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.comparisons import Level, levels_of
from ckptlint.facts.evaluated_files import is_model_at
from ckptlint.facts.evaluations import calls_to, statements_around
from ckptlint.facts.optimizers import held_in
from ckptlint.facts.path_sources import is_passing
from ckptlint.facts.places import call_at, function_with
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.rank_guards import RankGuards, is_handed_on
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Value
from ckptlint.flow.events import Saved
from ckptlint.flow.processes import Joined
from ckptlint.flow.written import written
from ckptlint.semantics.model import Attribute, Literal, Loop, Operand, Place

OWN_PATH = re.compile(r"uuid|getpid|hostname|tempfile|mkdtemp|tmp|temp|BytesIO|buffer|\bnow\(|strftime|time\(", re.I)
"""Text of a path that differs between processes, or is no file that anybody reads later."""
STARTING = re.compile(r"spawn|launch|Process\(|start_processes|\.run\(|executor|submit|remote", re.IGNORECASE)
"""Text of a call that runs a function in other processes."""
MODEL_STORES = ("model", "weights", "training")


@dataclass(frozen=True, slots=True)
class SavedByEveryRank:
    """A model's state is saved where every process comes by."""

    checkpoint: Checkpoint
    joined: Joined
    is_certain: bool
    """Nothing that is not seen may keep the other processes from it."""


@derives(SavedByEveryRank)
def saved_by_every_rank(facts: Facts) -> Iterator[SavedByEveryRank]:
    """Every such save of a run that becomes one of several processes."""
    guards: RankGuards | None = None
    for run in facts.runs:
        joins = [e for e in run.events if isinstance(e, Joined) and not _is_alone(facts, e)]
        if not joins or _is_sharded(facts, run):
            continue
        guards = guards or RankGuards(facts)
        for checkpoint in facts.of(Checkpoint):
            save = checkpoint.event
            if checkpoint.run is not run or not _holds_model(run, save) or _is_called_by_all(facts, save):
                continue
            joined = next((e for e in joins if _is_together(facts, e, save)), None)
            if joined is None or _has_own_path(facts, guards, save):
                continue
            guarded = guards.guards(save, joined)
            if not guarded:
                yield SavedByEveryRank(checkpoint, joined, guarded is False and joined.is_sure)


def _is_alone(facts: Facts, joined: Joined) -> bool:
    """Whether the call says that there is one process only: some libraries want a group all the same."""
    call = call_at(facts.program, *joined.site.base)
    return call is not None and any(
        a.keyword == "world_size" and isinstance(a.value, Literal) and a.value.value == 1 for a in call.args
    )


def _holds_model(run: Run, save: Saved) -> bool:
    if save.stores in MODEL_STORES:
        return True
    held = held_in(run, save.holds)
    stored = save.stored.items.values() if save.stored.items is not None else [save.stored.value]
    objects = {ref.location for value in stored for ref in value.refs()} & held.objects
    models = [location for location in held.states if is_model_at(run, location)]
    return bool(models) or any(
        (known := run.object_at(location)) is not None and known.model is not None and is_model_at(run, location)
        for location in objects
    )


def _is_called_by_all(facts: Facts, save: Saved) -> bool:
    """Whether every process must call it, or it, or what it is handed to write with, lets only one of them write."""
    catalog = facts.program.catalog
    row = catalog.api(save.api)
    if row is not None and row.options.get("every_rank"):
        return True
    call = call_at(facts.program, *save.site.base)
    handed = {a.value.name for a in call.args if isinstance(a.value, Attribute)} if call is not None else set()
    return any(name.rsplit(".", 1)[-1] in handed for name, row in catalog if row.get("every_rank"))


def _is_sharded(facts: Facts, run: Run) -> bool:
    """Whether the files of a run use what leaves each process a part of the weights only."""
    names = [name.split(".") for name, row in facts.program.catalog if row.get("sharded")]
    marks = {(parts[0].encode(), parts[-1].encode()) for parts in names}
    paths = {key.path for event in run.events for key in event.within}
    texts = [facts.program.data(path) for path in paths]
    return any(last in text and _imports(text, first) for text in texts for first, last in marks)


def _imports(text: bytes, package: bytes) -> bool:
    return re.search(rb"^[ \t]*(?:import|from)\s[^\n]*\b" + package + rb"\b", text, re.MULTILINE) is not None


def _is_together(facts: Facts, joined: Joined, save: Saved) -> bool:
    """Whether the program is one of several processes when it comes to a save."""
    if are_exclusive(facts.program, joined.site, save.site) or _is_done_before(facts, joined, save):
        return False
    steps = calls_to(joined.site)
    for index, (path, at) in enumerate(steps):
        call = call_at(facts.program, path, at)
        # What is started in other processes ends there, and so may what is handed on to be called.
        is_started = is_handed_on(facts, joined, index) or (call is not None and STARTING.search(written(call)))
        if is_started and calls_to(save.site)[: index + 1] != steps[: index + 1]:
            return False
    return True


def _is_done_before(facts: Facts, joined: Joined, save: Saved) -> bool:
    """Whether a save stands before what joins the processes, and no loop comes to it again after that."""
    for here, there in zip(levels_of(save.site), levels_of(joined.site), strict=False):
        if here != there:
            (path, at), (other, start) = here, there
            is_one = path == other and function_with(facts.program, *here) is function_with(facts.program, *there)
            return is_one and at[:2] < start[:2] and not _loops(facts, here) & _loops(facts, there)
        if _loops(facts, here):
            return False
    return False


def _loops(facts: Facts, level: Level) -> set[Place]:
    """The loops of its own function that a place lies in."""
    function = function_with(facts.program, *level)
    around = statements_around(function.body, level[1]) if function is not None else None
    return {statement.at for statement in around or () if isinstance(statement, Loop)}


def _has_own_path(facts: Facts, guards: RankGuards, save: Saved) -> bool:
    """Whether each process may write to a path of its own, or to none that is read later."""
    call = call_at(facts.program, *save.site.base)
    operands: list[Operand] = [a.value for a in call.args] if call is not None else []
    texts = [written(operand) for operand in operands]
    if any(OWN_PATH.search(text) for text in (*texts, _path_text(save.path))):
        return True
    return is_passing(facts, save) or any(guards.holds_rank(operand, save) for operand in operands[1:] or operands)


def _path_text(path: Value) -> str:
    return " ".join(repr(atom) for atom in path.atoms)
