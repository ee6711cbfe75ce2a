"""What an operand within a method gives: a tensor, a number or an array, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ckptlint.facts.attribute_views import ClassView
from ckptlint.facts.classes import is_attribute
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ApiAtom, FunctionAtom, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import parts_of, walk
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
_REDUCING = frozenset("sum mean max min prod norm std var median numel".split())
"""Functions and methods that make one number of a whole tensor."""
_LITERALS = {int: "number", float: "number", bool: "flag", type(None): "nothing"}
_NUMBERS = frozenset({"int", "float", "max", "min", "abs", "round", "len", "sum", "pow"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What an operand gives."""

    what: str
    """"tensor", "number", "array", "flag" (a truth value), "nothing" (None)."""
    values: str
    """"random", "constant" (the same whenever the constructor runs with the same arguments), "unknown"."""
    is_placed: bool = False
    """It is made on, or moved to, a device that was chosen."""
    is_scalar: bool = False
    is_trained: bool = False
    """It asks for gradients."""
    is_sure: bool = True
    """On no path may it be something else, like what a caller gives."""


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
        self._held: dict[str, Kind | None] = {}
        """Names, and attributes with a dot, whose other values are being joined."""
        self._following: frozenset[FunctionKey] = frozenset()

    def of(self, operand: Operand, depth: int = 0) -> Kind | None:
        """The kind of an operand, None when it is not known."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(operand, model.Literal):
            what = _LITERALS.get(type(operand.value))
            return Kind(what, "constant", is_scalar=True) if what is not None else None
        if isinstance(operand, model.Unary) and operand.operator != "not":
            return self.of(operand.value, depth + 1)
        if isinstance(operand, model.Name):
            return self._name(operand, depth)
        if isinstance(operand, model.Binary):
            return _joined((self.of(operand.left, depth + 1), self.of(operand.right, depth + 1)))
        if isinstance(operand, model.Choice):
            return either([self.of(operand.body, depth + 1), self.of(operand.orelse, depth + 1)])
        if isinstance(operand, model.Index):
            held = self.of(operand.value, depth + 1)
            if held is None or held.what not in ("tensor", "array"):
                return None
            return replace(held, is_scalar=held.is_scalar or all(map(is_position, operand.items)))
        if isinstance(operand, model.Attribute):
            if is_attribute(operand, self.receiver, operand.name) and self.function.model is not None:
                return self._attribute(operand, depth)
            held = self.of(operand.value, depth + 1)
            return held if held is not None and operand.name in ("data", "T", "mT", "real", "imag") else None
        if isinstance(operand, model.CallSite):
            return self._call(operand, depth)
        return None

    def filled_by(self, word: str) -> str | None:
        """The values that a method leaves in a tensor, None when it keeps some."""
        return "random" if word in FILLING else "constant" if word in ("zero_", "fill_") else None

    def registers(self, operand: Operand | None) -> bool:
        """Whether an operand is a parameter or buffer made here."""
        row = api_of(self.facts, self.key, operand.func) if isinstance(operand, model.CallSite) else None
        return row is not None and "registers" in row.options

    def _attribute(self, operand: model.Attribute, depth: int) -> Kind | None:
        """What the same method has stored in an attribute of the object."""
        name = f".{operand.name}"
        if name in self._held:
            return self._held[name]
        view = self.views.view(self.key)
        writes = [w for w in view.writes if w.attribute == operand.name and w.statement.at < operand.at]
        if not writes or any(w.kind != "set" or w.value is None for w in writes):
            return None
        values = [w.value for w in writes if w.value is not None and not self.registers(w.value)]
        return self._several(name, [(value, False) for value in values], False, depth)

    def _name(self, operand: model.Name, depth: int) -> Kind | None:
        if operand.id in self._held:
            return self._held[operand.id]
        bound = [*_bindings(self.function.body, operand.id)]
        for parameter in self.function.parameters:
            if parameter.name == operand.id:
                if bound:
                    return self._several(operand.id, bound, True, depth)
                default = self.of(parameter.default, depth + 1) if parameter.default is not None else None
                annotation = parameter.annotation
                is_number = isinstance(annotation, model.Name) and annotation.id in ("int", "float")
                if is_number or (default is not None and default.what == "number"):
                    return Kind("number", "constant", is_scalar=True)
                return None
        return self._several(operand.id, bound, False, depth) if bound else None

    def _several(self, name: str, bound: list[tuple[Operand | None, bool]], is_given: bool, depth: int) -> Kind | None:
        """What a name holds after any of what it is bound to, or changed by in part."""
        held: Kind | None = None
        try:
            own = [value is not None and any(map(self._is(name), walk(value))) for value, _ in bound]
            whole = [v for (v, is_part), is_own in zip(bound, own, strict=True) if not is_part and not is_own]
            first = [self.of(value, depth + 1) if value is not None else None for value in whole]
            held = either([*first, None] if is_given else first)
            if held is None:
                return None
            self._held[name] = held
            for (value, is_part), is_own in zip(bound, own, strict=True):
                if is_own and not is_part:
                    held = either([held, self.of(value, depth + 1) if value is not None else None])
                    if held is None:
                        return None
                    self._held[name] = held
                elif is_part:
                    part = self.of(value, depth + 1) if value is not None else None
                    values = part.values if part is not None else "unknown"
                    held = self._held[name] = replace(held, values=_mixed([held.values, values]))
            return held
        finally:
            self._held.pop(name, None)

    def _is(self, name: str) -> Callable[[Operand], bool]:
        if name.startswith("."):
            return lambda operand: is_attribute(operand, self.receiver, name[1:])
        return lambda operand: isinstance(operand, model.Name) and operand.id == name

    def _returned(self, depth: int) -> Kind | None:
        """What the function gives, when every return gives the same kind of thing."""
        returns = [s for s in statements_of(self.function.body) if isinstance(s, model.Return)]
        return either([self.of(s.value, depth + 1) if s.value is not None else None for s in returns])

    def _own(self, call: model.CallSite, depth: int) -> Kind | None:
        """What a method of the class, or a function of the project, gives."""
        callee: FunctionKey | None = None
        if self.function.model is not None:
            callee = self.views.called(call, self.views.view(self.key), self.receiver)
        if callee is None and isinstance(call.func, model.Name) and call.func.id not in self.function.bound:
            atom = self.facts.program.resolve(self.key.path, call.func)
            callee = atom.key if isinstance(atom, FunctionAtom) else None
        if callee is None or callee == self.key or callee in self._following:
            return None
        function = self.facts.program.function(callee)
        if function.is_generator or function.is_async or not _is_plain(function):
            return None
        inner = Values(self.views, callee)
        inner._following = self._following | {self.key}
        return inner._returned(depth)

    def _call(self, call: model.CallSite, depth: int) -> Kind | None:
        func = call.func
        row = api_of(self.facts, self.key, func)
        if row is not None:
            return self._library(call, row, depth)
        own = self._own(call, depth)
        if own is not None or not isinstance(func, model.Attribute):
            return own
        held = self.of(func.value, depth + 1)
        if held is not None and func.name == "type" and call.args:
            return replace(held, is_placed=True)  # A type names a device too.
        if held is None or func.name in ASKING or held.what not in ("tensor", "array"):
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
        if func.name in _REDUCING and not call.args:
            return replace(held, is_scalar=True)
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
        if row.role is Role.VALUE or (row.role is Role.HARMLESS and row.options.get("returns", "data") == "data"):
            return self._computed(row, kinds)
        return None

    def _computed(self, row: Api, kinds: list[Kind | None]) -> Kind | None:
        module, _, name = row.name.rpartition(".")
        if module == "builtins" and name in ("float", "int", "len"):
            return Kind("number", _mixed(kind.values if kind is not None else "unknown" for kind in kinds), False, True)
        if module == "builtins":
            return _joined([Kind("number", "constant"), *kinds]) if name in _NUMBERS else None
        if row.options.get("framework") == "python":
            is_number = bool(kinds) and all(k is not None and k.what == "number" for k in kinds)
            return _joined(kinds) if is_number else None
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
            is_class = row.name.rpartition(".")[2][:1].isupper()
            if isinstance(given[0], model.Sequence):
                items = [kind.values for kind in (self.of(v, depth + 1) for v in given[0].items) if kind is not None]
                values = "random" if "random" in items else "constant"
                return Kind("tensor", values, is_placed, False, is_trained)
            first = Kind("array", "unknown") if isinstance(given[0], model.Comprehension) else kinds[0]
            if is_class and len(given) > 1:
                return Kind("tensor", "unknown", is_placed)  # A size: memory that nothing has filled yet.
            # What is not known may be one number: such a tensor mixes with those of any device.
            is_scalar = not is_class and (first is None or first.is_scalar)
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
        joined = _joined(parts)
        is_reduced = row.name.rpartition(".")[2] in _REDUCING and len(call.args) == 1
        return replace(joined, is_scalar=True) if joined is not None and is_reduced else joined


def is_position(operand: Operand) -> bool:
    """Whether an index is one position."""
    operand = operand.value if isinstance(operand, model.Unary) else operand
    return isinstance(operand, model.Name) or (isinstance(operand, model.Literal) and isinstance(operand.value, int))


def _mixed(values: Iterable[str]) -> str:
    """Of values that are put together."""
    held = set(values)
    return "random" if "random" in held else "constant" if held == {"constant"} else "unknown"


def _joined(kinds: Iterable[Kind | None]) -> Kind | None:
    """What arithmetic with all of them gives."""
    held = list(kinds)
    known = [kind for kind in held if kind is not None and kind.what not in ("flag", "nothing")]
    what = next((w for w in ("tensor", "array", "number") if any(k.what == w for k in known)), None)
    if what is None or (what == "number" and len(known) < len(held)):
        return None
    values = _mixed([*(k.values for k in known), *(["unknown"] if len(known) < len(held) else [])])
    is_sure = all(k.is_sure for k in known)
    return Kind(what, values, any(k.is_placed for k in known), all(k.is_scalar for k in known), False, is_sure)


def either(kinds: list[Kind | None]) -> Kind | None:
    """What may be any one of them; None stands for what is not known."""
    known = [kind for kind in kinds if kind is not None and kind.what != "nothing"]
    if not known:
        return kinds[0] if kinds and all(kind is not None for kind in kinds) else None
    if len({kind.what for kind in known}) > 1 or (known[0].what in ("number", "flag") and len(known) < len(kinds)):
        return None
    is_sure = all(kind is not None for kind in kinds) and all(k.is_sure for k in known)
    is_placed, is_scalar = any(k.is_placed for k in known), any(k.is_scalar for k in known)
    values = _mixed(k.values for k in known)
    return Kind(known[0].what, values, is_placed, is_scalar, any(k.is_trained for k in known), is_sure)


def _is_plain(function: model.Function) -> bool:
    """Whether decorators change nothing of what a function gives."""
    return all(isinstance(d, model.Name) and d.id in ("staticmethod", "classmethod") for d in function.decorators)


def _bindings(body: list[model.Statement], name: str) -> Iterator[tuple[Operand | None, bool]]:
    """What a local name is bound to, or changed by in part (True); None where that is no operand of its own."""
    for statement in statements_of(body):
        if isinstance(statement, model.Bind) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, model.Name) and target.id == name:
                    yield statement.value, False
                elif isinstance(target, model.Index) and name in _names(target):
                    yield statement.value, True
                elif name in _names(target):
                    yield None, False
        elif isinstance(statement, model.Augment) and name in _names(statement.target):
            yield statement.value, True
        elif isinstance(statement, model.Loop) and statement.target is not None and name in _names(statement.target):
            yield None, False
        elif isinstance(statement, model.Evaluate) and isinstance(statement.value, model.CallSite):
            func = statement.value.func
            if isinstance(func, model.Attribute) and func.name.endswith("_"):
                given = [argument.value for argument in statement.value.args]
                if name in _names(func.value):
                    yield (statement.value if func.name in FILLING else given[0] if given else None), True
                elif given and name in _names(given[0]):
                    yield None, True


def _names(target: Operand) -> set[str]:
    if isinstance(target, model.Name):
        return {target.id}
    if isinstance(target, model.Attribute):
        return set()
    if isinstance(target, model.Index):
        return _names(target.value)
    return {name for part in parts_of(target) for name in _names(part)}


def _is_false(operand: Operand) -> bool:
    return isinstance(operand, model.Literal) and operand.value is False


def _keyword(call: model.CallSite, name: str) -> bool:
    return any(argument.keyword == name for argument in call.args)
