"""Entries of checkpoints that a load of plain data only refuses, where such a load reads the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.links import Link
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Entry
from ckptlint.flow.domain import NUMBER, Atom, ClassAtom, ClassKey, Const, Object, Parameter, Ref, Site, Value, root_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function
from ckptlint.text import Span

_ALLOWED = re.compile(rb"safe_globals|TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD|\btorch\.load\s*=[^=]")
"""What makes loads accept more, wherever it stands: listed classes, a variable of the environment, another `load`."""
_PICKLED = frozenset({"__reduce__", "__reduce_ex__", "__new__", "__getnewargs__"})
_STATES = {Role.OPTIMIZER: "an optimizer", Role.SCHEDULER: "a scheduler", Role.SCALER: "a gradient scaler"}
_ACCEPTED = {Role.OPTIMIZER: "{}.state_dict()", Role.SCHEDULER: "{}.state_dict()", Role.SCALER: "{}.state_dict()"}


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that is refused, with the load that refuses it."""

    at: Site
    """Where the entry is given."""
    key: str
    """Empty when the value is all that is saved."""
    what: str
    """The kind of value, in words."""
    instead: str
    """What would be accepted, `{}` being the value; empty when nothing simple would."""
    value: Span | None
    """The expression that is saved."""
    load: Site
    assumptions: frozenset[Assumption]


@derives(RefusedEntry)
def refused_entries(facts: Facts) -> Iterator[RefusedEntry]:
    """Every such entry once."""
    seen: dict[object, RefusedEntry] = {}
    links = [link for link in facts.of(Link) if _refuses(link)]
    if not links or _accepts_more(facts):
        return
    for link in links:
        whole = _own_object(facts, link)
        if whole is not None:
            seen.setdefault(whole.at.base, whole)
        for entry in _all(link.save.schema.entries) if link.save.schema is not None else ():
            found = _refused(facts, link.save.run, entry.value)
            if found is None or entry.at is None:
                continue
            what, instead, assumed = found
            fact = RefusedEntry(
                entry.at,
                entry.key,
                what,
                instead,
                value_at(facts, entry.at),
                link.load.site,
                link.assumptions | assumed,
            )
            known = seen.get(entry.at.base)
            if known is None or len(fact.assumptions) < len(known.assumptions):
                seen[entry.at.base] = fact
    yield from seen.values()


def _own_object(facts: Facts, link: Link) -> RefusedEntry | None:
    """The object that a method saves by giving itself, where that is no model."""
    save = link.save.event
    function = facts.program.function(save.within[-1])
    atom, record = save.stored.value.single, facts.program.record(save.site.path)
    if function.model is None or record is None or function.decorators or not function.parameters:
        return None
    if atom != Ref(Parameter(function.parameters[0].name)) or _tells_how(record.functions, function.model):
        return None
    if facts.analyzer.classes.hierarchy(ClassKey(save.site.path, function.model)).is_module:
        return None  # CKP102 tells it.
    name = record.classes[function.model].name
    return RefusedEntry(save.site, "", f"an object of `{name}`", "", None, link.load.site, link.assumptions)


def _tells_how(functions: list[Function], owner: int) -> bool:
    """Whether a class says itself what its objects are saved as."""
    return any(f.model == owner and f.name.startswith("__reduce") for f in functions)


def _all(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _all(entry.entries)


def _refuses(link: Link) -> bool:
    """Whether a load accepts plain data only, as it is called and in the version in use."""
    refs = link.load.made.refs()
    held = link.run.object_at(refs[0].location) if len(refs) == 1 else None
    api = held.api if held is not None else None
    parameter = api.options.get("weights_only") if api is not None else None
    if held is None or api is None or not isinstance(parameter, str):
        return False
    bound = dict(held.arguments)
    if "**" in bound or "pickle_module" in bound:
        return False
    given = bound.get(parameter)
    if given is None:
        return api.arguments({}).get(parameter) is True
    literal = given.constant()
    if literal is not None and literal.value is None:
        return api.arguments({}).get(parameter) is True
    return literal is not None and literal.value is True


def _accepts_more(facts: Facts) -> bool:
    return any(_ALLOWED.search(facts.program.data(record.path)) for record in facts.program.loaded())


def _refused(facts: Facts, run: Run, value: Value) -> tuple[str, str, frozenset[Assumption]] | None:
    """(what it is, what is accepted in its place, assumptions) of a value that is refused; None for any other."""
    for ref in value.refs():
        held = run.object_at(ref.location)
        if held is None:
            continue
        found = _kind(facts, held)
        if found is not None:
            others = value.atoms - {ref}
            assumed = frozenset[Assumption]()
            if others or value.open:
                assumed |= {Assumption.BRANCH_CORRELATION}
            if not all(isinstance(atom, Const) or _is_loaded(run, atom) for atom in others) or (
                value.open and NUMBER not in value.origins
            ):
                assumed |= {Assumption.TYPE_BY_USE}
            return *found, assumed | frozenset(Assumption(text) for text in held.assumed)
    return None


def _is_loaded(run: Run, atom: Atom) -> bool:
    """Whether an alternative is what an earlier checkpoint held."""
    held = run.object_at(root_of(atom.location)) if isinstance(atom, Ref) else None
    return held is not None and held.role is Role.LOAD


def _kind(facts: Facts, held: Object) -> tuple[str, str] | None:
    if held.model is not None and held.role is None and _is_plain_class(facts, held.model):
        return f"an object of the class `{facts.program.class_model(held.model).name}`", ""
    if held.role in _STATES and held.api is not None:
        return _STATES[held.role], _ACCEPTED[held.role]
    if held.role is Role.VALUE and held.api is not None and held.api.options.get("refused"):
        name = held.api.name.rsplit(".", 1)[-1]
        kinds = {"number": f"what `{held.api.name}` gives, a number of a type of its own", "array": "an array"}
        default = "an `argparse.Namespace`" if name.startswith("parse_") else f"a `{name}`"
        if held.api.name.startswith("datetime."):
            default = "a date or time"
        kind = kinds.get(str(held.api.options.get("kind")), default)
        return kind, str(held.api.options.get("plain", ""))
    return None


def _is_plain_class(facts: Facts, key: ClassKey) -> bool:
    """Whether a class is the project's own all the way down, and leaves to pickle how its objects are written."""
    for base in facts.analyzer.classes.hierarchy(key).order:
        record = facts.program.record(base.path)
        if record is None:
            return False
        written_class = record.classes[base.number]
        if written_class.keywords or not _PICKLED.isdisjoint(written_class.methods):
            return False
        for parent in written_class.bases:
            atom = facts.program.resolve(base.path, parent)
            if not isinstance(atom, ClassAtom) and written(parent).rpartition(".")[2] not in ("object", "ABC"):
                return False
    return True


def value_at(facts: Facts, at: Site) -> Span | None:
    """The expression given for a key: of a display's item, a keyword argument or an assignment."""
    statement = statement_at(facts.program, at.path, at.at)
    if statement is None:
        return None
    if isinstance(statement, model.Bind) and len(statement.targets) == 1 and statement.targets[0].at == at.at:
        return facts.span(at.path, statement.value.at) if statement.value is not None else None
    for operand in (part for top in operands_of(statement) for part in walk(top)):
        if isinstance(operand, model.Mapping):
            for item in operand.items:
                if item.key is not None and item.key.at == at.at:
                    return facts.span(at.path, item.value.at)
        elif isinstance(operand, model.CallSite):
            for argument in operand.args:
                if argument.keyword is not None and argument.at == at.at:
                    return facts.span(at.path, argument.value.at)
    return None
