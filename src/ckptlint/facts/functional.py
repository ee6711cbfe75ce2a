"""Layers applied as functions that no mode switch reaches: they drop in evaluation as in training."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ckptlint.facts.classes import (
    MAX_RECEIVERS,
    forward_of,
    is_reassigned,
    methods_of,
    module_classes_where,
    name_of_class,
    owner_of,
    owner_of_key,
    records_where,
    subclasses_of,
)
from ckptlint.facts.explanations import comment_above
from ckptlint.facts.passed_rates import is_raised
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import ALWAYS_RANDOM_WORDS, KEPT_ON_WORDS, TRAINING_ONLY_WORDS
from ckptlint.flow.domain import ApiAtom, ClassKey, Const, Field, Global, Parameter, Ref, Value, root_of
from ckptlint.flow.events import Applied
from ckptlint.flow.frame import Context
from ckptlint.flow.program import statements_of
from ckptlint.flow.state import Gate
from ckptlint.flow.summaries import Summary
from ckptlint.flow.written import last_word, operands_of, walk, words_in_order, words_of, written
from ckptlint.knowledge.catalog import Api, Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING, fold
from ckptlint.semantics.model import Function, Place, Record
from ckptlint.text import Span

MODE_TEST_WORDS = frozenset(
    (
        "train training trains eval evaluate evaluation infer inference test testing predict deterministic phase mode"
    ).split()
)
"""Words of a test that say it asks for the mode."""
EXPLAINING_WORDS = ALWAYS_RANDOM_WORDS | frozenset(
    "eval evaluate evaluation inference predict prediction always".split()
)
"""Words of a comment that say why a flag is fixed: evaluation is meant as well."""
MAX_ARGUMENTS = 4000
"""Characters of a call's arguments looked at before the file is parsed."""
MIN_POSITIONAL = 4
"""Commas from which on the rate of a function without a flag may have been given by position."""


@dataclass(frozen=True, slots=True)
class FixedDropout:
    """A call in a model's forward that drops part of its input in every mode."""

    event: Applied
    model: str
    """The class whose forward reaches it."""
    function: str
    """The method or function it stands in."""
    written: str
    """The callee as written."""
    receiver: str | None
    """What the method calls its own model; None in a function outside the class."""
    takes_flag: bool
    flag: Span | None
    """The literal that fixes the flag, when one is given."""
    rate: Span | None
    """How much is dropped, when it is given."""
    last: Span | None
    """The last argument."""
    rate_name: str
    is_choice: bool
    """The rate is written in a form that binds less tightly than a conditional's parts."""
    is_off_by_default: bool
    """Its rate is 0 unless the constructor is told otherwise, and nothing in the project tells it."""
    is_customary: bool
    """Its place is one of a family of models that keep it on for generation."""


Found = tuple[model.CallSite, Api, Function]
Calls = dict[tuple[str, Place], Found]


@derives(FixedDropout)
def fixed_dropouts(facts: Facts) -> Iterator[FixedDropout]:
    """Every such call, once a place."""
    calls: Calls = {}
    owners: dict[ClassKey, None] = {}
    helpers: set[str] = set()
    names = _names_of_dropping(facts)
    unswitched = _Unswitched(facts.program.catalog, names)
    for record in records_where(facts, unswitched.search):
        for place, found in _calls_in(facts, record, names):
            calls[place] = found
            owner = owner_of(record, found[2])
            if owner.model is not None:
                owners.setdefault(ClassKey(record.path, owner.model))
            elif owner.index:
                helpers.add(owner.name)
    for key in _users_of(facts, helpers):
        owners.setdefault(key)
    seen: set[tuple[str, Place]] = set()
    for key in owners:
        for receiver, summary in _forwards(facts, key):
            for event in summary.events:
                if not isinstance(event, Applied) or event.site.base in seen or event.site.base not in calls:
                    continue
                fixed = _fixed(facts, summary, receiver, event, *calls[event.site.base][:2])
                if fixed is not None:
                    seen.add(event.site.base)
                    yield fixed


# ------------------------------------------------------------------------------------------------ finding calls


class _Unswitched:
    """Finds in a file's text a call of a dropping function whose arguments do not name the mode.

    Most calls do; a file in which all do need not be parsed.
    """

    def __init__(self, catalog: Catalog, names: frozenset[str]) -> None:
        self._flagless = {
            name.rpartition(".")[2].encode(): str(row["rate"]).encode()
            for name, row in catalog
            if "rate" in row and "flag" not in row
        }
        self._call = re.compile(rf"(?<!self\.)(?<!def )\b({'|'.join(sorted(names))})\(".encode())

    def search(self, data: bytes) -> bool:
        """Whether there is one."""
        return any(self._drops(m.group(1), _arguments(data, m.end())) for m in self._call.finditer(data))

    def _drops(self, name: bytes, arguments: bytes) -> bool:
        rate = self._flagless.get(name)
        if rate is not None and rate not in arguments and arguments.count(b",") < MIN_POSITIONAL:
            return False
        return not _SWITCHED.search(arguments)


