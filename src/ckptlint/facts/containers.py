"""Modules and parameters that a model keeps in a plain container, where nothing registers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.classes import (
    methods_of,
    module_classes,
    name_of_class,
    records_of,
    registers_attributes_only,
    subclasses_of,
    texts,
)
from ckptlint.facts.escapes import REGISTERING, Uses
from ckptlint.facts.held_text import assigns_call_of, filling, top_level
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import REFERENCE_WORDS, TRAINING_ONLY_WORDS
from ckptlint.flow.domain import (
    ApiAtom,
    Atom,
    ClassKey,
    Const,
    Field,
    FunctionKey,
    Items,
    Location,
    Made,
    Object,
    Parameter,
    Ref,
    Value,
    root_of,
)
from ckptlint.flow.frame import Context
from ckptlint.flow.program import statements_of
from ckptlint.flow.summaries import Summary
from ckptlint.flow.written import last_word, words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Record
from ckptlint.text import Span

OWN_ACCOUNT = frozenset(
    (
        "state_dict load_state_dict parameters named_parameters modules named_modules children named_children _apply "
        "__getattr__ __setattr__ get_extra_state _save_to_state_dict"
    ).split()
)
"""Methods whose override may account for what is not registered."""
COLLECTING = frozenset("parameters named_parameters state_dict load_state_dict".split())
"""Names that say the class takes the parameters of what it holds by hand."""
FREEZING = frozenset("requires_grad requires_grad_ eval freeze".split())
"""Names that say what it holds is not meant to be trained."""
MOVING = frozenset("to cuda cpu train eval".split())
"""Methods whose override may reach what is not registered."""
MAX_DEPTH = 3
"""Containers within containers that are looked into."""


@dataclass(frozen=True, slots=True)
class PlainContainer:
    """An attribute of a model that keeps modules or parameters unregistered."""

    model: str
    attribute: str
    """As written, with the receiver: `self.layers`."""
    kind: str
    """"list", "tuple", "set", "dict"."""
    span: Span
    """What the attribute is bound to."""
    statement: Span
    example: str
    """One of what it holds, by class."""
    made: Span
    """Where that is made."""
    holds_parameters: bool
    loses_mode_only: bool
    """They hold no state, but ask for the mode."""
    registering: str | None
    """The library's own container for these, as the file names it; None when it could not stand here."""
    is_empty: bool
    """The display is empty and filled later."""
    is_handled: bool
    """Something in the class moves, freezes or collects what it holds."""
    assumptions: frozenset[Assumption]


@dataclass(frozen=True, slots=True)
class _Part:
    location: Location
    held: Object
    nested: bool
    is_parameter: bool


@derives(PlainContainer)
def plain_containers(facts: Facts) -> Iterator[PlainContainer]:
    """Every such attribute, once a place."""
    seen: set[Span] = set()
    for record, rows, makers in _candidates(facts):
        for key in module_classes(facts, record):
            if not _may_fill(facts, record, key, rows, makers):
                continue
            if not registers_attributes_only(facts, key):
                continue
            for found in _of_class(facts, key):
                if found.span not in seen:
                    seen.add(found.span)
                    yield found


def _candidates(facts: Facts) -> Iterator[tuple[Record, dict[int, str], frozenset[str]]]:
    """Files to look at, with the functions in them that may fill a container, and the names of those elsewhere."""
    found: dict[str, dict[int, str]] = {}
    makers: set[str] = set()
    for path, data in texts(facts):
        rows = filling(data)
        if rows:
            found[path] = rows
            makers |= set(rows.values()) & top_level(data)
    wanted = assigns_call_of(makers)
    paths = [path for path, data in texts(facts) if path in found or wanted(data)]
    for record in records_of(facts, paths):
        yield record, found.get(record.path, {}), frozenset(makers)


def _may_fill(facts: Facts, record: Record, key: ClassKey, rows: dict[int, str], makers: frozenset[str]) -> bool:
    """Whether a method of the class, or a function that one calls, may fill a container."""
    names = (makers | frozenset(rows.values())) - {"__init__"}
    methods = [record.functions[index] for index in facts.program.class_model(key).methods.values()]
    return any(m.calls & names or any(m.at[0] <= row <= m.end_row for row in rows) for m in methods)


def _of_class(facts: Facts, key: ClassKey) -> Iterator[PlainContainer]:
    init = facts.analyzer.classes.method(key, "__init__")
    if init is None or not facts.program.function(init).parameters:
        return
    methods = [*methods_of(facts, key)]
    functions = [facts.program.function(k) for k in methods]
    if any(f.name in OWN_ACCOUNT or f.mentions & REGISTERING for f in functions):
        return
    summary = facts.analyzer.summary(Context(init, key))
    if not summary.is_known or summary.truncated:
        return
    receiver = Parameter(facts.program.function(init).parameters[0].name)
    registered: set[Location] | None = None
    for attribute, value in summary.fields.of(receiver).items():
        atom = _only_atom(value, Field(receiver, attribute))
        content = summary.items.get(atom.location) if isinstance(atom, Ref) else None
        if content is None or content.kind not in ("list", "tuple", "set", "dict") or not isinstance(atom, Ref):
            continue
        parts = list(_parts(facts, summary, content, 0))
        parts = [part for part in parts if isinstance(root_of(part.location), Made)]
        if not parts or _is_on_purpose(attribute, content):
            continue
        registered = _registered(facts, summary, receiver) if registered is None else registered
        if any(part.location in registered for part in parts) or atom.location in registered:
            continue
        found = _judged(facts, key, summary, attribute, atom.location, content, parts)
        if found is not None:
            yield found


