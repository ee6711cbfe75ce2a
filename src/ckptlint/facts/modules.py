"""What a model is made of: whether train and eval mode differ for it, and whether it holds buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ckptlint.diagnostic import Assumption
from ckptlint.facts.attributes import only_asked, only_kept
from ckptlint.facts.constructor_values import (
    Choices,
    class_values,
    covers,
    handed_to_base,
    is_off_by_default,
    names_in,
    reached,
    value_in,
)
from ckptlint.facts.switched_parts import is_off, made_off, makers_of, operands_off, switched_off
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.calls import MODEL_WORDS
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import (
    ApiAtom,
    Atom,
    ClassAtom,
    ClassKey,
    Const,
    FunctionAtom,
    FunctionKey,
    Location,
    Object,
    Ref,
    Value,
)
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import last_word, operands_of, root_name, walk, written
from ckptlint.knowledge.catalog import MISSING, Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING as UNFOLDED
from ckptlint.semantics.constants import fold
from ckptlint.semantics.model import Function, Parameter, Place, Record

AS_BUILT = "sensitive as built"
"""The trait of a model that no switch has reached: a part that comes in eval mode with its weights is in it, and so is
one that the model's own constructor has switched."""
_MODE_TRAITS = frozenset({"sensitive", AS_BUILT})
MAX_NESTING = 6
"""Classes and helpers followed from one model; what lies deeper is unknown."""


@dataclass(frozen=True, slots=True)
class Trait:
    """Whether a model has a property: True with the layer that shows it, False, or None when part is unseen."""

    holds: bool | None
    layer: str = ""
    path: str = ""
    at: Place | None = None
    is_mild: bool = False
    """Only layers show it whose output in train mode depends on its own sample alone."""
    is_partly_seen: bool = False
    """Unknown, though the class is the project's own: the layers that are seen do not show it."""

    is_conditional: bool = False
    """Only layers show it that are there when a test comes out one way that is not known to."""
    is_off_by_default: bool = False
    """What is tested is a flag whose default leaves them out."""

    @property
    def settles(self) -> bool:
        """Whether nothing further can change the answer."""
        return self.holds is True and not self.is_mild and not self.is_conditional

    @property
    def assumptions(self) -> frozenset[Assumption]:
        """What whoever tells of the mode takes for granted."""
        if self.holds is None:
            return frozenset({Assumption.CLASS_UNSEEN})
        return frozenset({Assumption.BRANCH_CORRELATION} if self.is_conditional else ())

    @property
    def is_weak(self) -> bool:
        """Too little is known of it, or it changes too little, to be told by default."""
        return self.is_mild or self.is_partly_seen or self.is_off_by_default

    @property
    def strength(self) -> int:
        """The higher, the surer that the mode makes a difference."""
        return 0 if self.is_weak else 1 if self.is_conditional else 2


class _Gathered:
    """Traits of several parts: the first strong one, else unseen if any part is, else the least weak one."""

    def __init__(self) -> None:
        self.mild: Trait | None = None
        self.is_unseen = False
        self.places: list[Choices] = []

    def add(self, trait: Trait) -> None:
        if trait.holds is None:
            self.is_unseen = True
        elif trait.holds and (self.mild is None or trait.strength > self.mild.strength):
            self.mild = trait

    def add_chosen(self, trait: Trait, choices: Choices, function: Function) -> bool:
        """A strong one that is there on one side of tests only; whether with the others one is always there."""
        self.places.append(choices)
        if covers(self.places):
            return True
        self.add(replace(trait, is_conditional=True, is_off_by_default=is_off_by_default(function, choices)))
        return False

    @property
    def result(self) -> Trait:
        if self.is_unseen:
            return UNSEEN
        return self.mild if self.mild is not None else NO


Objects = Callable[[Location], Object | None]
NO = Trait(False)
UNSEEN = Trait(None)


