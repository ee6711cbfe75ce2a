"""What data go through between where they are loaded and where a model is given them, when all of it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ckptlint.facts.bindings import Unclear, binding_of, path_to
from ckptlint.facts.comparisons import Level, levels_of
from ckptlint.facts.options import RANDOM_WORDS
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ApiAtom, FunctionAtom, Site
from ckptlint.flow.written import words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import fold
from ckptlint.semantics.model import CallSite, Function, Operand, Place

MAX_STEPS = 40
"""Operands followed from a model back to the source of its data."""
SOURCE_WORDS = frozenset("load read fetch get open generate".split())
"""Words of calls that data come from."""
VALUE_WORDS = frozenset(
    (
        "preprocess preprocessing preproc normalize normalise normalization standardize standardise standardization "
        "scale rescale whiten resize"
    ).split()
)
"""Words of functions that no evaluation leaves out on purpose."""
SAME_VALUES = frozenset(
    (
        "array asarray ascontiguousarray expand_dims reshape tensor as_tensor from_numpy convert_to_tensor cast "
        "constant float32 float64 from_tensor_slices TensorDataset DataLoader list squeeze transpose moveaxis copy "
        "deepcopy tqdm iter Tensor FloatTensor astype to float double view unsqueeze flatten cuda cpu numpy toarray "
        "to_numpy permute batch prefetch cache shuffle contiguous detach clone"
    ).split()
)
"""Functions and methods whose result holds the values of their first argument, or of their receiver."""
SIGNS = {"div": "/", "div_": "/", "mul": "*", "mul_": "*", "/": "/", "*": "*", "-": "-", "+": "+"}
"""Operators and methods that compute with a number."""


@dataclass(frozen=True, slots=True)
class Step:
    """One treatment: `/ 255.0`, or the name of a function."""

    written: str
    at: Level
    sign: str = ""
    """The operator; "" for a call."""
    number: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """Data from their source to a model: the call they come from, which part of its result, and the treatments."""

    source: Level
    callee: str
    arguments: tuple[str, ...]
    part: tuple[int | str, ...]
    steps: tuple[Step, ...] = ()

    def after(self, step: Step) -> Course:
        """The same data, treated once more."""
        return replace(self, steps=(*self.steps, step))

    @property
    def treatment(self) -> tuple[object, ...]:
        """The steps in one form: names of calls, and (factor, offset) for arithmetic in a row."""
        found: list[object] = []
        for step in self.steps:
            if not step.sign:
                found.append(step.written)
                continue
            last = found[-1] if found else None
            before = last if isinstance(last, tuple) else (1.0, 0.0)
            now = _computed(before, step.sign, step.number)
            if isinstance(last, tuple):
                found.pop()
            if now != (1.0, 0.0):
                found.append(now)
        return tuple(found)


def _computed(before: tuple[float, float], sign: str, number: float) -> tuple[float, float]:
    factor, offset = before
    if sign in "*/":
        by = number if sign == "*" else 1.0 / number if number else 0.0
        factor, offset = factor * by, offset * by
    else:
        offset += number if sign == "+" else -number
    return float(f"{factor:.6g}"), float(f"{offset:.6g}")


def course_of(facts: Facts, site: Site) -> Course | None:
    """How the first argument of the call at a site came to be; None when part of that is not seen."""
    tracer = _Tracer(facts, levels_of(site))
    call = tracer.call(len(tracer.levels) - 1)
    given = first_argument(call) if call is not None else None
    try:
        return tracer.trace(len(tracer.levels) - 1, given, site.at, ()) if given is not None else None
    except Unclear:
        return None


def first_argument(call: CallSite) -> Operand | None:
    """The data that a call of a model, or of one of its methods, is given."""
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    named = [a.value for a in call.args if a.keyword in ("x", "X")]
    return next(iter(plain or named), None)


class _Tracer:
    """Follows operands backwards through straight code, from helpers to their callers."""

    def __init__(self, facts: Facts, levels: list[Level]) -> None:
        self.program = facts.program
        self.facts = facts
        self.levels = levels
        self.left = MAX_STEPS

    def call(self, depth: int) -> CallSite | None:
        """The call that leads from one level to the next."""
        return call_at(self.program, *self.levels[depth])

    def function(self, depth: int) -> Function | None:
        """The function that a level lies in."""
        path, at = self.levels[depth]
        record = self.program.record(path)
        if record is None or statement_at(self.program, path, at) is None:
            return None
        return self.facts.function_at(path, at) or record.functions[0]

    def trace(self, depth: int, operand: Operand, at: Place, part: tuple[int | str, ...]) -> Course | None:
        """Part `part` of what an operand at a place of a level holds."""
        self.left -= 1
        if self.left < 0:
            return None
        if isinstance(operand, model.Name):
            return self._name(depth, operand, at, part)
        if isinstance(operand, model.CallSite):
            return self._call(depth, operand, at, part)
        if isinstance(operand, model.Binary) and operand.operator in SIGNS:
            return self._computed(depth, operand.left, operand.operator, operand.right, operand.at, at, part)
        if isinstance(operand, model.Sequence) and part and isinstance(part[0], int) and part[0] < len(operand.items):
            return self.trace(depth, operand.items[part[0]], at, part[1:])
        if isinstance(operand, model.Sequence) and not part and operand.items:
            return self.trace(depth, operand.items[0], at, ())
        if isinstance(operand, model.Index) and len(operand.items) == 1:
            key = operand.items[0]
            if isinstance(key, model.Literal) and isinstance(key.value, int | str):
                return self.trace(depth, operand.value, at, (key.value, *part))
            return self.trace(depth, operand.value, at, part) if isinstance(key, model.Slice) else None
        if isinstance(operand, model.Attribute) and operand.name in ("values", "T"):
            return self.trace(depth, operand.value, at, part)
        return None

    def _name(self, depth: int, operand: model.Name, at: Place, part: tuple[int | str, ...]) -> Course | None:
        function = self.function(depth)
        if function is None:
            return None
        name = operand.id
        binding = binding_of(function, name, at)
        if binding is None:
            return self._given(depth, function, name, part)
        if isinstance(binding, model.Augment) and isinstance(binding.target, model.Name):
            if binding.operator not in SIGNS:
                return None
            return self._computed(depth, binding.target, binding.operator, binding.value, binding.at, binding.at, part)
        if isinstance(binding, model.Bind) and binding.value is not None:
            for target in binding.targets:
                found = path_to(target, name)
                if found is not None:
                    return self.trace(depth, binding.value, binding.at, (*found, *part))
        if isinstance(binding, model.Loop) and binding.target is not None:
            found = path_to(binding.target, name)
            if found is not None:
                return self.trace(depth, binding.iter, binding.at, (*found, *part))
        return None

    def _given(self, depth: int, function: Function, name: str, part: tuple[int | str, ...]) -> Course | None:
        """What the caller gave for a parameter that keeps its value."""
        names = [p.name for p in function.parameters if p.kind in ("positional", "any")]
        call = self.call(depth - 1) if depth else None
        if call is None or any(argument.star for argument in call.args) or name not in names:
            return None
        is_method = function.model is not None
        position = names.index(name) - is_method
        plain = [a.value for a in call.args if a.keyword is None]
        named = [a.value for a in call.args if a.keyword == name]
        given = named[0] if named else plain[position] if 0 <= position < len(plain) else None
        return self.trace(depth - 1, given, call.at, part) if given is not None else None

    def _computed(
        self, depth: int, left: Operand, sign: str, right: Operand, place: Place, at: Place, part: tuple[int | str, ...]
    ) -> Course | None:
        sign = SIGNS[sign]
        if sign in "*+" and _is_number(left):
            left, right = right, left
        number = fold(right)
        if not isinstance(number, int | float) or isinstance(number, bool):
            return None
        found = self.trace(depth, left, at, part)
        step = Step(f"{sign} {written(right)}", (self.levels[depth][0], place), sign, float(number))
        return found.after(step) if found is not None else None

    def _call(self, depth: int, call: CallSite, at: Place, part: tuple[int | str, ...]) -> Course | None:
        path = self.levels[depth][0]
        atom = self.program.resolve(path, call.func)
        name = call.func.name if isinstance(call.func, model.Attribute) else getattr(call.func, "id", "")
        if any(argument.star for argument in call.args):
            return None
        plain = [a.value for a in call.args if a.keyword is None]
        if isinstance(call.func, model.Attribute) and atom is None:
            if name in SIGNS and len(plain) == 1:
                return self._computed(depth, call.func.value, name, plain[0], call.at, at, part)
            return self.trace(depth, call.func.value, at, part) if name in SAME_VALUES else None
        if isinstance(atom, FunctionAtom):
            if words_of(name) & SOURCE_WORDS:
                return self._source(path, call, str(atom.key), part)
            position = part[0] if part and isinstance(part[0], int) else 0
            if not self._treats(atom, name) or position >= len(plain):
                return None
            found = self.trace(depth, plain[position], at, part[1:])
            return found.after(Step(name, (path, call.at))) if found is not None else None
        if not isinstance(atom, ApiAtom):
            return None
        api = self.program.catalog.api(self.program.catalog.canonical(atom.name))
        if api is not None and api.role is Role.SPLIT and part and isinstance(part[0], int):
            return self.trace(depth, plain[part[0] // 2], at, part[1:]) if part[0] // 2 < len(plain) else None
        if api is not None and api.options.get("treats") and plain:
            found = self.trace(depth, plain[0], at, part)
            return found.after(Step(name, (path, call.at))) if found is not None else None
        if name == "enumerate" and plain and part[:1] == (1,):
            return self.trace(depth, plain[0], at, part[1:])
        if name in SAME_VALUES and plain:
            several = len(plain) > 1 and api is not None and api.role is Role.DATASET
            index = part[0] if several and part and isinstance(part[0], int) else 0
            return self.trace(depth, plain[index], at, part[1:] if several else part) if index < len(plain) else None
        return self._source(path, call, atom.name, part) if words_of(name) & SOURCE_WORDS else None

    def _treats(self, atom: FunctionAtom, name: str) -> bool:
        """Whether a function's name says what it does to the values, and nothing in it is drawn."""
        called = self.program.function(atom.key).mentions
        return bool(words_of(name) & VALUE_WORDS) and not any(words_of(word) & RANDOM_WORDS for word in called)

    def _source(self, path: str, call: CallSite, callee: str, part: tuple[int | str, ...]) -> Course:
        return Course((path, call.at), callee, tuple(written(a.value) for a in call.args), part)


def _is_number(operand: Operand) -> bool:
    value = fold(operand)
    return isinstance(value, int | float) and not isinstance(value, bool)
