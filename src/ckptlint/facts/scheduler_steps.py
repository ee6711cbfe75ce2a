"""How a scheduler is stepped: once an epoch, once a batch, or forward to where a training was."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.places import function_with
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.facts.written_calls import Written, calls_of
from ckptlint.flow.events import Built
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Loop, Record, Statement

SCHEDULER_WORDS = frozenset("scheduler schedulers sched scheds schedule lrs".split())
"""Words of a name that say a scheduler is under it."""


def steps_of(facts: Facts, run: Run, built: Built) -> str | None:
    """The unit that a scheduler steps by, "epoch" or "batch", or "" where that is not seen.

    None when it is, or may be, stepped forward to where the training was.
    """
    name = (facts.name_given(built.site) or "").rpartition(".")[2]
    own = function_with(facts.program, *built.site.base)
    units: set[str] = set()
    for step in _steps(facts, run, name):
        loops = [outer for outer in step.around if isinstance(outer, Loop)]
        is_own = step.function is own
        if step.call.args and not _is_metric(step.call):
            return None
        if loops and all(_only_steps(statement) for statement in loops[-1].body):
            return None
        if not loops and is_own and step.statement.at > built.site.at:
            return None
        units.add(_unit(step.function, loops))
    return units.pop() if len(units) == 1 else ""


def is_set_by_hand(facts: Facts, paths: list[str]) -> bool:
    """Whether one of the files sets how far a scheduler has come."""
    for path in paths:
        if b".last_epoch" not in facts.program.data(path):
            continue
        record = facts.program.record(path)
        for statement in _statements(record) if record is not None else ():
            if isinstance(statement, model.Bind) and any(
                isinstance(t, model.Attribute) and t.name == "last_epoch" for t in statement.targets
            ):
                return True
    return False


def _statements(record: Record) -> Iterator[Statement]:
    for function in record.functions:
        yield from statements_of(function.body)


def _steps(facts: Facts, run: Run, name: str) -> Iterator[Written]:
    """Calls of `step` on what is called like the scheduler, in the functions of a run."""
    for path in sorted({key.path for event in run.events for key in event.within}):
        record = facts.program.record(path)
        for function in record.functions if record is not None else ():
            if "step" not in function.calls or record is None:
                continue
            for found in calls_of(record, function):
                func = found.call.func
                if isinstance(func, model.Attribute) and func.name == "step":
                    receiver = written(func.value).rpartition(".")[2]
                    if receiver == name or words_of(receiver) & SCHEDULER_WORDS:
                        yield found


def _is_metric(call: model.CallSite) -> bool:
    """Whether `step` is given what was measured, not how far the training is."""
    shown = " ".join(written(a.value) for a in call.args)
    return bool(words_of(shown) & {"loss", "losses", "acc", "accuracy", "metric", "metrics", "score", "val"})


def _only_steps(statement: Statement) -> bool:
    """Whether a statement of a loop does nothing but step the scheduler."""
    value = statement.value if isinstance(statement, model.Evaluate) else None
    return isinstance(value, model.CallSite) and written(value.func).endswith(".step")


def _unit(function: Function, loops: list[Loop]) -> str:
    if not loops:
        return "epoch" if any(_trains(s) for s in statements_of(function.body) if isinstance(s, Loop)) else ""
    inner = loops[-1]
    if _trains(inner):
        return "batch"
    shown = f"{written(inner.target) if inner.target is not None else ''} {written(inner.iter)}"
    holds_loop = any(isinstance(s, Loop) for s in statements_of(inner.body))
    return "epoch" if holds_loop or words_of(shown) & {"epoch", "epochs"} else ""


def _trains(loop: Statement) -> bool:
    """Whether a loop computes gradients in its own rounds, loops within it left out."""
    assert isinstance(loop, Loop)
    inner = {id(s) for other in statements_of(loop.body) if isinstance(other, Loop) for s in statements_of(other.body)}
    for statement in statements_of(loop.body):
        if id(statement) in inner:
            continue
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, model.CallSite) and written(part.func).endswith("backward"):
                    return True
    return False