class Modules:
    """Looks models up, each class once per set of literal arguments."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        self.program = analyzer.program
        self._classes: dict[tuple[ClassKey, str, tuple[tuple[str, object], ...]], Trait] = {}
        self._asked: dict[ClassKey, frozenset[str]] = {}
        self._kept: dict[ClassKey, frozenset[str]] = {}

    def trait(self, held: Object | None, name: str, objects: Objects = lambda _: None, depth: int = 0) -> Trait:
        """A trait ("sensitive", AS_BUILT, "buffers" or "parameters") of the model that an object is.

        `objects` tells what is at a location, for the parts that a container was given.
        """
        if held is None or depth > MAX_NESTING:
            return UNSEEN
        if held.model is not None:
            found = self._of_class(held.model, name, literals_of(held.arguments), depth)
            if found.holds is None and held.api is not None and held.api.role is Role.MODEL:
                # The weights that a class of the project's own comes with tell its library's family.
                family = _trait(held.api, name, {k: _literal_of(v) for k, v in held.arguments})
                return family if family.holds else found
            return found
        if held.api is None:
            return UNSEEN
        if held.api.role is Role.CONTAINER:
            return self._of_container(held, name, objects, depth)
        if held.api.role is Role.AVERAGE:
            parts = [ref for value in held.api.given("of", dict(held.arguments)) for ref in value.refs()]
            part = objects(parts[0].location) if len(parts) == 1 else None
            return self.trait(part, name, objects, depth + 1)
        if held.api.role is Role.WRAPPER:
            return UNSEEN  # A wrapper is what it wraps; one that still stands for itself wraps the unknown.
        bound = {k: _literal_of(v) for k, v in held.arguments}
        return _trait(held.api, name, bound)

    def ties_weights(self, held: Object | None) -> bool:
        """Whether the model's constructor shares a parameter between two of its parts."""
        if held is None or held.model is None:
            return False
        init = self.analyzer.classes.method(held.model, "__init__")
        if init is None:
            return False
        return any(
            isinstance(statement, model.Bind)
            and isinstance(statement.value, model.Attribute)
            and isinstance(statement.value.value, model.Attribute)
            and any(isinstance(t, model.Attribute) and isinstance(t.value, model.Attribute) for t in statement.targets)
            for statement in statements_of(self.program.function(init).body)
        )

    def of_call(
        self,
        path: str,
        call: model.CallSite,
        name: str,
        function: Function | None = None,
        arguments: Mapping[str, object] = MappingProxyType({}),
    ) -> Trait:
        """A trait of what a call makes: by its literal arguments, those of the function it stands in put in."""
        environment = _environment(function, arguments) if function is not None else {}
        return self._of_call(path, call, name, environment, 0)

    def of_class(self, key: ClassKey, name: str) -> Trait:
        """A trait of the instances of a class, whatever they are made with."""
        return self._of_class(key, name, (), 0)

    # ------------------------------------------------------------------------------------------------ library

    def _of_container(self, held: Object, name: str, objects: Objects, depth: int) -> Trait:
        found = _Gathered()
        found.is_unseen = not held.arguments
        for _, value in held.arguments:
            atom = value.single
            part = objects(atom.location) if isinstance(atom, Ref) else None
            trait = self.trait(part, name, objects, depth + 1) if part is not None and part.role else UNSEEN
            if trait.settles:
                return trait
            found.add(trait)
        return found.result

    # ---------------------------------------------------------------------------------------------- the project

    def _of_class(self, key: ClassKey, name: str, arguments: tuple[tuple[str, object], ...], depth: int) -> Trait:
        known = (key, name, arguments)
        found = self._classes.get(known)
        if found is None:
            self._classes[known] = NO  # A class that holds itself adds nothing.
            found = self._classes[known] = self._look(key, name, dict(arguments), depth)
        return found

    def _look(self, key: ClassKey, name: str, arguments: dict[str, object], depth: int) -> Trait:
        if depth > MAX_NESTING:
            return UNSEEN
        hierarchy = self.analyzer.classes.hierarchy(key)
        found = _Gathered()
        found.is_unseen = not hierarchy.is_complete
        for api in hierarchy.apis:
            if api.role in MODULE_ROLES and api.role not in (Role.MODULE_BASE, Role.CONTAINER):
                trait = _trait(api, name, {})
                if trait.settles:
                    return trait
                found.add(trait)
        of_base: dict[str, object] | None = arguments
        off = made_off(self.analyzer, key) if name == AS_BUILT else frozenset()
        makers: frozenset[str] = frozenset()
        for base in hierarchy.order:
            record = self.program.record(base.path)
            if record is None:
                continue
            handed = of_base if of_base is not None else arguments
            methods = record.classes[base.number].methods
            if off and "__init__" in methods:
                makers |= makers_of(record.functions[methods["__init__"]], off)
            for method, index in sorted(methods.items()):
                function = record.functions[index]
                if method in makers:
                    continue
                if name in _MODE_TRAITS and method not in ("train", "eval") and _reads_training(function):
                    return Trait(True, "self.training", base.path, function.at)
                builds = method == "__init__"
                if builds:
                    of_base = self._handed_on(key, base, function, handed)
                given = handed if builds else {}
                trait = self._of_function(FunctionKey(base.path, index), name, given, depth, builds, key, off)
                if trait.settles:
                    return trait
                found.add(trait)
                for helper in _helpers_within(record, function) if builds else ():
                    trait = self._of_function(FunctionKey(base.path, helper.index), name, {}, depth, False)
                    if trait.settles:
                        return trait
                    found.add(trait)
        return found.result

    def _handed_on(
        self, key: ClassKey, base: ClassKey, function: Function, arguments: dict[str, object]
    ) -> dict[str, object] | None:
        """The literals that a constructor hands to the next one; None when it does not say so itself."""
        call = handed_to_base(function)
        after = self.analyzer.classes.method(key, "__init__", after=base) if call is not None else None
        if call is None or after is None or any(a.star for a in call.args):
            return None
        parameters = self.program.function(after).parameters[1:]
        return dict(self._given(base.path, parameters, call, _environment(function, arguments)))

    def _of_function(
        self,
        key: FunctionKey,
        name: str,
        arguments: dict[str, object],
        depth: int,
        builds: bool,
        owner: ClassKey | None = None,
        off: frozenset[str] = frozenset(),
    ) -> Trait:
        function = self.program.function(key)
        if name == AS_BUILT:
            off |= switched_off(function)
        environment = _environment(function, arguments)
        if builds and owner is not None:
            environment |= class_values(self.analyzer, owner, function)
        gathered = _Gathered()
        called: set[int] = set()
        for statement, around in reached(function, environment):
            if builds and owner is not None and name in _MODE_TRAITS and self._is_only_kept(owner, function, statement):
                continue
            if off and is_off(statement, function, off):
                continue
            tool = (
                self._tool(owner, key.path, function, statement) if owner is not None and name != "parameters" else None
            )
            for top in operands_of(statement):
                switched = set(map(id, operands_off(top, function, off))) if name == AS_BUILT else set()
                for operand in walk(top):
                    called.update(map(id, _compared(operand)))
                    if isinstance(operand, model.CallSite):
                        called.add(id(operand.func))
                        if operand is tool or id(operand) in switched:
                            continue
                        trait = self._of_call(key.path, operand, name, environment, depth)
                        if trait.holds is None and not switched.isdisjoint(map(id, walk(operand))):
                            trait = NO  # What is not seen of it is a part that it is handed, in eval mode.
                    elif isinstance(operand, model.Name | model.Attribute) and id(operand) not in called:
                        trait = self._of_reference(key.path, operand, name)
                    else:
                        continue
                    choices = _doubts(around, operand) if trait.settles and name in _MODE_TRAITS else ()
                    if choices and not gathered.add_chosen(trait, choices, function):
                        continue
                    if trait.settles:
                        return trait
                    gathered.add(trait)
            if isinstance(statement, model.Raise):
                gathered.places.append(around)
            if (
                builds
                and tool is None
                and isinstance(statement, model.Bind)
                and self._hides_a_part(key.path, function, statement)
            ):
                gathered.is_unseen = True
        for parameter in function.parameters:
            if parameter.default is not None and not isinstance(arguments.get(parameter.name), ApiAtom):
                trait = self._of_reference(key.path, parameter.default, name)
                if trait.settles:
                    return trait
        return gathered.result

    def _is_only_kept(self, owner: ClassKey, function: Function, statement: model.Statement) -> bool:
        """Whether a statement makes a part that no forward pass runs."""
        if not isinstance(statement, model.Bind) or not function.parameters:
            return False
        own = function.parameters[0].name
        names = {t.name for t in statement.targets if isinstance(t, model.Attribute) and written(t.value) == own}
        if not names or len(names) < len(statement.targets):
            return False
        if owner not in self._kept:
            self._kept[owner] = only_kept(self.analyzer, owner)
        return names <= self._kept[owner]

    def _tool(
        self, owner: ClassKey, path: str, function: Function, statement: model.Statement
    ) -> model.CallSite | None:
        """The call that makes `self.tool` of something unseen, when the class only asks it by its methods."""
        if not isinstance(statement, model.Bind) or not isinstance(statement.value, model.CallSite):
            return None
        own = function.parameters[0].name if function.parameters else None
        names = {t.name for t in statement.targets if isinstance(t, model.Attribute) and written(t.value) == own}
        made = statement.value.func
        atom = self.program.resolve(path, made)
        is_unseen = isinstance(made, model.Name | model.Index) if atom is None else self._is_unseen_class(atom)
        if not is_unseen or len(names) < len(statement.targets):
            return None
        if owner not in self._asked:
            self._asked[owner] = only_asked(self.analyzer, owner)
        return statement.value if names <= self._asked[owner] else None

    def _is_unseen_class(self, atom: Atom) -> bool:
        """Whether a name that no row describes is written as classes are."""
        if not isinstance(atom, ApiAtom) or self.program.catalog.api(atom.name) is not None:
            return False
        return atom.name.rsplit(".", 1)[-1][:1].isupper()

    def _of_call(
        self, path: str, call: model.CallSite, name: str, environment: Mapping[str, object], depth: int
    ) -> Trait:
        if not isinstance(call.func, model.Name | model.Attribute):
            return NO
        if isinstance(call.func, model.Attribute) and _REGISTERS.get(call.func.name) == name:
            return Trait(True, call.func.name, path, call.at)
        given = environment.get(call.func.id) if isinstance(call.func, model.Name) else None
        atom = given if isinstance(given, ApiAtom) else self.program.resolve(path, call.func)
        if isinstance(atom, ApiAtom):
            api = self.program.catalog.api(atom.name)
            if name == "parameters" and api is not None and api.options.get("registers") == "parameter":
                return Trait(True, api.name.rsplit(".", 1)[-1], path, call.at)
            if api is None or api.role not in _BUILDING:
                return UNSEEN if self._is_unseen_class(atom) else NO
            bound = _bound_literals(api, call, environment)
            trait = _trait(api, name, bound)
            return replace(trait, path=path, at=call.at) if trait.holds else trait
        if isinstance(atom, ClassAtom):
            if not self.analyzer.classes.hierarchy(atom.key).is_module:
                return NO
            return self._of_class(atom.key, name, self._call_literals(path, atom.key, call, environment), depth + 1)
        if isinstance(atom, FunctionAtom) and depth < MAX_NESTING:
            parameters = self.program.function(atom.key).parameters
            handed = self._given(path, parameters, call, environment)
            return self._of_function(atom.key, name, dict(handed), depth + 1, False)
        return NO

    def _call_literals(
        self, path: str, key: ClassKey, call: model.CallSite, environment: Mapping[str, object]
    ) -> tuple[tuple[str, object], ...]:
        init = self.analyzer.classes.method(key, "__init__")
        if init is None:
            return ()
        return self._given(path, self.program.function(init).parameters[1:], call, environment)

    def _given(
        self, path: str, parameters: list[Parameter], call: model.CallSite, environment: Mapping[str, object]
    ) -> tuple[tuple[str, object], ...]:
        """Literal arguments of a call, and classes of layers handed on in it, by the callee's parameters."""
        if any(a.star for a in call.args):
            return ()
        positional = [self._value(path, a.value, environment) for a in call.args if a.keyword is None]
        found = dict(zip([p.name for p in parameters], positional, strict=False))
        found.update({a.keyword: self._value(path, a.value, environment) for a in call.args if a.keyword is not None})
        return tuple(sorted(found.items()))

    def _value(self, path: str, operand: model.Operand, environment: Mapping[str, object]) -> object:
        value = value_in(operand, environment)
        if value is MISSING and isinstance(operand, model.Name | model.Attribute):
            atom = self.program.resolve(path, operand)
            api = self.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
            return atom if api is not None and api.role is Role.LAYER else MISSING
        return value if isinstance(value, int | float | str | bool | ApiAtom | None) else MISSING

    def _of_reference(self, path: str, operand: model.Operand, name: str) -> Trait:
        """A layer class that is handed on without being called (`norm_layer=nn.BatchNorm2d`)."""
        if not isinstance(operand, model.Name | model.Attribute):
            return NO
        atom = self.program.resolve(path, operand)
        if isinstance(atom, ApiAtom):
            api = self.program.catalog.api(atom.name)
            if api is not None and api.role is Role.LAYER:
                trait = _trait(api, name, {})
                return replace(trait, path=path, at=operand.at) if trait.holds else trait
        return NO

    def _hides_a_part(self, path: str, function: Function, statement: model.Bind) -> bool:
        """`self.part = part` that is called later, or a call of something not found: a part not shown here."""
        attributes = [target.name for target in statement.targets if isinstance(target, model.Attribute)]
        if not attributes:
            return False
        value = statement.value
        if isinstance(value, model.Name):
            given = any(p.name == value.id for p in function.parameters)
            return given and (last_word(value.id) in MODEL_WORDS or self._calls_any(path, function.model, attributes))
        if not isinstance(value, model.CallSite):
            return False
        root = root_name(value.func)
        if isinstance(value.func, model.Attribute) and function.parameters and root == function.parameters[0].name:
            return False  # A method of its own is looked at with the others.
        return self.program.resolve(path, value.func) is None and isinstance(value.func, model.Name | model.Index)

    def _calls_any(self, path: str, owner: int | None, names: list[str]) -> bool:
        record = self.program.record(path)
        if record is None or owner is None:
            return False
        methods = record.classes[owner].methods.values()
        return any(name in record.functions[index].calls for name in names for index in methods)


