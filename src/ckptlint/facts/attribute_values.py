"""What an operand within a method gives: a tensor, a number or an array, and where its values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ckptlint.facts.attribute_views import ClassView
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ApiAtom, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import parts_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

MAX_DEPTH = 8
"""Names and calls followed for one operand."""
PLACING = frozenset("to cuda type_as new_tensor".split())
"""Methods of tensors that choose where the result is."""
FILLING = frozenset("normal_ uniform_ random_ bernoulli_ exponential_ log_normal_ cauchy_ geometric_".split())
"""Methods that fill a tensor with random numbers."""
ASKING = frozenset(
    "shape device dtype ndim is_cuda requires_grad layout itemsize nbytes size dim numel element_size nelement "
    "get_device is_contiguous data_ptr stride type is_floating_point".split()
)
"""Attributes and methods that tell the form of a tensor or array, not its values."""
_NUMBERS = frozenset({"int", "float", "max", "min", "abs", "round", "len", "sum", "pow"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operand gives."""

    what: str
    """"tensor", "number", "array"."""
    values: str
    """"random", "constant" (the same whenever the constructor runs with the same arguments), "unknown"."""
    is_placed: bool = False
    """It is made on, or moved to, a device that was chosen."""
    is_scalar: bool = False
    is_trained: bool = False
    """It asks for gradients."""


def framework_apis(facts: Facts, views: ClassView) -> Iterator[Api]:
    """The rows of the library classes that a class of models derives from."""
    for api in facts.analyzer.classes.hierarchy(views.key).apis:
        if api.role in (Role.MODULE_BASE, Role.LAYER, Role.CONTAINER, Role.MODEL):
            yield api


def api_of(facts: Facts, key: FunctionKey, func: Operand) -> Api | None:
    """The row of the library function that an operand names within a function of the project."""
    root = func
    while isinstance(root, model.Attribute):
        root = root.value
    if isinstance(root, model.Name) and root.id in facts.program.function(key).bound:
        return None
    atom = facts.program.resolve(key.path, func)
    return facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None