_SWITCHED = re.compile(rb"training\b(?!\s*=\s*True)")


def _arguments(data: bytes, start: int) -> bytes:
    depth = 1
    for at in range(start, min(len(data), start + MAX_ARGUMENTS)):
        letter = data[at]
        if letter == 0x28:
            depth += 1
        elif letter == 0x29:
            depth -= 1
            if not depth:
                return data[start:at]
    return data[start : start + MAX_ARGUMENTS]


def _calls_in(facts: Facts, record: Record, names: frozenset[str]) -> Iterator[tuple[tuple[str, Place], Found]]:
    for function in record.functions[1:]:
        if not function.mentions & names:
            continue
        for statement in statements_of(function.body):
            for top in operands_of(statement):
                for operand in walk(top):
                    if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Name | model.Attribute):
                        api = _dropping(facts, record.path, operand)
                        if api is not None:
                            yield (record.path, operand.at), (operand, api, function)


def _dropping(facts: Facts, path: str, call: model.CallSite) -> Api | None:
    """The row of a function that drops unless it is told not to, when nothing tells it."""
    atom = facts.program.resolve(path, call.func)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    if api is None or api.role is not Role.FUNCTIONAL or "rate" not in api.options:
        return None
    if any(argument.star for argument in call.args):
        return None
    flag = argument_of(api, call, "flag")
    if "flag" in api.options:
        defaults = api.options.get("defaults")
        if not isinstance(defaults, Mapping) or defaults.get(api.options["flag"]) is not True:
            return None
        if flag is not None and not (isinstance(flag.value, model.Literal) and flag.value.value is True):
            return None
    return api


def _names_of_dropping(facts: Facts) -> frozenset[str]:
    rows = facts.program.catalog
    return frozenset(n.rpartition(".")[2] for n, row in rows if row["role"] == "functional" and "rate" in row)


def argument_of(api: Api, call: model.CallSite, option: str) -> model.Argument | None:
    """The argument for the parameter that an option of the row names."""
    positional = [argument for argument in call.args if argument.keyword is None]
    keywords = {argument.keyword: argument for argument in call.args if argument.keyword is not None}
    return api.bind(positional, keywords).get(str(api.options.get(option, "")))


def _users_of(facts: Facts, helpers: set[str]) -> Iterator[ClassKey]:
    """Classes of models whose methods call functions of these names."""
    if not helpers:
        return
    called = re.compile(rb"\b(?:" + "|".join(sorted(map(re.escape, helpers))).encode() + rb")\(")
    for record, key in module_classes_where(facts, called.search):
        methods = facts.program.class_model(key).methods.values()
        if any(record.functions[index].calls & helpers for index in methods):
            yield key


def _forwards(facts: Facts, key: ClassKey) -> Iterator[tuple[ClassKey, Summary]]:
    """What the forward of a class does, or of those below it when it has none."""
    if not facts.analyzer.classes.hierarchy(key).is_module:
        return
    receivers = [key] if forward_of(facts, key) is not None else subclasses_of(facts, key)[:MAX_RECEIVERS]
    for receiver in receivers:
        forward = forward_of(facts, receiver)
        if forward is not None:
            yield receiver, facts.analyzer.summary(Context(forward, receiver))


# --------------------------------------------------------------------------------------------- judging one call


def _fixed(
    facts: Facts, summary: Summary, owner: ClassKey, event: Applied, call: model.CallSite, api: Api
) -> FixedDropout | None:
    if any(_asks_for_mode(facts, owner, gate) for gate in event.gates) or _is_deliberate(facts, owner, event):
        return None
    held = summary.objects.get(event.made.refs()[0].location) if event.made.refs() else None
    if held is None:
        return None
    given = held.argument(str(api.options["rate"]))
    condition = "sensitive" if "flag" in api.options else "random"
    off = _is_off(facts, owner, given) if given is not None else not api.holds(condition, {})
    if off is None or off is True:
        return None
    key = event.within[-1]
    function = facts.program.function(key)
    outer = owner_of_key(facts, key)
    is_own = outer in frozenset(methods_of(facts, owner)) and bool(facts.program.function(outer).parameters)
    name, path = name_of_class(facts, owner), event.site.path
    flag, rate = argument_of(api, call, "flag"), argument_of(api, call, "rate")
    if rate is not None and any(_says_zero(facts, owner, gate, written(rate.value)) for gate in event.gates):
        return None
    if flag is not None and EXPLAINING_WORDS & set(words_in_order(comment_above(facts, event.site))):
        return None
    return FixedDropout(
        event,
        name,
        function.qualname,
        written(call.func),
        facts.program.function(outer).parameters[0].name if is_own else None,
        "flag" in api.options,
        facts.span(path, flag.value.at) if flag is not None else None,
        facts.span(path, rate.value.at) if rate is not None else None,
        facts.span(path, call.args[-1].at) if call.args else None,
        str(api.options["rate"]),
        rate is not None and not isinstance(rate.value, model.Name | model.Attribute | model.Literal | model.CallSite),
        off == "default",
        bool((words_of(name) | words_of(function.name)) & KEPT_ON_WORDS),
    )


