"""Which arguments of a constructor change what a model computes, and no shape of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import forward_of
from ckptlint.facts.constructor_values import handed_to_base
from ckptlint.facts.project import Facts
from ckptlint.facts.written_calls import texts_of
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import is_named_in, operands_of, parts_of, walk, words_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Statement

MAX_NESTING = 4
"""Constructors that hand an argument on to one another."""
COMPUTING_WORDS = frozenset(
    "heads nhead nheads scale scaling slope eps epsilon gain activation act nonlinearity prenorm".split()
)
"""Words of an argument that, kept and read by the forward pass, decides what the model computes."""
CHOOSING_WORDS = frozenset("activation act nonlinearity nonlin".split())
"""Words of an argument that says which activation is used."""
DELIBERATE_WORDS = frozenset(
    (
        "loss training train eval mode export deploy inference return output verbose debug device dtype name "
        "pretrained weights checkpoint ckpt path drop dropout rate p prob cache upscale guidance temperature temp"
    ).split()
)
"""Words of arguments that may differ on purpose, or that make no difference at evaluation."""
HARMLESS_PARAMETERS = frozenset("dropout p device dtype inplace attn_drop proj_drop drop_path drop momentum".split())
"""Parameters of layers that make no difference at evaluation."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """Where an argument decides what is computed."""

    path: str
    at: model.Place
    what: str
    """The layer, or the attribute that the forward pass reads."""
    is_layer: bool = False
    """It is given to a layer of a library's."""


