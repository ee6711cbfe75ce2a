"""Loads and changes whose result nothing uses: what they were called on stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.diagnostic import Assumption
from ckptlint.facts.classes import texts
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.written_calls import (
    Written,
    api_of,
    bindings,
    calls_where,
    made_by,
    named,
    span_of,
    statement_of,
    texts_of,
)
from ckptlint.flow.calls import MODEL_WORDS
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ApiAtom, ClassAtom
from ckptlint.flow.written import last_word, words_of, written
from ckptlint.knowledge.catalog import Api, Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Operand
from ckptlint.text import Span

TRYING_WORDS = frozenset(
    (
        "download downloads cache caching cached prefetch warm warmup check checks verify test tests benchmark bench "
        "profile profiling time timeit timing raises warns readable exists corrupt corrupted"
    ).split()
)
"""Words of functions and of `with` that say a file is only fetched, timed or looked at."""


@dataclass(frozen=True, slots=True)
class DiscardedResult:
    """A call that gives what it loaded, or a changed copy, as a statement by itself."""

    kind: str
    """"value" (a checkpoint is read), "model" (a model is made), "instance" (and it is called on another one),
    "copy" (what it is given stays as it was), "changed" (a changed copy of its receiver), "state" (a state dict
    that nobody loads is changed)."""
    name: str
    """The callee as written; for "state" the receiver of `state_dict()`."""
    receiver: str
    at: Span
    statement: Span
    assigned: str | None
    """What the result would be assigned to, when that is plain."""
    assumptions: frozenset[Assumption] = frozenset()


@derives(DiscardedResult)
def discarded_results(facts: Facts) -> Iterator[DiscardedResult]:
    """Every such statement of the project, tests left out."""
    catalog = facts.program.catalog
    for found in calls_where(facts, *_statements(catalog)):
        if isinstance(found.statement, model.Bind):
            yield from _assigned_state(facts, found)
        elif found.is_dropped:
            yield from _dropped(facts, found)


_ON_STATE = (".state_dict().update(", ".state_dict()[")


@lru_cache(maxsize=4)
def _statements(catalog: Catalog) -> tuple[tuple[str, ...], re.Pattern[bytes]]:
    """Literals, one of which a file with such a statement holds, and what its row looks like."""
    names: set[str] = set()
    changing: set[str] = set()
    packages: set[str] = set()
    for name, row in catalog:
        is_load = row["role"] == Role.LOAD.value and (
            row.get("copies") or row.get("weights_only") or row.get("returns") == "model"
        )
        if is_load or (row["role"] == Role.MODEL.value and row.get("pretrained") is True):
            # `x.load(…)` is a method of many things.
            last = name.rpartition(".")[2]
            names.add(".".join(name.rsplit(".", 2)[-2:]) if last == "load" else last)
        if "fields" in row and "replaced_by" in row:
            changing.update(texts_of(row["replaced_by"]))
            packages.add(name.partition(".")[0])
    known = sorted(name for name in names if name.replace(".", "").isidentifier())
    called, changed = "|".join(map(re.escape, known)), "|".join(sorted(changing)) or "(?!)"
    pattern = (
        rf"^[ \t]*(?:await )?(?:[A-Za-z_]\w*(?:\(\))?\.)*(?:{called})\(|^[ \t]*[A-Za-z_][\w.]*\.(?:{changed})\(\s*\w+=|"
        r"^[ \t]*[A-Za-z_][\w.\[\]]*\.state_dict\(\)(?:\.update\(|\[[^\]\n]*\]\s*=(?!=))"
    )
    literals = (*(f"{name}(" for name in known), *sorted(packages), *_ON_STATE)
    return literals, re.compile(pattern.encode(), re.MULTILINE)


def _dropped(facts: Facts, found: Written) -> Iterator[DiscardedResult]:
    func = found.call.func
    if isinstance(func, model.Attribute) and func.name == "update" and _is_state(facts, found, func.value):
        yield _fact(facts, found, "state", func.value, _taken_for_model(facts, found, func.value))
        return
    if _is_only_tried(found):
        return
    api = api_of(facts, found.record, found.function, func)
    if api is not None and api.role is Role.LOAD:
        if api.options.get("copies"):
            yield _fact(facts, found, "copy", func)
        elif (api.options.get("weights_only") or api.options.get("returns") == "model") and not _is_shown(found):
            yield _fact(facts, found, "value" if api.options.get("weights_only") else "model", func)
        return
    if not isinstance(func, model.Attribute):
        return
    if any(row.options.get("rebuilds") for row in facts.program.catalog.methods(func.name)):
        yield from _rebuilt(facts, found, func)
    elif _comes_pretrained(facts, func.name):
        yield from _pretrained(facts, found, func)
    else:
        yield from _changed(facts, found, func)


def _is_only_tried(found: Written) -> bool:
    """Whether a file may be read only to see whether it can be, or to have it at hand."""
    names = [found.function.name]
    for statement in found.around:
        if isinstance(statement, model.Try) and len(statement.body) == 1 and statement.handlers:
            return True
        if isinstance(statement, model.Region):
            names.extend(written(item.value) for item in statement.items)
    return any(words_of(name) & TRYING_WORDS for name in names)


def _is_shown(found: Written) -> bool:
    """Whether the value of a bare expression is shown to whoever runs it."""
    return found.record.path.endswith(".ipynb")


def _fact(
    facts: Facts,
    found: Written,
    kind: str,
    named_as: Operand,
    assumptions: frozenset[Assumption] = frozenset(),
    assigned: str | None = None,
) -> DiscardedResult:
    receiver = written(named_as.value) if isinstance(named_as, model.Attribute) else ""
    if kind == "state" and isinstance(named_as, CallSite):
        receiver = written(named_as.func.value) if isinstance(named_as.func, model.Attribute) else ""
    if kind == "copy" and found.call.args and isinstance(found.call.args[0].value, model.Name):
        assigned = found.call.args[0].value.id
    return DiscardedResult(
        kind, written(named_as), receiver, span_of(facts, found), statement_of(facts, found), assigned, assumptions
    )


# ------------------------------------------------------------------------------------------------ models made anew


def _rebuilt(facts: Facts, found: Written, func: model.Attribute) -> Iterator[DiscardedResult]:
    """A class method that makes a model of a checkpoint."""
    receiver = func.value
    atom = named(facts, found.record, found.function, receiver)
    if isinstance(atom, ClassAtom):
        if _is_of_library(facts, atom, func.name):
            yield _fact(facts, found, "model", func)
        return
    made = made_by(found.record, found.function, receiver)
    of = named(facts, found.record, found.function, made.func) if made is not None else None
    if isinstance(of, ClassAtom):
        if _is_of_library(facts, of, func.name):
            yield _fact(facts, found, "instance", func)
        return
    if isinstance(atom, ApiAtom) or _is_defined(facts, func.name) or not _uses_library(facts, found, func.name):
        return
    if last_word(written(receiver)) in MODEL_WORDS:
        yield _fact(facts, found, "instance", func, frozenset({Assumption.ROLE_BY_NAME}))


def _is_of_library(facts: Facts, atom: ClassAtom, name: str) -> bool:
    """Whether a class of the project has a method from its library."""
    classes = facts.analyzer.classes
    if classes.method(atom.key, name) is not None:
        return False
    return any(
        api.role in MODULE_ROLES and api.options.get("keeps_arguments") for api in classes.hierarchy(atom.key).apis
    )


def _is_defined(facts: Facts, name: str) -> bool:
    """Whether a file of the project defines a function of this name: it may do anything."""
    wanted = f"def {name}(".encode()
    return any(wanted in data for _, data in texts(facts))


def _uses_library(facts: Facts, found: Written, name: str) -> bool:
    """Whether a file imports from a library whose classes have the method."""
    rows = facts.program.catalog.methods(name)
    packages: set[str] = set()
    for row in rows:
        packages |= facts.program.catalog.packages_of(str(row.options.get("framework", "")))
    return any(one.module.partition(".")[0] in packages for one in found.record.imports.values())


def _comes_pretrained(facts: Facts, name: str) -> bool:
    row = facts.program.catalog.method(Role.MODEL, name)
    return row is not None and row.options.get("pretrained") is True


def _pretrained(facts: Facts, found: Written, func: model.Attribute) -> Iterator[DiscardedResult]:
    """`model.from_pretrained(path)`, or `Net.from_pretrained(path)` beside a `Net` made without weights.

    A class asked by itself fetches weights to have them at hand.
    """
    made = made_by(found.record, found.function, func.value)
    if made is not None and _makes_model(facts, found, made):
        yield _fact(facts, found, "instance", func)
        return
    atom = named(facts, found.record, found.function, func.value)
    if not isinstance(atom, ClassAtom | ApiAtom):
        return
    if isinstance(atom, ClassAtom) and facts.analyzer.classes.method(atom.key, func.name) is not None:
        return
    for name in sorted(found.function.bound):
        for value in bindings(found.function, name):
            if (
                isinstance(value, CallSite)
                and value.at[:2] < found.call.at[:2]
                and named(facts, found.record, found.function, value.func) == atom
                and _makes_model(facts, found, value)
            ):
                yield _fact(facts, found, "model", func)
                return


def _makes_model(facts: Facts, found: Written, made: CallSite) -> bool:
    atom = named(facts, found.record, found.function, made.func)
    if isinstance(atom, ClassAtom):
        classes = facts.analyzer.classes
        own = classes.method(atom.key, "from_pretrained") is not None
        return classes.hierarchy(atom.key).is_module and not own
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    return api is not None and api.role is Role.MODEL


# --------------------------------------------------------------------------------------------------- changed copies


def _changed(facts: Facts, found: Written, func: model.Attribute) -> Iterator[DiscardedResult]:
    """`state.replace(params=…)`: the keywords tell it from a method of the same name of anything else."""
    keywords = {a.keyword for a in found.call.args if a.keyword is not None}
    if len(keywords) < len(found.call.args) or not keywords:
        return
    for row in _replaced(facts.program.catalog):
        if func.name not in texts_of(row.options.get("replaced_by")) or not _imports_from(facts, found, row):
            continue
        fields = {*texts_of(row.options.get("fields"))}
        if keywords & fields or (func.name != "replace" and keywords == {"grads"}):
            receiver = func.value
            assigned = written(receiver) if isinstance(receiver, model.Name | model.Attribute) else None
            yield _fact(facts, found, "changed", func, assigned=assigned)
            return


@lru_cache(maxsize=4)
def _replaced(catalog: Catalog) -> tuple[Api, ...]:
    names = {name for name, row in catalog if "fields" in row and "replaced_by" in row}
    return tuple(api for api in map(catalog.api, sorted(names)) if api is not None)


def _imports_from(facts: Facts, found: Written, row: Api) -> bool:
    packages = facts.program.catalog.packages_of(str(row.options.get("framework", "")))
    return any(one.module.partition(".")[0] in packages for one in found.record.imports.values())


# ------------------------------------------------------------------------------------------------------ state dicts


def _assigned_state(facts: Facts, found: Written) -> Iterator[DiscardedResult]:
    """`model.state_dict()[key] = value`."""
    statement = found.statement
    assert isinstance(statement, model.Bind)
    for target in statement.targets:
        if isinstance(target, model.Index) and target.value is found.call and _is_state(facts, found, found.call):
            yield _fact(facts, found, "state", found.call, _taken_for_model(facts, found, found.call))


def _taken_for_model(facts: Facts, found: Written, operand: Operand) -> frozenset[Assumption]:
    """What is taken for granted of the receiver of `state_dict()`: other things may hand out the dict they keep."""
    func = operand.func if isinstance(operand, CallSite) else None
    receiver = func.value if isinstance(func, model.Attribute) else None
    if receiver is None or last_word(written(receiver)) in MODEL_WORDS:
        return frozenset()
    made = made_by(found.record, found.function, receiver)
    atom = named(facts, found.record, found.function, made.func) if made is not None else None
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    is_seen = (api is not None and api.role in MODULE_ROLES) or (
        isinstance(atom, ClassAtom) and facts.analyzer.classes.hierarchy(atom.key).is_module
    )
    return frozenset() if is_seen else frozenset({Assumption.TYPE_BY_USE})


def _is_state(facts: Facts, found: Written, operand: Operand) -> bool:
    """Whether an operand is `x.state_dict()` of something whose state dict is made anew at each call."""
    if not isinstance(operand, CallSite) or not isinstance(operand.func, model.Attribute) or operand.args:
        return False
    name = operand.func.name
    row = facts.program.catalog.method(Role.MODEL, name)
    if row is None or row.role is not Role.SNAPSHOT or row.options.get("kind") != "state_dict":
        return False
    receiver = operand.func.value
    if written(receiver) in ("self", "super()") or not _is_defined(facts, name):
        return written(receiver) != "super()" and not (written(receiver) == "self" and _is_defined(facts, name))
    made = made_by(found.record, found.function, receiver)
    atom = named(facts, found.record, found.function, made.func) if made is not None else None
    if isinstance(atom, ClassAtom):
        classes = facts.analyzer.classes
        return classes.hierarchy(atom.key).is_module and classes.method(atom.key, name) is None
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    return api is not None and api.role in MODULE_ROLES
