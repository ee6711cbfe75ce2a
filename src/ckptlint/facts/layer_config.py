"""What the config of a layer, model, loss or metric tells of its constructor's arguments, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import name_of_class, records_of, texts
from ckptlint.facts.inner_layers import CONFIG, is_built_inside_only
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.classes import Hierarchy
from ckptlint.flow.domain import ClassAtom, ClassKey, FunctionKey
from ckptlint.flow.events import Saved
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, parts_of, walk, words_of, written
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Parameter, Place
from ckptlint.text import Span

REBUILD = "from_config"
BASE_ARGUMENTS = frozenset(
    (
        "name dtype trainable activity_regularizer dynamic autocast reduction input_shape batch_input_shape "
        "input_dim weights build_config seed_generator data_format"
    ).split()
)
"""Arguments that the library's base classes keep on their own, or that are the machine's and not the model's."""
BEGINNING_WORDS = frozenset("init initializer initialization seed verbose debug pretrained".split())
"""Words of arguments that only say how weights begin: they are loaded over."""
BY_HAND = frozenset("locals vars signature getfullargspec __dict__ _auto_config".split())
"""Names that say the arguments are kept in a way that is not read here."""
KEEPING = frozenset("save_assets load_assets save_own_variables load_own_variables get_build_config".split())
"""Methods by which a class keeps more than its config."""


@dataclass(frozen=True, slots=True)
class OmittedArgument:
    """A constructor's argument that the config does not hold."""

    name: str
    at: Place
    is_required: bool
    attribute: str | None
    """The attribute that holds just this argument, with the receiver (`self.units`)."""


@dataclass(frozen=True, slots=True)
class IncompleteConfig:
    """A class whose config leaves out arguments of its own constructor."""

    model: str
    omitted: tuple[OmittedArgument, ...]
    init: Span
    """The constructor's parameter that is left out first."""
    config: Span
    """What `get_config` gives back."""
    statement: Span
    display: Span | None
    """The last entry of the dict display that it gives back or adds, as the place for more."""
    is_saved_whole: bool
    """The project saves whole models."""
    is_inner: bool
    """Only other layers and models build it: no config of it is read."""


@derives(IncompleteConfig)
def incomplete_configs(facts: Facts) -> Iterator[IncompleteConfig]:
    """Every such class, once."""
    library = facts.program.catalog.frameworks_of(Role.MODULE_BASE, "serialises")
    if not library:
        return
    wanted = f"def {CONFIG}(".encode()
    paths = [path for path, data in texts(facts) if wanted in data]
    saved: bool | None = None
    is_asked = False
    for record in records_of(facts, paths):
        for held in record.classes:
            if CONFIG not in held.methods and "__init__" not in held.methods:
                continue
            found = _omitted(facts, ClassKey(record.path, held.index), library)
            if found is None:
                continue
            if not is_asked:
                saved, is_asked = _saves_whole(facts, library), True
            if saved is False:
                return  # Weights only: no config is ever read.
            yield _incomplete(facts, ClassKey(record.path, held.index), *found, bool(saved))


def _saves_whole(facts: Facts, library: frozenset[str]) -> bool | None:
    """Whether the project saves whole models: False when it saves weights only, None when it saves nothing."""
    found: set[bool] = set()
    for run in facts.runs:
        for event in run.events:
            if isinstance(event, Saved):
                api = facts.program.catalog.api(event.api)
                rows = [api] if api is not None else []
                if any(row.options.get("framework") in library for row in rows) or event.api.startswith(
                    tuple(f"{name}." for name in library)
                ):
                    found.add(event.stores in ("model", "training"))
    return True in found if found else None


# ------------------------------------------------------------------------------------------------ what is left out


def _omitted(
    facts: Facts, key: ClassKey, library: frozenset[str]
) -> tuple[FunctionKey, FunctionKey, list[OmittedArgument]] | None:
    classes = facts.analyzer.classes
    hierarchy = classes.hierarchy(key)
    if not _is_serialised(hierarchy, library):
        return None
    init, config = classes.method(key, "__init__"), classes.method(key, CONFIG)
    if init is None or config is None or classes.method(key, REBUILD) is not None:
        return None
    record = facts.program.record(key.path)
    methods = {*record.classes[key.number].methods.values()} if record is not None else set()
    if not any(k.path == key.path and k.number in methods for k in (init, config)):
        return None  # It says nothing that its base does not.
    constructor, giving = facts.program.function(init), facts.program.function(config)
    if giving.decorators or constructor.mentions & BY_HAND or not giving.parameters:
        return None
    keys = _Keys(facts, key).of(config)
    if keys is None:
        return None
    mentioned = _mentions_of(facts, key, config)
    found = [
        argument
        for argument in _arguments(facts, key, init)
        if argument.name not in keys and not _stored_as(constructor, argument.name) & mentioned
    ]
    return (init, config, found) if found else None


def _is_serialised(hierarchy: Hierarchy, library: frozenset[str]) -> bool:
    """Whether a class is one that the library writes as its config, and all its bases are seen."""
    ours = [api for api in hierarchy.apis if api.options.get("framework") in library]
    return hierarchy.is_complete and bool(ours) and any(_has_config(api) for api in ours)