class TunedArguments:
    """Looks constructors up, each argument once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.program = facts.program
        self._known: dict[tuple[ClassKey, str], Tuned | bool] = {}

    def of(self, key: ClassKey, name: str, depth: int = 0) -> Tuned | bool:
        """Where an argument changes what is computed and no shape; True when it changes nothing, False when unknown."""
        asked = (key, name)
        if asked not in self._known:
            self._known[asked] = True  # A class within itself adds nothing.
            self._known[asked] = self._look(key, name, depth) if depth <= MAX_NESTING else False
        return self._known[asked]

    def _look(self, key: ClassKey, name: str, depth: int) -> Tuned | bool:
        init = self.facts.analyzer.classes.method(key, "__init__")
        if init is None:
            return False
        if words_of(name) & {"drop", "dropout"}:
            return True
        if words_of(name) & DELIBERATE_WORDS and not words_of(name) & COMPUTING_WORDS:
            return False
        constructor = self.program.function(init)
        uses = list(_Uses(self, key, init, constructor, depth).of(name))
        if any(use is False for use in uses):
            return False
        return next((use for use in uses if isinstance(use, Tuned)), True)


class _Uses:
    """What a constructor does with one argument, use by use."""

    def __init__(
        self, tuned: TunedArguments, key: ClassKey, init: FunctionKey, constructor: Function, depth: int
    ) -> None:
        self.tuned = tuned
        self.facts = tuned.facts
        self.key = key
        self.init = init
        self.constructor = constructor
        self.depth = depth
        self.own = constructor.parameters[0].name if constructor.parameters else ""

    def of(self, name: str) -> Iterator[Tuned | bool]:
        """Every use of an argument: where it is tuned, True when it makes no difference, False when it is unknown."""
        seen: set[int] = set()
        handed = handed_to_base(self.constructor)
        for statement in statements_of(self.constructor.body):
            if isinstance(statement, model.Assert | model.Raise):
                continue
            tests = {id(statement.test)} if isinstance(statement, model.Branch) else set[int]()
            for top in operands_of(statement):
                if id(top) in tests:
                    if is_named_in(top, name):
                        yield self._branch(statement, name)
                    continue
                yield from self._operand(statement, top, name, handed, seen)

    def _operand(
        self, statement: Statement, operand: Operand, name: str, handed: CallSite | None, seen: set[int]
    ) -> Iterator[Tuned | bool]:
        if isinstance(operand, CallSite):
            rest = [operand.func]
            for place, argument in enumerate(operand.args):
                if isinstance(argument.value, model.Name) and argument.value.id == name and not argument.star:
                    yield self._given(operand, place, name, handed)
                else:
                    rest.append(argument.value)
            for part in rest:
                yield from self._operand(statement, part, name, handed, seen)
            return
        if isinstance(operand, model.Index) and is_named_in(operand, name) and words_of(name) & CHOOSING_WORDS:
            yield self._chosen(operand, name)
            return
        if isinstance(operand, model.Name):
            if operand.id == name:
                yield self._kept(statement, operand, name)
            return
        if isinstance(operand, model.Choice) and is_named_in(operand.test, name):
            yield self._alternatives([operand.body], [operand.orelse], name, operand.at)
            return
        for part in parts_of(operand):
            yield from self._operand(statement, part, name, handed, seen)

    # ------------------------------------------------------------------------------------------- given to a call

    def _given(self, call: CallSite, place: int, name: str, handed: CallSite | None) -> Tuned | bool:
        """What a call does with the argument that it is given."""
        if any(a.star == 1 for a in call.args[:place]):
            return False
        if call is handed:
            return self._handed_to_base(call, place)
        func = call.func
        if isinstance(func, model.Name) and func.id in ("isinstance", "print", "callable", "len", "str", "repr"):
            return True
        if isinstance(func, model.Name) and func.id == "getattr" and words_of(name) & CHOOSING_WORDS:
            return Tuned(self.init.path, call.at, "the activation")
        atom = self.facts.program.resolve(self.init.path, func)
        if isinstance(atom, ClassAtom):
            return self._given_to_class(atom.key, call, place)
        api = self.facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        if api is None or api.role not in (Role.LAYER, Role.CONTAINER):
            return False
        parameter = _parameter_of(api, call, place)
        if parameter in texts_of(api.options.get("tuned")):
            return Tuned(self.init.path, call.at, api.name.rpartition(".")[2], True)
        return parameter in HARMLESS_PARAMETERS

    def _handed_to_base(self, call: CallSite, place: int) -> Tuned | bool:
        owner = self.facts.analyzer.owner_of(self.init)
        classes = self.facts.analyzer.classes
        after = classes.method(self.key, "__init__", after=owner) if owner is not None else None
        base = self.facts.analyzer.owner_of(after) if after is not None else None
        return self._given_to_class(base, call, place) if base is not None else False

    def _given_to_class(self, key: ClassKey, call: CallSite, place: int) -> Tuned | bool:
        init = self.facts.analyzer.classes.method(key, "__init__")
        if init is None or not self.facts.analyzer.classes.hierarchy(key).is_module:
            return False
        parameters = self.facts.program.function(init).parameters[1:]
        argument = call.args[place]
        if argument.keyword is not None:
            wanted = next((p.name for p in parameters if p.name == argument.keyword), None)
        else:
            names = [p.name for p in parameters if p.kind in ("positional", "any")]
            wanted = names[place] if place < len(names) else None
        return self.tuned.of(key, wanted, self.depth + 1) if wanted is not None else False

    # --------------------------------------------------------------------------------------------- kept or chosen

    def _kept(self, statement: Statement, operand: model.Name, name: str) -> Tuned | bool:
        """An argument that an attribute keeps: what the forward pass does with it."""
        if not isinstance(statement, model.Bind) or statement.value is not operand:
            return self._derived(statement, name)
        for target in statement.targets:
            if not isinstance(target, model.Attribute) or not _is_own(target, self.own):
                return False
            if not self._is_only_read(target.name):
                return False
            if self._is_computed_with(target.name):
                return Tuned(self.init.path, statement.at, f"self.{target.name}")
        return True

    def _derived(self, statement: Statement, name: str) -> Tuned | bool:
        """What is computed of it, when an attribute keeps that, and no layer is built with the attribute."""
        if isinstance(statement, model.Bind) and words_of(name) & COMPUTING_WORDS:
            targets = [t for t in statement.targets if isinstance(t, model.Attribute) and _is_own(t, self.own)]
            if len(targets) == len(statement.targets) and all(self._is_only_read(t.name) for t in targets):
                return True
        return False

    def _is_only_read(self, attribute: str) -> bool:
        """Whether a constructor builds no layer with an attribute."""
        for statement in statements_of(self.constructor.body):
            for top in operands_of(statement):
                for part in walk(top):
                    if isinstance(part, CallSite) and any(
                        isinstance(inner, model.Attribute) and inner.name == attribute and _is_own(inner, self.own)
                        for argument in part.args
                        for inner in walk(argument.value)
                    ):
                        return False
        return True

    def _is_computed_with(self, attribute: str) -> bool:
        """Whether the forward pass reads it, and its name says that it decides what is computed."""
        words = words_of(attribute)
        if not words & COMPUTING_WORDS and not ("head" in words and words & {"n", "num"}):
            return False
        forward = forward_of(self.facts, self.key)
        if forward is None:
            return False
        function = self.facts.program.function(forward)
        receiver = function.parameters[0].name if function.parameters else ""
        for statement in statements_of(function.body):
            for top in operands_of(statement):
                for part in walk(top):
                    if isinstance(part, model.Attribute) and part.name == attribute and _is_own(part, receiver):
                        return True
        return False

    def _branch(self, statement: Statement, name: str) -> Tuned | bool:
        if not isinstance(statement, model.Branch):
            return False
        if _only_raises(statement):
            return True
        taken = [*_values(statement.body)]
        other = [*_values(statement.orelse)]
        return self._alternatives(taken, other, name, statement.at)

    def _chosen(self, operand: model.Index, name: str) -> Tuned | bool:
        """`{"relu": nn.ReLU(), …}[activation]`."""
        return Tuned(self.init.path, operand.at, "the activation")

    def _alternatives(self, first: list[Operand], second: list[Operand], name: str, at: model.Place) -> Tuned | bool:
        """Layers without weights, one or the other of which a test of the argument chooses."""
        if not words_of(name) & CHOOSING_WORDS:
            return False
        if first and all(self._has_no_weights(value) for value in (*first, *second)):
            return Tuned(self.init.path, at, "the activation")
        return False

    def _has_no_weights(self, value: Operand) -> bool:
        func = value.func if isinstance(value, CallSite) else value
        atom = self.facts.program.resolve(self.init.path, func)
        api = self.facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        if api is None:
            return False
        return api.options.get("parameters") is False or api.role not in (*MODULE_ROLES, Role.FUNCTIONAL)


def _is_own(operand: model.Attribute, receiver: str) -> bool:
    return isinstance(operand.value, model.Name) and operand.value.id == receiver


def _parameter_of(api: Api, call: CallSite, place: int) -> str | None:
    argument = call.args[place]
    if argument.keyword is not None:
        return argument.keyword
    before = sum(1 for a in call.args[:place] if a.keyword is None)
    names = [p for p in api.params if not p.startswith("*")]
    return names[before] if before < len(names) and before < _positional(api) else None


def _positional(api: Api) -> int:
    return next((i for i, p in enumerate(api.params) if p.startswith("*")), len(api.params))


def _only_raises(branch: model.Branch) -> bool:
    return all(isinstance(s, model.Raise | model.Assert) for s in branch.body) and not branch.orelse


def _values(body: list[Statement]) -> Iterator[Operand]:
    """What the statements of an arm give, those of a chain of `elif` included."""
    for statement in body:
        if isinstance(statement, model.Branch):
            yield from _values(statement.body)
            yield from _values(statement.orelse)
        elif isinstance(statement, model.Bind) and statement.value is not None:
            yield statement.value
        elif not isinstance(statement, model.Raise):
            yield model.Literal(statement.at, None)
