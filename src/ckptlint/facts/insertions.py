"""Where a statement that switches a model can be put so that it holds for a forward call and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Ran
from ckptlint.flow.events import Forward, Switched, Update
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Statement


def place_before(facts: Facts, run: Run, event: Forward, name: str) -> Place | None:
    """The outermost statement around a call before which `name` is the model, and within which nothing trains it."""
    path = event.site.path
    function = facts.program.function(event.within[-1])
    if event.within[-1].path != path or _is_also_trained(run, event):
        return None
    around = _around(function.body, event.statement)
    changes = _changes(run, path)
    rows = facts.program.data(path).split(b"\n")
    root = name.partition(".")[0]
    for index, statement in enumerate(around):
        is_last = index == len(around) - 1
        if not (is_last or isinstance(statement, model.Loop)) or _binds(around[index:], root):
            continue
        if not is_last and any(row in changes for row in range(statement.at[0], _end(statement) + 1)):
            continue
        row, column = statement.at[:2]
        before = rows[row - 1][: column - 1] if row <= len(rows) else b""
        if not before.strip():
            return statement.at
    return None


def _is_also_trained(run: Run, event: Forward) -> bool:
    """Whether the same call, come to another way, is one whose output is trained on."""
    return any(
        isinstance(origin, Ran) and origin.site.base == event.site.base
        for update in run.events
        if isinstance(update, Update)
        for origin in update.operand.origins
    )


def _changes(run: Run, path: str) -> set[int]:
    """Rows of a file in which, or in what is called from which, a model is switched to training or trained."""
    return {
        at[0]
        for event in run.events
        if isinstance(event, Update) or (isinstance(event, Switched) and event.mode == "train")
        for where, at in (event.site.base, *event.site.chain)
        if where == path
    }


def _around(body: Sequence[Statement], at: Place) -> list[Statement]:
    """The statements around the one at a place, and that one, outermost first."""
    for statement in body:
        if statement.at == at:
            return [statement]
        for inner in _bodies(statement):
            found = _around(inner, at)
            if found:
                return [statement, *found]
    return []


def _bodies(statement: Statement) -> Iterator[Sequence[Statement]]:
    if isinstance(statement, model.Branch | model.Loop):
        yield statement.body
        yield statement.orelse
    elif isinstance(statement, model.Try):
        yield statement.body
        yield from (handler.body for handler in statement.handlers)
        yield statement.orelse
        yield statement.final
    elif isinstance(statement, model.Region):
        yield statement.body
    elif isinstance(statement, model.Match):
        yield from (case.body for case in statement.cases)


def _end(statement: Statement) -> int:
    return max(inner.at[2] for inner in statements_of([statement]))


def _binds(statements: Sequence[Statement], name: str) -> bool:
    """Whether a name gets its value within the outermost of some statements: before it, it is another or none."""
    for statement in statements_of(statements[:1]):
        targets: list[model.Operand] = []
        if isinstance(statement, model.Bind):
            targets += statement.targets
        elif isinstance(statement, model.Loop) and statement.target is not None:
            targets.append(statement.target)
        elif isinstance(statement, model.Region):
            targets += [item.target for item in statement.items if item.target is not None]
        if any(isinstance(part, model.Name) and part.id == name for target in targets for part in walk(target)):
            return True
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, model.Comprehension) and any(
                    isinstance(bound, model.Name) and bound.id == name
                    for generator in part.generators
                    for bound in walk(generator.target)
                ):
                    return True
    return False