def _has_config(api: Api) -> bool:
    return api.role in (Role.MODULE_BASE, Role.LAYER, Role.CONTAINER) or "serialises" in api.options


def _arguments(facts: Facts, key: ClassKey, init: FunctionKey) -> Iterator[OmittedArgument]:
    """The arguments of a constructor that it uses itself and does not hand on to a base."""
    function = facts.program.function(init)
    own = function.parameters[0].name if function.parameters else ""
    handed = _handed_on(function)
    for parameter in function.parameters[1:]:
        if parameter.kind in ("args", "kwargs") or parameter.name in BASE_ARGUMENTS or parameter.name in handed:
            continue
        if parameter.name.startswith("_") or parameter.name not in _used(function):
            continue
        if parameter.default is not None and words_of(parameter.name) & BEGINNING_WORDS:
            continue
        attributes = [a for a, is_plain in _attributes(function, parameter) if is_plain]
        yield OmittedArgument(
            parameter.name,
            parameter.at,
            parameter.default is None,
            f"{own}.{attributes[0]}" if attributes else None,
        )


def _handed_on(function: Function) -> set[str]:
    """Names within the arguments of `super().__init__(…)` or `Base.__init__(…)`."""
    found: set[str] = set()
    for operand in _operands(function):
        func = operand.func if isinstance(operand, model.CallSite) else None
        if isinstance(operand, model.CallSite) and isinstance(func, model.Attribute) and func.name == "__init__":
            found |= {n.id for a in operand.args for n in walk(a.value) if isinstance(n, model.Name)}
    return found


def _used(function: Function) -> set[str]:
    return {operand.id for operand in _operands(function) if isinstance(operand, model.Name)}


def _operands(function: Function) -> Iterator[model.Operand]:
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            yield from walk(top)


def _attributes(function: Function, parameter: Parameter) -> Iterator[tuple[str, bool]]:
    """The attributes that a constructor sets from an argument, and whether it is the argument itself."""
    for statement in statements_of(function.body):
        if isinstance(statement, model.Bind) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, model.Attribute):
                    if isinstance(statement.value, model.Name) and statement.value.id == parameter.name:
                        yield target.name, True
                    elif any(isinstance(o, model.Name) and o.id == parameter.name for o in walk(statement.value)):
                        yield target.name, False


def _stored_as(function: Function, name: str) -> set[str]:
    """The attributes that come from an argument, through local names too; a config that reads one holds it."""
    names = {name}
    found = {name, f"_{name}"}
    for _ in range(2):
        for statement in statements_of(function.body):
            if not isinstance(statement, model.Bind | model.Augment) or statement.value is None:
                continue
            if not any(isinstance(o, model.Name) and o.id in names for o in walk(statement.value)):
                continue
            targets = statement.targets if isinstance(statement, model.Bind) else [statement.target]
            for target in (part for t in targets for part in _unpacked(t)):
                if isinstance(target, model.Attribute):
                    found.add(target.name)
                elif isinstance(target, model.Name):
                    names.add(target.id)
    return found


def _unpacked(target: model.Operand) -> Iterator[model.Operand]:
    if isinstance(target, model.Sequence):
        for part in parts_of(target):
            yield from _unpacked(part)
    else:
        yield target


def _mentions_of(facts: Facts, key: ClassKey, config: FunctionKey) -> set[str]:
    """Names of attributes that a config reads, in the class's bases as well."""
    found: set[str] = set()
    for base in facts.analyzer.classes.hierarchy(key).order:
        methods = facts.program.class_model(base).methods
        for name in KEEPING | {CONFIG}:
            if name in methods:
                found |= facts.program.function(FunctionKey(base.path, methods[name])).mentions
    return found | facts.program.function(config).mentions


# ------------------------------------------------------------------------------------------- the keys of a config