def _only_atom(value: Value, unset: Location) -> Atom | None:
    """The one thing an attribute may hold, besides None or nothing at all on another path."""
    kept = [
        atom
        for atom in value.atoms
        if not (isinstance(atom, Const) and atom.value is None)
        and not (isinstance(atom, Ref) and atom.location == unset)
    ]
    return kept[0] if len(kept) == 1 and not value.open else None


def _is_on_purpose(attribute: str, content: Items) -> bool:
    """A container of one hides a module from registration; a teacher is not to be saved or trained."""
    is_single = len(content.entries) == 1 and content.element is None and content.kind != "dict" and not content.open
    return is_single or bool(words_of(attribute) & REFERENCE_WORDS) or last_word(attribute) in TRAINING_ONLY_WORDS


def _parts(facts: Facts, summary: Summary, content: Items, depth: int) -> Iterator[_Part]:
    for value in content.values():
        for ref in value.refs():
            inner = summary.items.get(ref.location)
            held = summary.objects.get(ref.location)
            if inner is not None and depth < MAX_DEPTH:
                yield from _parts(facts, summary, inner, depth + 1)
            elif held is None:
                continue
            elif facts.is_model(held) and held.role is not Role.AVERAGE:
                yield _Part(ref.location, held, depth > 0, False)
            elif held.role is Role.TENSOR and held.api is not None and held.api.options.get("registers") == "parameter":
                yield _Part(ref.location, held, depth > 0, True)


def _registered(facts: Facts, summary: Summary, receiver: Location) -> set[Location]:
    """What hangs on the model by an attribute of its own, or was given to something that does."""
    found: set[Location] = set()
    work: list[Value] = []
    for base, held in summary.fields.bases():
        for value in held.values():
            if base != receiver:
                work.append(value)
                continue
            for ref in value.refs():
                known = summary.objects.get(ref.location)
                if known is not None and (known.role is not None or known.model is not None):
                    work.append(value)
                    break
    while work:
        for ref in work.pop().refs():
            if ref.location in found:
                continue
            found.add(ref.location)
            content = summary.items.get(ref.location)
            if content is not None:
                work.extend(content.values())
            known = summary.objects.get(ref.location)
            if known is not None and facts.is_model(known):
                work.extend(value for _, value in known.arguments)
    return found


def _judged(
    facts: Facts,
    key: ClassKey,
    summary: Summary,
    attribute: str,
    location: Location,
    content: Items,
    parts: list[_Part],
) -> PlainContainer | None:
    stateful, mode_only, assumptions = _stateful(facts, summary, parts)
    bound = _binding(facts, key, attribute)
    if stateful is None or bound is None:
        return None
    if _escapes(facts, key, attribute, [location, *(part.location for part in parts)]):
        return None
    function_key, statement, value = bound
    path = function_key.path
    made = root_of(stateful.location)
    assert isinstance(made, Made)
    receiver = facts.program.function(function_key).parameters[0].name
    is_empty = isinstance(value, model.Sequence | model.Mapping) and not value.items
    return PlainContainer(
        name_of_class(facts, key),
        f"{receiver}.{attribute}",
        content.kind,
        facts.span(path, value.at),
        facts.span(path, statement.at),
        _class_of(facts, stateful.held),
        facts.site_span(made.site),
        stateful.is_parameter,
        mode_only,
        _registering(facts, path, content, parts, value),
        is_empty or (isinstance(value, model.CallSite) and not value.args),
        _is_handled(facts, key, attribute),
        assumptions | frozenset(Assumption(a) for a in stateful.held.assumed),
    )


def _class_of(facts: Facts, held: Object) -> str:
    if held.model is not None:
        return name_of_class(facts, held.model)
    return held.api.name.rpartition(".")[2] if held.api is not None else "module"