_REGISTERS = {"register_buffer": "buffers", "register_parameter": "parameters"}
_WITH_WEIGHTS = frozenset({Role.MODEL, Role.LOAD, Role.OUTSIDE_LOAD})
_BUILDING = frozenset({Role.LAYER, Role.CONTAINER, Role.MODEL, Role.WRAPPER, Role.LOAD, Role.OUTSIDE_LOAD})


def _trait(api: Api, name: str, bound: Mapping[str, object]) -> Trait:
    if name == AS_BUILT:
        if api.role in _WITH_WEIGHTS and (api.options.get("mode") == "eval" or api.options.get("returns") == "value"):
            return NO
        name = "sensitive"
    if api.role in (Role.LOAD, Role.OUTSIDE_LOAD):
        return UNSEEN
    if name == "parameters" and name not in api.options:
        return UNSEEN if api.role in (Role.WRAPPER, Role.AVERAGE) else Trait(True, api.name.rsplit(".", 1)[-1])
    if api.condition(name, bound) is None:
        return UNSEEN if api.role in (Role.MODEL, Role.WRAPPER, Role.AVERAGE) else NO
    holds = api.holds(name, bound)
    if holds is None and name == "sensitive":
        # A rate that is configured is one that somebody means to be above zero.
        holds = True
    bare = api.name.rsplit(".", 1)[-1]
    # Of what is picked by a name that is not known there is no name to show.
    shown = "" if "families" in api.options or not bare.isidentifier() else bare
    return Trait(holds, shown, is_mild=name == "sensitive" and bool(api.options.get("per_sample")))


