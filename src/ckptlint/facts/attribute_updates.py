"""How a write of an attribute relates to what it held: moved, set anew, mixed with it, or stored into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ckptlint.facts.attribute_flow import Spread
from ckptlint.facts.attribute_values import MAX_DEPTH, PLACING, api_of
from ckptlint.facts.attribute_views import OVERWRITING, ClassView, MethodView, Write
from ckptlint.facts.classes import is_attribute
from ckptlint.flow.domain import FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_SAME = PLACING | frozenset(
    "cpu detach clone contiguous float half double long int bool view reshape squeeze unsqueeze flatten expand data "
    "requires_grad_ t transpose permute".split()
)
"""What gives the same values in another place or form."""
_MIXING = frozenset("mul_ add_ sub_ div_ lerp_ addcmul_ addcdiv_ fmod_ remainder_ clamp_ pow_".split())
_FLAG = "training"


@dataclass(frozen=True, slots=True)
class Update:
    """One write outside of construction."""

    write: Write
    form: str
    """"moved", "mixed" (new from old), "stored" (a part of it is set from data), "set", "given"."""
    is_from_data: bool
    is_complementary: bool
    """It is mixed with weights that add up to one."""
    is_factor: bool
    """It is only multiplied, or lowered to a bound."""
    is_while_training: bool
    """Only in train mode."""


def updates_of(views: ClassView, writes: Iterable[Write], data: Spread, training: set[FunctionKey]) -> list[Update]:
    """The writes of one attribute; `training` are methods that run in train mode alone."""
    found: list[Update] = []
    for write in writes:
        is_from_data = write.value is not None and data.carries_in(write.method, write.value)
        is_while_training = write.method in training or tests_training(write.guards)
        mixer = _Mixer(views, write)
        form = mixer.form(is_from_data)
        found.append(Update(write, form, is_from_data, mixer.is_complementary(), mixer.is_factor(), is_while_training))
    return found


def tests_training(guards: tuple[tuple[Operand, bool], ...]) -> bool:
    """Whether tests hold in train mode alone."""
    for test, side in guards:
        if isinstance(test, model.Unary) and test.operator == "not":
            test, side = test.value, not side
        parts = test.values if side and isinstance(test, model.Logic) and test.operator == "and" else [test]
        if side and any(isinstance(part, model.Attribute) and part.name == _FLAG for part in parts):
            return True
        if not side and isinstance(test, model.Logic) and test.operator == "or":
            negated = [p.value for p in test.values if isinstance(p, model.Unary) and p.operator == "not"]
            if any(isinstance(part, model.Attribute) and part.name == _FLAG for part in negated):
                return True
    return False


def run_while_training(methods: Iterable[MethodView], entries: Iterable[FunctionKey]) -> set[FunctionKey]:
    """The methods all of whose calls lie behind a test of the mode."""
    methods = list(methods)
    free = set(entries)
    size = -1
    called = {callee for view in methods for callee, _ in view.calls}
    while size != len(free):
        size = len(free)
        for view in methods:
            if view.key in free:
                free |= {callee for callee, guards in view.calls if not tests_training(guards)}
    return called - free


class _Mixer:
    def __init__(self, views: ClassView, write: Write) -> None:
        self.views = views
        self.write = write
        self.function = views.facts.program.function(write.method)
        self.receiver = self.function.parameters[0].name

    def form(self, is_from_data: bool) -> str:
        write, value = self.write, self.write.value
        if write.kind == "given":
            return "given"
        if write.kind == "augment" or (write.kind == "call" and write.word in _MIXING):
            return "mixed"
        if value is None:
            return "set"
        if self._is_same(value):
            return "moved"
        if self._mixes(value):
            return "mixed"
        if write.kind == "item" or (write.kind == "call" and write.word not in OVERWRITING):
            return "stored" if is_from_data else "set"
        if self._grows(value):
            return "stored"
        return "set"

    def _is_held(self, operand: Operand) -> bool:
        while True:
            if isinstance(operand, model.Attribute) and is_attribute(operand, self.receiver, operand.name):
                return operand.name == self.write.attribute
            if isinstance(operand, model.Index) or (isinstance(operand, model.Attribute) and operand.name in _SAME):
                operand = operand.value
            elif (
                isinstance(operand, model.CallSite)
                and isinstance(operand.func, model.Attribute)
                and operand.func.name in _SAME
            ):
                operand = operand.func.value
            else:
                return False

    def _is_same(self, operand: Operand) -> bool:
        return not isinstance(operand, model.Index) and self._is_held(operand) and self.write.kind == "set"

    def _mixes(self, operand: Operand, depth: int = 0) -> bool:
        """Whether arithmetic makes the new value from the old one."""
        if depth > MAX_DEPTH + 2:
            return False
        if isinstance(operand, model.Binary):
            return any(self._is_held(p) or self._mixes(p, depth + 1) for p in (operand.left, operand.right))
        if isinstance(operand, model.Name):
            bound = _values(self.function.body, operand.id)
            return len(bound) <= 2 and any(self._mixes(value, depth + 1) for value in bound)
        if isinstance(operand, model.Unary):
            return self._mixes(operand.value, depth + 1)
        if isinstance(operand, model.Choice):
            return self._mixes(operand.body, depth + 1) or self._mixes(operand.orelse, depth + 1)
        if isinstance(operand, model.CallSite):
            args = [argument.value for argument in operand.args]
            if api_of(self.views.facts, self.write.method, operand.func) is not None:
                held = sum(self._is_held(a) for a in args)
                word = operand.func.name if isinstance(operand.func, model.Attribute) else ""
                if held and len(args) > 1 and word not in ("cat", "concat", "stack", "concatenate", "where"):
                    return True
                return any(self._mixes(a, depth + 1) for a in args)
            if isinstance(operand.func, model.Attribute):
                value = operand.func.value
                if self._mixes(value, depth + 1):
                    return True
                is_arithmetic = operand.func.name in {name.rstrip("_") for name in _MIXING}
                return is_arithmetic and (self._is_held(value) or any(map(self._is_held, args)))
        return False

    def _grows(self, operand: Operand) -> bool:
        """Whether the new value holds the old one, and no layer of the object is called for it."""
        parts = list(walk(operand))
        funcs = [part.func for part in parts if isinstance(part, model.CallSite)]
        is_called = any(isinstance(f, model.Attribute) and is_attribute(f, self.receiver, f.name) for f in funcs)
        return not is_called and any(self._is_held(part) for part in parts)

    def is_complementary(self) -> bool:
        """`m * old + (1 - m) * new`, or an interpolation."""
        statement = self.write.statement
        value = statement.value if isinstance(statement, model.Bind | model.Evaluate) else None
        parts = list(walk(value)) if value is not None else []
        words = {p.func.name for p in parts if isinstance(p, model.CallSite) and isinstance(p.func, model.Attribute)}
        if words & {"lerp", "lerp_"} or words >= {"mul_", "add_"}:
            return True
        sums = [part for part in parts if isinstance(part, model.Binary)]
        if any(part.operator == "-" and _number(part.left) == 1 for part in sums):
            return True
        return any(part.operator == "+" and abs(_weight(part.left) + _weight(part.right) - 1) < 1e-9 for part in sums)

    def is_factor(self) -> bool:
        """`*=`, `/=`, or a value made by multiplying what was there."""
        if self.write.kind == "augment":
            return self.write.word in ("*", "/")
        value = self.write.value
        return value is not None and any(
            isinstance(part, model.Binary)
            and part.operator in ("*", "/")
            and (self._is_held(part.left) or self._is_held(part.right))
            for part in walk(value)
        )


def _number(operand: Operand) -> float:
    """A literal number, 0 for anything else."""
    value = operand.value if isinstance(operand, model.Literal) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _weight(operand: Operand) -> float:
    """The literal factor of a product."""
    if isinstance(operand, model.Binary) and operand.operator == "*":
        return _number(operand.left) or _number(operand.right)
    return 0.0


def _values(body: list[model.Statement], name: str) -> list[Operand]:
    return [
        statement.value
        for statement in statements_of(body)
        if isinstance(statement, model.Bind) and statement.value is not None
        if any(isinstance(target, model.Name) and target.id == name for target in statement.targets)
    ]