def _stateful(facts: Facts, summary: Summary, parts: list[_Part]) -> tuple[_Part | None, bool, frozenset[Assumption]]:
    """The part that loses most by not being registered, and whether that is the mode only; None when none does."""
    unseen: _Part | None = None
    sensitive: _Part | None = None
    for part in parts:
        if part.is_parameter:
            return part, False, frozenset()
        if last_word(_class_of(facts, part.held)) in TRAINING_ONLY_WORDS:
            continue
        holds = {
            name: facts.modules.trait(part.held, name, summary.objects.get).holds
            for name in ("parameters", "buffers", "sensitive")
        }
        if holds["parameters"] or holds["buffers"]:
            return part, False, frozenset()
        if holds["sensitive"]:
            sensitive = sensitive or part
        elif None in holds.values():
            unseen = unseen or part
    if sensitive is not None:
        return sensitive, True, frozenset()
    return unseen, False, frozenset({Assumption.CLASS_UNSEEN})


def _binding(facts: Facts, key: ClassKey, attribute: str) -> tuple[FunctionKey, model.Bind, model.Operand] | None:
    """The one statement that binds the attribute to more than None, with its value; None if there are several."""
    found: list[tuple[FunctionKey, model.Bind, model.Operand]] = []
    for method in methods_of(facts, key):
        function = facts.program.function(method)
        if attribute not in function.mentions or not function.parameters:
            continue
        for statement in statements_of(function.body):
            if isinstance(statement, model.Bind) and statement.value is not None and not _is_none(statement.value):
                for target in statement.targets:
                    if isinstance(target, model.Attribute) and target.name == attribute:
                        found.append((method, statement, statement.value))
    return found[0] if len(found) == 1 and len(found[0][1].targets) == 1 else None


def _is_none(operand: model.Operand) -> bool:
    return isinstance(operand, model.Literal) and operand.value is None


def _escapes(facts: Facts, key: ClassKey, attribute: str, locations: list[Location]) -> bool:
    places: dict[FunctionKey, set[Place]] = {}
    for location in locations:
        root = root_of(location)
        if not isinstance(root, Made):
            return True
        for path, at in [*root.site.chain, root.site.base]:
            function = facts.function_at(path, at) if path else None
            if function is not None:
                places.setdefault(FunctionKey(path, function.index), set()).add(at)
    family = [key, *subclasses_of(facts, key)]
    methods = list(dict.fromkeys(m for member in family for m in methods_of(facts, member)))
    if any(facts.program.function(m).mentions & REGISTERING for m in methods):
        return True
    building = _reached_from_init(facts, methods)
    own = frozenset(methods_of(facts, key))
    for method in methods:
        function = facts.program.function(method)
        if attribute not in function.mentions:
            continue
        is_building = function.name in building
        if is_building:
            places.setdefault(method, set())
        # Of the constructor's own methods the values tell; others, and those of a class below, are not followed.
        if not (is_building and method in own) and Uses(facts, method, key, attribute, set()).registers():
            return True
    return any(Uses(facts, function, key, attribute, found).escapes() for function, found in places.items())


def _reached_from_init(facts: Facts, methods: list[FunctionKey]) -> set[str]:
    names = {"__init__"}
    size = 0
    while size != len(names):
        size = len(names)
        for method in methods:
            function = facts.program.function(method)
            if function.name in names:
                names |= function.calls & {facts.program.function(m).name for m in methods}
    return names


def _is_handled(facts: Facts, key: ClassKey, attribute: str) -> bool:
    """Whether the class freezes, moves or collects what the attribute holds by hand."""
    for method in methods_of(facts, key):
        function = facts.program.function(method)
        if function.name in MOVING:
            return True
        if attribute in function.mentions and function.mentions & (COLLECTING | FREEZING):
            return True
    return False


def _registering(facts: Facts, path: str, content: Items, parts: list[_Part], value: model.Operand) -> str | None:
    """The library's container that could stand in the plain one's place, as the file can name it."""
    if (
        any(part.nested for part in parts)
        or content.kind == "set"
        or (isinstance(value, model.CallSite) and value.args)
    ):
        return None
    if any(v.open or len(v.refs()) != len(v.atoms) for v in content.values()):
        return None
    kinds = {part.is_parameter for part in parts}
    is_dict = content.kind == "dict"
    if len(kinds) != 1 or (is_dict and not _names_only(content)):
        return None
    wanted = ("parameters" if kinds.pop() else "modules", "dict" if is_dict else "list")
    for name, row in facts.program.catalog:
        if row["role"] == Role.CONTAINER.value and (row.get("holds"), row.get("form")) == wanted:
            return _named_in(facts, path, name)
    return None


def _names_only(content: Items) -> bool:
    keys = [key for key, _ in content.entries]
    return not content.open and all(isinstance(key, str) and key and "." not in key for key in keys)


def _named_in(facts: Facts, path: str, qualified: str) -> str | None:
    """A library's name as a file's imports let it be written, the shortest way."""
    record = facts.program.record(path)
    found: list[str] = []
    for statement in record.module_body.body if record is not None else ():
        if not isinstance(statement, model.Import):
            continue
        for name in statement.names:
            atom = facts.program.lookup(path, name.bound)
            if isinstance(atom, ApiAtom) and f"{qualified}.".startswith(f"{atom.name}."):
                found.append(name.bound + qualified[len(atom.name) :])
    return min(found, key=len) if found else None