class _Keys:
    """Reads the keys of what `get_config` gives; None where they cannot be told."""

    def __init__(self, facts: Facts, key: ClassKey) -> None:
        self.facts = facts
        self.key = key

    def of(self, config: FunctionKey) -> frozenset[str] | None:
        """The keys that a method gives, those of the bases it asks included."""
        function = self.facts.program.function(config)
        names: dict[str, frozenset[str] | None] = {}
        given: list[frozenset[str] | None] = []
        for statement in statements_of(function.body):
            if isinstance(statement, model.Return):
                given.append(self._value(config, names, statement.value))
            else:
                self._statement(config, names, statement)
        if not given or None in given:
            return None
        return frozenset().union(*(keys for keys in given if keys is not None))

    def _statement(
        self, config: FunctionKey, names: dict[str, frozenset[str] | None], statement: model.Statement
    ) -> None:
        if isinstance(statement, model.Bind) and statement.value is not None:
            for target in statement.targets:
                if isinstance(target, model.Name):
                    names[target.id] = self._value(config, names, statement.value)
                elif isinstance(target, model.Index) and isinstance(target.value, model.Name):
                    key = target.items[0] if len(target.items) == 1 else None
                    self._add(names, target.value.id, _literal(key))
        elif isinstance(statement, model.Augment) and isinstance(statement.target, model.Name):
            self._add(names, statement.target.id, self._value(config, names, statement.value))
        elif isinstance(statement, model.Evaluate):
            self._call(config, names, statement.value)
        elif not isinstance(statement, model.Branch | model.Loop | model.Try):
            return

    def _call(self, config: FunctionKey, names: dict[str, frozenset[str] | None], operand: model.Operand) -> None:
        if not isinstance(operand, model.CallSite):
            return
        func = operand.func
        if isinstance(func, model.Attribute) and isinstance(func.value, model.Name) and func.value.id in names:
            if func.name == "update":
                self._add(names, func.value.id, self._entries(config, names, operand.args))
            elif func.name not in ("pop", "keys", "items"):
                names[func.value.id] = None
            return
        for argument in operand.args:
            if isinstance(argument.value, model.Name) and argument.value.id in names:
                names[argument.value.id] = None  # Whoever gets it may add to it.

    def _add(self, names: dict[str, frozenset[str] | None], name: str, keys: frozenset[str] | None) -> None:
        known = names.get(name)
        names[name] = known | keys if known is not None and keys is not None else None

    def _entries(
        self, config: FunctionKey, names: dict[str, frozenset[str] | None], arguments: list[model.Argument]
    ) -> frozenset[str] | None:
        found: frozenset[str] = frozenset()
        for argument in arguments:
            if argument.keyword is not None:
                found |= {argument.keyword}
                continue
            keys = self._value(config, names, argument.value)
            if keys is None:
                return None
            found |= keys
        return found

    def _value(
        self, config: FunctionKey, names: dict[str, frozenset[str] | None], operand: model.Operand | None
    ) -> frozenset[str] | None:
        if isinstance(operand, model.Name):
            return names.get(operand.id)
        if isinstance(operand, model.Mapping):
            return self._display(config, names, operand)
        if isinstance(operand, model.Binary) and operand.operator in ("|", "+"):
            left, right = (self._value(config, names, side) for side in (operand.left, operand.right))
            return left | right if left is not None and right is not None else None
        if isinstance(operand, model.CallSite):
            func = operand.func
            if isinstance(func, model.Attribute) and func.name == CONFIG:
                return self._of_base(config, func.value)
            if isinstance(func, model.Name) and func.id in ("dict", "list", "OrderedDict"):
                return self._entries(config, names, operand.args)
            if isinstance(func, model.Attribute) and func.name in ("items", "copy") and not operand.args:
                return self._value(config, names, func.value)
        return None

    def _display(
        self, config: FunctionKey, names: dict[str, frozenset[str] | None], operand: model.Mapping
    ) -> frozenset[str] | None:
        found: frozenset[str] = frozenset()
        for item in operand.items:
            keys = self._value(config, names, item.value) if item.key is None else _literal(item.key)
            if keys is None:
                return None
            found |= keys
        return found

    def _of_base(self, config: FunctionKey, asked: model.Operand) -> frozenset[str] | None:
        """`super().get_config()`, or that of a base by name."""
        owner = self.facts.analyzer.owner_of(config)
        if owner is None:
            return None
        if isinstance(asked, model.CallSite) and written(asked.func) == "super":
            method = self.facts.analyzer.classes.method(self.key, CONFIG, after=owner)
            return self.of(method) if method is not None else frozenset()
        atom = self.facts.program.resolve(config.path, asked)
        if isinstance(atom, ClassAtom):
            method = self.facts.analyzer.classes.method(atom.key, CONFIG)
            return self.of(method) if method is not None and method != config else frozenset()
        return frozenset() if atom is not None else None


def _literal(operand: model.Operand | None) -> frozenset[str] | None:
    if isinstance(operand, model.Literal) and isinstance(operand.value, str):
        return frozenset({operand.value})
    return None


# ------------------------------------------------------------------------------------------------------ reporting


def _incomplete(
    facts: Facts,
    key: ClassKey,
    init: FunctionKey,
    config: FunctionKey,
    omitted: list[OmittedArgument],
    is_saved_whole: bool,
) -> IncompleteConfig:
    giving = facts.program.function(config)
    returned = [s for s in statements_of(giving.body) if isinstance(s, model.Return) and s.value is not None][-1]
    assert returned.value is not None
    display = _display_of(giving)
    return IncompleteConfig(
        name_of_class(facts, key),
        tuple(omitted),
        facts.span(init.path, omitted[0].at),
        facts.span(config.path, returned.value.at),
        facts.span(config.path, returned.at),
        facts.span(config.path, display.items[-1].value.at) if display is not None else None,
        is_saved_whole,
        is_built_inside_only(facts, key),
    )


def _display_of(function: Function) -> model.Mapping | None:
    """The one dict display with literal keys in a method."""
    found = [o for o in _operands(function) if isinstance(o, model.Mapping) and o.items]
    keyed = [display for display in found if all(_literal(item.key) for item in display.items if item.key is not None)]
    return keyed[0] if len(keyed) == 1 and len(found) == 1 else None
