"""Arguments of a model's constructor that its checkpoint does not keep, for whoever builds the model again from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.classes import name_of_class, records_where
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.written_calls import Written, calls_where, holding, made_by, named, spreads
from ckptlint.flow.classes import Hierarchy
from ckptlint.flow.domain import ClassAtom, ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING, fold
from ckptlint.semantics.model import CallSite, Function, Parameter
from ckptlint.text import Span

TRAINING_WORDS = frozenset(
    (
        "lr learning rate weight decay momentum optimizer optim scheduler warmup epochs steps loss criterion metric "
        "metrics log logger logging verbose debug batch seed dropout drop name path dir device pretrained init "
        "freeze frozen augment teacher total num_training_steps"
    ).split()
)
"""Words of arguments that say nothing of what a trained model computes."""


@dataclass(frozen=True, slots=True)
class UncalledKeeping:
    """The method that keeps a constructor's arguments is named and not called."""

    name: str
    model: str
    at: Span


@dataclass(frozen=True, slots=True)
class LostArguments:
    """A model is built again from a checkpoint that does not keep arguments of its constructor."""

    model: str
    arguments: tuple[str, ...]
    is_required: bool
    """They have no default: building it fails. Else they silently have their default again."""
    method: str
    """What would keep them."""
    is_ignored: bool
    """They are left out on purpose (`ignore=`)."""
    load: Span
    statement: Span
    constructor: Span
    given: Span | None
    """Where the model is built for training with another value."""
    values: tuple[str, str] | None
    """What it is given there, and its default."""
    assumptions: frozenset[Assumption]


@derives(UncalledKeeping)
def uncalled_keeping(facts: Facts) -> Iterator[UncalledKeeping]:
    """`self.save_hyperparameters` as a statement."""
    for name in sorted(_keepers(facts)):
        bare = re.compile(rf"^[ \t]+\w+\.{name}[ \t]*(?:#|;|$)".encode(), re.MULTILINE)
        for record in records_where(facts, holding([name], bare)):
            for function in record.functions[1:]:
                if function.model is None or name not in function.mentions or not function.parameters:
                    continue
                key = ClassKey(record.path, function.model)
                if name not in _keeping(facts.analyzer.classes.hierarchy(key)):
                    continue
                for statement in statements_of(function.body):
                    if isinstance(statement, model.Evaluate) and _is_own(statement.value, function, name):
                        yield UncalledKeeping(
                            f"{function.parameters[0].name}.{name}",
                            name_of_class(facts, key),
                            facts.span(record.path, statement.value.at),
                        )


def _keepers(facts: Facts) -> set[str]:
    return {str(row["keeps_arguments"]) for _, row in facts.program.catalog if "keeps_arguments" in row}


def _keeping(hierarchy: Hierarchy) -> set[str]:
    """The methods by which a class's library keeps arguments."""
    return {str(api.options["keeps_arguments"]) for api in hierarchy.apis if "keeps_arguments" in api.options}


def _is_own(operand: model.Operand, function: Function, name: str) -> bool:
    return (
        isinstance(operand, model.Attribute)
        and operand.name == name
        and isinstance(operand.value, model.Name)
        and operand.value.id == function.parameters[0].name
    )


# --------------------------------------------------------------------------------------------------- lost arguments


@derives(LostArguments)
def lost_arguments(facts: Facts) -> Iterator[LostArguments]:
    """Every load of a checkpoint that builds a class of the project again without some of its arguments."""
    rebuilding = {
        name.rpartition(".")[2]
        for name, row in facts.program.catalog
        if row["role"] == Role.LOAD.value and row.get("rebuilds")
    }
    if not rebuilding:
        return
    for found in calls_where(facts, [f".{name}(" for name in sorted(rebuilding)]):
        func = found.call.func
        if isinstance(func, model.Attribute) and func.name in rebuilding and not spreads(found.call):
            yield from _of_load(facts, found, func)


def _of_load(facts: Facts, found: Written, func: model.Attribute) -> Iterator[LostArguments]:
    key = _class_of(facts, found, func)
    if key is None:
        return
    classes = facts.analyzer.classes
    hierarchy = classes.hierarchy(key)
    keepers = _keeping(hierarchy)
    init = classes.method(key, "__init__")
    if not hierarchy.is_complete or len(keepers) != 1 or init is None or classes.method(key, func.name) is not None:
        return
    if any(a.keyword == "hparams_file" for a in found.call.args) or sum(a.keyword is None for a in found.call.args) > 2:
        return
    keeper = next(iter(keepers))
    kept = _kept(facts, hierarchy, keeper)
    if kept is None or _keeps_by_hand(facts, hierarchy, kept[0]):
        return
    calls, ignored = kept
    constructor = facts.program.function(init)
    given = {a.keyword for a in found.call.args if a.keyword}
    lost = [
        parameter
        for parameter in constructor.parameters[1:]
        if parameter.kind in ("any", "keyword")
        and parameter.name not in given
        and (not calls or parameter.name in ignored)
    ]
    required = [p for p in lost if p.default is None]
    if required:
        yield _fact(facts, found, key, init, required, keeper, bool(calls), None)
        return
    yield from _silently_lost(facts, found, key, init, lost, keeper, bool(calls))


def _class_of(facts: Facts, found: Written, func: model.Attribute) -> ClassKey | None:
    """The class whose checkpoint is loaded."""
    atom = named(facts, found.record, found.function, func.value)
    if isinstance(atom, ClassAtom):
        return atom.key
    made = made_by(found.record, found.function, func.value)
    of = named(facts, found.record, found.function, made.func) if made is not None else None
    return of.key if isinstance(of, ClassAtom) else None