class Values:
    """Kinds of operands of one method."""

    def __init__(self, views: ClassView, key: FunctionKey) -> None:
        self.facts = views.facts
        self.views = views
        self.key = key
        self.function = self.facts.program.function(key)
        self.receiver = self.function.parameters[0].name if self.function.parameters else ""

    def of(self, operand: Operand, depth: int = 0) -> Kind | None:
        """The kind of an operand, None when it is not known."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(operand, model.Literal):
            is_number = isinstance(operand.value, int | float) and not isinstance(operand.value, bool)
            return Kind("number", "constant", is_scalar=True) if is_number else None
        if isinstance(operand, model.Unary) and operand.operator != "not":
            return self.of(operand.value, depth + 1)
        if isinstance(operand, model.Name):
            return self._name(operand, depth)
        if isinstance(operand, model.Binary):
            return _joined((self.of(operand.left, depth + 1), self.of(operand.right, depth + 1)))
        if isinstance(operand, model.Choice):
            body, orelse = self.of(operand.body, depth + 1), self.of(operand.orelse, depth + 1)
            return _joined((body, orelse)) if body and orelse and body.what == orelse.what else None
        if isinstance(operand, model.Index):
            held = self.of(operand.value, depth + 1)
            return held if held is not None and held.what in ("tensor", "array") else None
        if isinstance(operand, model.Attribute):
            held = self.of(operand.value, depth + 1)
            return held if held is not None and operand.name in ("data", "T", "mT", "real", "imag") else None
        if isinstance(operand, model.CallSite):
            return self._call(operand, depth)
        return None

    def filled_by(self, word: str) -> str | None:
        """The values that a method leaves in a tensor, None when it keeps some."""
        return "random" if word in FILLING else "constant" if word in ("zero_", "fill_") else None

    def _name(self, operand: model.Name, depth: int) -> Kind | None:
        for parameter in self.function.parameters:
            if parameter.name == operand.id:
                default = self.of(parameter.default, depth + 1) if parameter.default is not None else None
                annotation = parameter.annotation
                is_number = isinstance(annotation, model.Name) and annotation.id in ("int", "float")
                if is_number or (default is not None and default.what == "number"):
                    return Kind("number", "constant", is_scalar=True)
                return None
        bound = [*_bindings(self.function.body, operand.id)]
        return self.of(bound[0], depth + 1) if len(bound) == 1 and bound[0] is not None else None

    def _call(self, call: model.CallSite, depth: int) -> Kind | None:
        func = call.func
        row = api_of(self.facts, self.key, func)
        if row is not None:
            return self._library(call, row, depth)
        if not isinstance(func, model.Attribute):
            return None
        held = self.of(func.value, depth + 1)
        if held is None or func.name in ASKING or held.what == "number":
            return None
        if func.name in ("item", "tolist"):
            return Kind("number", held.values, is_scalar=True) if func.name == "item" else None
        if func.name in ("numpy", "cpu"):
            return replace(held, what="array") if func.name == "numpy" else held
        if func.name in FILLING:
            values = "unknown" if _keyword(call, "generator") else "random"
            return replace(held, values=values)
        if func.name in PLACING:
            return replace(held, is_placed=True)
        if func.name == "requires_grad_":
            return replace(held, is_trained=not any(_is_false(a.value) for a in call.args))
        return held

    def _library(self, call: model.CallSite, row: Api, depth: int) -> Kind | None:
        given = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
        named = {a.keyword: a.value for a in call.args if a.keyword}
        if row.role is Role.TENSOR:
            return self._tensor(call, row, given, named, depth)
        if row.role in (Role.IDENTITY, Role.COPY):
            passed = row.given("of", row.bind(given, named))
            return self.of(passed[0], depth + 1) if passed else None
        kinds = [self.of(value, depth + 1) for value in [*given, *named.values()]]
        is_class = row.name.rpartition(".")[2][:1].isupper()
        if row.role is Role.RANDOM and row.options.get("kind", "draw") == "draw" and not is_class:
            source = row.options.get("source")
            values = "unknown" if "generator" in named or source == "own" else "random"
            what = {"numpy": "array", "python": "number"}.get(str(source), "tensor")
            return Kind(what, values, "device" in named)
        if row.role is Role.FUNCTIONAL:
            return _joined(kinds) if any(k is not None and k.what == "tensor" for k in kinds) else None
        if row.role is Role.HARMLESS and row.options.get("returns", "data") == "data":
            return self._computed(row, kinds)
        return None

    def _computed(self, row: Api, kinds: list[Kind | None]) -> Kind | None:
        module, _, name = row.name.rpartition(".")
        if module == "builtins":
            return _joined([Kind("number", "constant"), *kinds]) if name in _NUMBERS else None
        if name[:1].isupper() or module.count("."):
            return None
        values = "random" if any(k is not None and k.values == "random" for k in kinds) else "unknown"
        return Kind("array", values)

    def _tensor(
        self, call: model.CallSite, row: Api, given: list[Operand], named: dict[str, Operand], depth: int
    ) -> Kind | None:
        if "registers" in row.options:
            return None
        is_placed = "device" in named or ".cuda." in row.name
        is_trained = "requires_grad" in named and not _is_false(named["requires_grad"])
        values = row.options.get("values")
        if values == "random":
            return Kind("tensor", "unknown" if "generator" in named else "random", is_placed, False, is_trained)
        if values == "constant":
            is_empty = row.name.rpartition(".")[2].startswith("empty")
            return Kind("tensor", "unknown" if is_empty else "constant", is_placed, False, is_trained)
        kinds = [self.of(value, depth + 1) for value in given]
        if "of" in row.options:
            if not given:
                return None
            if isinstance(given[0], model.Sequence) and _is_literal(given[0]):
                return Kind("tensor", "constant", is_placed, False, is_trained)
            first = kinds[0]
            if row.name.rpartition(".")[2][:1].isupper() and (first is None or first.what == "number"):
                return Kind("tensor", "unknown", is_placed)  # A size: memory that nothing has filled yet.
            is_scalar = first is not None and first.is_scalar
            return Kind("tensor", first.values if first else "unknown", is_placed, is_scalar, is_trained)
        parts = [
            kind
            for value in given
            for kind in (
                [self.of(v, depth + 1) for v in value.items]
                if isinstance(value, model.Sequence)
                else [self.of(value, depth + 1)]
            )
        ]
        if row.name.rpartition(".")[2][:1].isupper() or not any(k is not None and k.what == "tensor" for k in parts):
            return None
        return _joined(parts)


def _joined(kinds: Iterable[Kind | None]) -> Kind | None:
    held = list(kinds)
    known = [kind for kind in held if kind is not None]
    what = next((w for w in ("tensor", "array", "number") if any(k.what == w for k in known)), None)
    if what is None or (what == "number" and len(known) < len(held)):
        return None
    values = "constant" if len(known) == len(held) and all(k.values == "constant" for k in known) else "unknown"
    if any(k.values == "random" for k in known):
        values = "random"
    return Kind(what, values, any(k.is_placed for k in known), all(k.is_scalar for k in known), False)


def _bindings(body: list[model.Statement], name: str) -> Iterator[Operand | None]:
    """What a local name is bound to, None where that is no operand of its own."""
    for statement in statements_of(body):
        if isinstance(statement, model.Bind) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, model.Name) and target.id == name:
                    yield statement.value
                elif not isinstance(target, model.Name) and name in _names(target):
                    yield None
        elif (isinstance(statement, model.Augment) and name in _names(statement.target)) or (
            isinstance(statement, model.Loop) and statement.target is not None and name in _names(statement.target)
        ):
            yield None
        elif isinstance(statement, model.Evaluate) and isinstance(statement.value, model.CallSite):
            func = statement.value.func
            if isinstance(func, model.Attribute) and func.name.endswith("_") and name in _names(func.value):
                yield None


def _names(target: Operand) -> set[str]:
    if isinstance(target, model.Name):
        return {target.id}
    if isinstance(target, model.Attribute):
        return set()
    if isinstance(target, model.Index):
        return _names(target.value)
    return {name for part in parts_of(target) for name in _names(part)}


def _is_literal(display: model.Sequence) -> bool:
    return all(
        isinstance(item, model.Literal | model.Unary) or (isinstance(item, model.Sequence) and _is_literal(item))
        for item in display.items
    )


def _is_false(operand: Operand) -> bool:
    return isinstance(operand, model.Literal) and operand.value is False


def _keyword(call: model.CallSite, name: str) -> bool:
    return any(argument.keyword == name for argument in call.args)
