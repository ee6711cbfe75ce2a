"""What can be read off a function's body before it is interpreted."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.flow.program import statements_of
from ckptlint.flow.signatures import data_parameter
from ckptlint.flow.written import operands_of, root_name, test_of, walk, written
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function

MAX_TESTS = 3
"""Tests that split a function; each doubles the work (DESIGN: at most three)."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Facts of one function's text, independent of any state."""

    uses: dict[str, Role]
    """Dotted operands that a method call shows to have a role (`model.eval()`)."""
    tested_keys: frozenset[object]
    """Literal keys that some `in` test asks for."""
    splits: tuple[str, ...]
    """Tests (in their positive form) whose two sides are followed apart."""
    steering: frozenset[str]
    """Names that tests, flags or calls read: a constant given for one of these makes a difference."""
    treats: int | None
    """Which parameter is the data, when its signature is that of a preprocessing function with options."""


def outline_of(function: Function, catalog: Catalog) -> Outline:
    """Look over a function once."""
    uses: dict[str, Role] = {}
    keys: set[object] = set()
    tests: dict[str, int] = {}
    steering: set[str] = set()
    assigned: dict[str, int] = {p.name: 1 for p in function.parameters}
    flags: set[str] = set()
    for statement in statements_of(function.body):
        _count_targets(statement, assigned)
        if isinstance(statement, model.Loop):
            # What a loop binds may be another in each round: no side holds for all of them.
            for inner in statements_of(statement.body):
                _count_targets(inner, assigned)
            _count_targets(statement, assigned)
        if isinstance(statement, model.Branch):
            tests[test_of(statement.test)[0]] = tests.get(test_of(statement.test)[0], 0) + 1
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.CallSite):
                    _look_at_call(operand, catalog, uses, steering, flags)
                elif isinstance(operand, model.Compare) and operand.operators[0] in ("in", "not in"):
                    if isinstance(operand.left, model.Literal):
                        keys.add(operand.left.value)
                elif isinstance(operand, model.Choice):
                    steering.update(_names_in(operand.test))
        if isinstance(statement, model.Branch):
            steering.update(_names_in(statement.test))
        elif isinstance(statement, model.Match):
            steering.update(_names_in(statement.subject))
    splits: list[str] = []
    if function.index:
        weights = {text: count + (2 if text in flags else 0) for text, count in tests.items()}
        for text in flags:
            weights.setdefault(text, 2)
        roots = {text: root for text in weights if (root := text.split(".")[0].split(" ")[0].split("[")[0])}
        for text in sorted(weights, key=lambda t: (-weights[t], t)):
            if weights[text] < 2 or "(" in text or assigned.get(roots[text], 0) > 1:
                continue
            splits.append(text)
    return Outline(uses, frozenset(keys), tuple(splits[:MAX_TESTS]), frozenset(steering), data_parameter(function))


def _look_at_call(
    call: model.CallSite, catalog: Catalog, uses: dict[str, Role], steering: set[str], flags: set[str]
) -> None:
    if isinstance(call.func, model.Attribute):
        role = catalog.evidence(call.func.name)
        if role is not None:
            uses.setdefault(written(call.func.value), role)
        for api in catalog.methods(call.func.name):
            if api.role is Role.MODE_SWITCH and api.options.get("flag") and call.args:
                flag = call.args[0].value
                if not isinstance(flag, model.Literal):
                    flags.add(test_of(flag)[0])
    for argument in call.args:
        steering.update(_names_in(argument.value))
    if isinstance(call.func, model.Name):
        steering.add(call.func.id)


def _names_in(operand: model.Operand) -> set[str]:
    found: set[str] = set()
    for part in walk(operand):
        if isinstance(part, model.Name):
            found.add(part.id)
    return found


def _count_targets(statement: model.Statement, assigned: dict[str, int]) -> None:
    targets: list[model.Operand] = []
    if isinstance(statement, model.Bind):
        targets = [*statement.targets]
    elif isinstance(statement, model.Augment | model.Loop) and statement.target is not None:
        targets = [statement.target]
    while targets:
        target = targets.pop()
        if isinstance(target, model.Sequence):
            targets.extend(target.items)
        elif isinstance(target, model.Star):
            targets.append(target.value)
        else:
            name = root_name(target)
            if name is not None and not (isinstance(target, model.Attribute) and name == "self"):
                assigned[name] = assigned.get(name, 0) + 1