def _kept(facts: Facts, hierarchy: Hierarchy, keeper: str) -> tuple[bool, set[str]] | None:
    """(whether the class or a base keeps its arguments, those left out); None when that cannot be told."""
    is_kept, ignored = False, set[str]()
    for base in hierarchy.order:
        record = facts.program.record(base.path)
        for index in record.classes[base.number].methods.values() if record is not None else ():
            function = record.functions[index] if record is not None else None
            if function is None or keeper not in function.mentions:
                continue
            for call in _calls(function):
                if not isinstance(call.func, model.Attribute) or call.func.name != keeper:
                    continue
                is_kept = True
                for argument in call.args:
                    names = _names(argument.value)
                    if argument.keyword == "ignore":
                        if names is None:
                            return None
                        ignored |= names
                    elif argument.keyword != "logger":
                        return None  # Only what is named, or what a dict holds, is kept.
    return is_kept, ignored


def _calls(function: Function) -> Iterator[CallSite]:
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            yield from (part for part in walk(top) if isinstance(part, CallSite))


def _names(operand: model.Operand) -> set[str] | None:
    value = fold(operand)
    if isinstance(value, str):
        return {value}
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return {str(item) for item in value}
    return None


def _keeps_by_hand(facts: Facts, hierarchy: Hierarchy, keeps: bool) -> bool:
    """Whether a class puts its arguments into the checkpoint in a way of its own.

    `keeps`: it calls the library's method too, and reads what that kept.
    """
    own = {"on_save_checkpoint", "on_load_checkpoint", "hparams", "_hparams", "_set_hparams", "_save_hparams"}
    for base in hierarchy.order:
        record = facts.program.record(base.path)
        if record is None:
            return True
        held = record.classes[base.number]
        if own & held.methods.keys() or held.decorators:
            return True
        if any(own & record.functions[index].mentions for index in held.methods.values()) and not keeps:
            return True
        for index in held.methods.values():
            for statement in statements_of(record.functions[index].body):
                targets = statement.targets if isinstance(statement, model.Bind) else []
                if any(isinstance(target, model.Attribute) and target.name in own for target in targets):
                    return True
    return False


# ---------------------------------------------------------------------------------------- arguments with a default


def _silently_lost(
    facts: Facts,
    found: Written,
    key: ClassKey,
    init: FunctionKey,
    lost: list[Parameter],
    keeper: str,
    is_ignored: bool,
) -> Iterator[LostArguments]:
    """Arguments that the model is built with for training, and that silently have their default in a loaded one."""
    parameters = facts.program.function(init).parameters[1:]
    wanted = {p.name: p for p in lost if _matters(facts, init, p)}
    if not wanted:
        return
    name = name_of_class(facts, key)
    pattern = re.compile(rf"\b{re.escape(name)}\s*\(".encode())
    built: list[tuple[Written, dict[str, model.Operand]]] = []
    for other in calls_where(facts, [name], pattern):
        if named(facts, other.record, other.function, other.call.func) != ClassAtom(key):
            continue
        if spreads(other.call):
            return  # The model that is loaded may have been built here, with anything.
        built.append((other, _given(parameters, other.call)))
    differing = [
        p
        for p in wanted.values()
        if built and all(p.name in given and _differs(p, given[p.name]) for _, given in built)
    ]
    if differing:
        other, given = built[0]
        yield _fact(facts, found, key, init, differing, keeper, is_ignored, (other, given[differing[0].name]))


def _matters(facts: Facts, init: FunctionKey, parameter: Parameter) -> bool:
    """Whether an argument is used by the model and not by its training only."""
    if parameter.default is None or words_of(parameter.name) & TRAINING_WORDS:
        return False
    return _is_computed_with(facts, init, parameter.name)


def _is_computed_with(facts: Facts, init: FunctionKey, name: str) -> bool:
    """Whether the forward pass reads the attribute that keeps an argument."""
    constructor = facts.program.function(init)
    owner = facts.analyzer.owner_of(init)
    if owner is None or not constructor.parameters:
        return False
    kept = {
        target.name
        for statement in statements_of(constructor.body)
        if isinstance(statement, model.Bind) and isinstance(statement.value, model.Name) and statement.value.id == name
        for target in statement.targets
        if isinstance(target, model.Attribute)
    }
    forward = facts.analyzer.classes.method(owner, "forward")
    return forward is not None and bool(kept & facts.program.function(forward).mentions)


def _given(parameters: list[Parameter], call: CallSite) -> dict[str, model.Operand]:
    names = [p.name for p in parameters if p.kind in ("positional", "any")]
    positional = [a.value for a in call.args if a.keyword is None]
    return {**dict(zip(names, positional, strict=False)), **{a.keyword: a.value for a in call.args if a.keyword}}


def _differs(parameter: Parameter, given: model.Operand) -> bool:
    """Whether a literal is not the default."""
    assert parameter.default is not None
    value, default = fold(given), fold(parameter.default)
    return MISSING not in (value, default) and value is not None and value != default


def _fact(
    facts: Facts,
    found: Written,
    key: ClassKey,
    init: FunctionKey,
    lost: list[Parameter],
    keeper: str,
    is_ignored: bool,
    given: tuple[Written, model.Operand] | None,
) -> LostArguments:
    values = None
    if given is not None and lost[0].default is not None:
        values = (repr(fold(given[1])), repr(fold(lost[0].default)))
    return LostArguments(
        name_of_class(facts, key),
        tuple(p.name for p in lost),
        lost[0].default is None,
        keeper,
        is_ignored,
        facts.span(found.record.path, found.call.at),
        facts.span(found.record.path, found.statement.at),
        facts.span(init.path, lost[0].at),
        facts.span(given[0].record.path, given[0].call.at) if given is not None else None,
        values,
        frozenset(),
    )