def _compared(operand: model.Operand) -> Iterator[model.Operand]:
    """The classes that something is only compared with: `isinstance(part, nn.BatchNorm2d)`."""
    if isinstance(operand, model.Compare):
        yield from (operand.left, *operand.rights)
    elif isinstance(operand, model.CallSite) and root_name(operand.func) in ("isinstance", "issubclass"):
        yield from (part for argument in operand.args for part in walk(argument.value))


def _doubts(choices: Choices, operand: model.Operand) -> Choices:
    """The tests that may leave a layer out; one of its own rate does not: a rate that is given is meant."""
    named = names_in(operand)
    return tuple(choice for choice in choices if not names_in(choice.branch.test) & (named - {"self"}))


def _helpers_within(record: Record, function: Function) -> Iterator[Function]:
    """Functions that a constructor defines for itself and calls: `*block(64, 128)`."""
    for other in record.functions:
        if other.outer == function.index and other.model is None and other.name in function.calls:
            yield other


def _reads_training(function: Function) -> bool:
    if "training" not in function.mentions or not function.parameters:
        return False
    receiver = function.parameters[0].name
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if not isinstance(operand, model.Attribute) or operand.name != "training":
                    continue
                if isinstance(operand.value, model.Name) and operand.value.id == receiver:
                    return True
    return False


