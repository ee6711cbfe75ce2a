"""Whether two places of a program are compared on purpose, or cannot both be reached."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.flow.program import Program, leaves
from ckptlint.flow.written import words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Statement

COMPARISON_WORDS = frozenset(
    (
        "ablation ablations ablate ablated compare compares compared comparing comparison comparisons versus vs robust "
        "robustness sweep study sensitivity corrupt corrupted corruption corruptions variant variants without "
        "unnormalized unnormalised unscaled attack adversarial sanity"
    ).split()
)
"""Words of names that say results under different settings are wanted."""

Level = tuple[str, Place]


def levels_of(site: Site) -> list[Level]:
    """The calls that lead to a place, outermost first, and the place itself; rounds of unrolled loops left out."""
    return [*(call for call in site.chain if call[0]), site.base]


def parting(a: Site, b: Site) -> tuple[Level, Level] | None:
    """The first two calls, or places, at which the ways to two places differ; None when they are one place."""
    for here, there in zip(levels_of(a), levels_of(b), strict=False):
        if here != there:
            return here, there
    return None


def are_alternatives(facts: Facts, a: Site, b: Site) -> bool:
    """Whether two places are reached for what they give side by side, or only one of them is reached."""
    found = parting(a, b)
    if found is None:
        return True  # One call, made once for each of several settings.
    here, there = found
    first, second = (statement_at(facts.program, *level) for level in found)
    if here[0] != there[0]:
        return False
    if first is not None and first is second:
        return True
    if first is not None and second is not None and _tables(first) & _tables(second):
        return True
    return _in_opposite_arms(facts.program, here[0], here[1], there[1])


def is_trial(facts: Facts, site: Site) -> bool:
    """Whether names on the way to a place say that settings are tried out there."""
    return any(words_of(name) & COMPARISON_WORDS for name in _names_at(facts, site))


def _names_at(facts: Facts, site: Site) -> Iterator[str]:
    for path, at in levels_of(site):
        function = facts.function_at(path, at)
        if function is not None:
            yield function.name
        statement = statement_at(facts.program, path, at)
        if isinstance(statement, model.Bind):
            for target in statement.targets:
                yield written(target)


def _tables(statement: Statement) -> set[str]:
    """The dicts that a statement puts an item in at a literal key."""
    targets = statement.targets if isinstance(statement, model.Bind) else []
    return {
        written(target.value)
        for target in targets
        if isinstance(target, model.Index) and all(isinstance(item, model.Literal) for item in target.items)
    }


def _in_opposite_arms(program: Program, path: str, a: Place, b: Place) -> bool:
    record = program.record(path)
    bodies = [function.body for function in record.functions] if record is not None else []
    return any(_apart(body, a, b) for body in bodies)


def _apart(body: list[Statement], a: Place, b: Place) -> bool:
    """Whether no run of a block reaches both of two places."""
    left: int | None = None
    """Index of the branch that leaves the block after one of the places."""
    for index, statement in enumerate(body):
        blocks = blocks_of(statement)
        holding = [(holds(block, a), holds(block, b)) for block in blocks]
        if isinstance(statement, model.Branch | model.Match):
            with_a = {number for number, (in_a, _) in enumerate(holding) if in_a}
            with_b = {number for number, (_, in_b) in enumerate(holding) if in_b}
            if with_a and with_b and not with_a & with_b:
                return True
            for number in with_a ^ with_b:
                if leaves(blocks[number]):
                    left = index
        if any(_apart(block, a, b) for block in blocks):
            return True
    return left is not None and holds(body[left + 1 :], a) | holds(body[left + 1 :], b)


def blocks_of(statement: Statement) -> list[list[Statement]]:
    """The blocks directly within a statement."""
    if isinstance(statement, model.Branch | model.Loop):
        return [statement.body, statement.orelse]
    if isinstance(statement, model.Match):
        return [case.body for case in statement.cases]
    if isinstance(statement, model.Try):
        handlers = [handler.body for handler in statement.handlers]
        return [statement.body, *handlers, statement.orelse, statement.final]
    return [statement.body] if isinstance(statement, model.Region) else []


def holds(block: list[Statement], at: Place) -> bool:
    """Whether a place lies in a block."""
    for statement in block:
        if statement.at[:2] <= at[:2] and at[2:] <= statement.at[2:]:
            return True
        if any(holds(inner, at) for inner in blocks_of(statement)):
            return True
    return False