def _is_deliberate(facts: Facts, owner: ClassKey, event: Applied) -> bool:
    """Names say that it samples on purpose, or that it runs in training only."""
    name = name_of_class(facts, owner)
    functions = [facts.program.function(key).qualname for key in event.within]
    words = frozenset().union(*(words_of(text) for text in (name, *functions)))
    return bool(words & ALWAYS_RANDOM_WORDS) or last_word(name) in TRAINING_ONLY_WORDS


def _asks_for_mode(facts: Facts, owner: ClassKey, gate: Gate) -> bool:
    """Whether a test around asks for the mode, or for something that the caller may make depend on it."""
    if gate.reads_mode:
        return True
    text = facts.text(facts.span(gate.path, gate.at))
    if MODE_TEST_WORDS & set(words_in_order(text)) or ALWAYS_RANDOM_WORDS & set(words_in_order(text)):
        return True
    flag = text.removeprefix("not ").strip()
    function = facts.function_at(gate.path, gate.at)
    if function is not None and any(p.name == flag for p in function.parameters):
        return True
    attribute = flag.rpartition(".")[2]
    return attribute.isidentifier() and "." in flag and is_reassigned(facts, owner, attribute)


def _says_zero(facts: Facts, owner: ClassKey, gate: Gate, rate: str) -> bool:
    """Whether a test around holds only where the rate is 0: the test itself, or the attribute that keeps it."""
    if not gate.side:
        return False
    text = facts.text(facts.span(gate.path, gate.at))
    attribute = text.rpartition(".")[2]
    said = [text, *(_kept_test(facts, owner, attribute) if attribute.isidentifier() and "." in text else ())]
    zero = re.compile(rf"(?:\w+\.)*{re.escape(rate.rpartition('.')[2])}\s*(?:==|<=)\s*0(?:\.0*)?")
    return any(zero.fullmatch(one) for one in said)


def _kept_test(facts: Facts, owner: ClassKey, attribute: str) -> Iterator[str]:
    """What the constructor assigns to an attribute, as written."""
    init = facts.analyzer.classes.method(owner, "__init__")
    if init is None:
        return
    for statement in statements_of(facts.program.function(init).body):
        if not isinstance(statement, model.Bind) or statement.value is None:
            continue
        if any(isinstance(t, model.Attribute) and t.name == attribute for t in statement.targets):
            yield facts.text(facts.span(init.path, statement.value.at))


def _is_off(facts: Facts, owner: ClassKey, rate: Value) -> bool | str | None:
    """Whether nothing is dropped at this rate: True, False, "default" for 0 by default, None when not known."""
    if not rate.atoms:
        return None
    for atom in rate.atoms:
        if isinstance(atom, Const):
            if not isinstance(atom.value, int | float) or not atom.value:
                return True
        elif not isinstance(atom, Ref):
            return None
    found: set[bool | str | None] = {False}
    for ref in rate.refs():
        root = root_of(ref.location)
        if isinstance(root, Global):
            continue
        forward = forward_of(facts, owner)
        receiver = facts.program.function(forward).parameters[:1] if forward is not None else []
        if not receiver or root != Parameter(receiver[0].name) or not isinstance(ref.location, Field):
            return None  # Whoever calls may give 0 in evaluation.
        found.add(_is_attribute_off(facts, owner, ref.location))
    return None if None in found else True if True in found else "default" if "default" in found else False


def _is_attribute_off(facts: Facts, owner: ClassKey, location: Field) -> bool | str | None:
    base = location
    while isinstance(base.base, Field):
        base = base.base
    if is_reassigned(facts, owner, base.name):
        return None
    init = facts.analyzer.classes.method(owner, "__init__")
    if init is None or base is not location:
        return False
    function = facts.program.function(init)
    if not function.parameters:
        return None
    summary = facts.analyzer.summary(Context(init, owner))
    value = summary.fields.get(Parameter(function.parameters[0].name), location.name)
    atom = value.single if value is not None else None
    if isinstance(atom, Const):
        return not isinstance(atom.value, int | float) or not atom.value
    if isinstance(atom, Ref) and isinstance(atom.location, Parameter):
        for parameter in function.parameters:
            if parameter.name == atom.location.name and parameter.default is not None:
                default = fold(parameter.default)
                if default is not MISSING and not default and not is_raised(facts, init, parameter.name):
                    return "default"
    return False