def literals_of(arguments: tuple[tuple[str, Value], ...]) -> tuple[tuple[str, object], ...]:
    """Bound arguments as literals; MISSING stands for the others."""
    found = []
    for name, value in arguments:
        constant = value.constant()
        found.append((name, constant.value if constant is not None else MISSING))
    return tuple(found)


def _literal_of(value: Value) -> object:
    atom = value.single
    return atom.value if isinstance(atom, Const) else MISSING


def _environment(function: Function, arguments: Mapping[str, object]) -> dict[str, object]:
    """Literal values of a function's parameters: as given, else their defaults when nothing is known."""
    found: dict[str, object] = {}
    for parameter in function.parameters:
        if parameter.name in arguments:
            found[parameter.name] = arguments[parameter.name]
        elif parameter.default is not None:
            value = fold(parameter.default)
            found[parameter.name] = MISSING if value is UNFOLDED else value
        else:
            found[parameter.name] = MISSING
    return found


def _bound_literals(api: Api, call: model.CallSite, environment: Mapping[str, object]) -> dict[str, object]:
    positional = [value_in(a.value, environment) for a in call.args if a.keyword is None and not a.star]
    keywords = {a.keyword: value_in(a.value, environment) for a in call.args if a.keyword is not None}
    return dict(api.bind(positional, keywords))
