"""Buffers that learn from the data and are registered so that the state dict leaves them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Confidence
from ckptlint.facts.attribute_updates import Update, updates_of
from ckptlint.facts.attribute_values import api_of
from ckptlint.facts.classes import name_of_class
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.state_words import is_learned, is_of_episode, resets
from ckptlint.facts.unsaved_state import Candidate, Family, Member
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class TransientBuffer:
    """One such buffer."""

    model: str
    name: str
    span: Span
    """The argument that leaves it out."""
    statement: Span
    is_keyword: bool
    update: Span
    updater: str
    """The method that updates it."""
    limit: Confidence
    """The highest confidence that its shape may get."""


@dataclass(frozen=True, slots=True)
class _Registered:
    method: FunctionKey
    statement: model.Statement
    name: str
    flag: model.Argument


@derives(TransientBuffer)
def transient_buffers(facts: Facts) -> Iterator[TransientBuffer]:
    """Every buffer that is not persistent and that a forward updates from its input and reads again."""
    for key in (candidate.key for candidate in facts.of(Candidate)):
        registered = list(_registered(facts, key))
        if registered:
            family = Family(facts, key)
            if not family.accounts_for_itself():
                for one in registered:
                    yield from _judged(facts, family, one)


def _registered(facts: Facts, key: ClassKey) -> Iterator[_Registered]:
    """The buffers that a class's own methods register so."""
    for number in facts.program.class_model(key).methods.values():
        method = FunctionKey(key.path, number)
        function = facts.program.function(method)
        for statement in statements_of(function.body):
            for operand in operands_of(statement):
                for part in walk(operand):
                    if isinstance(part, model.CallSite):
                        found = _call(facts, method, statement, part)
                        if found is not None:
                            yield found


def _call(facts: Facts, method: FunctionKey, statement: model.Statement, call: model.CallSite) -> _Registered | None:
    function = facts.program.function(method)
    receiver = function.parameters[0].name if function.parameters else ""
    is_own = (
        isinstance(call.func, model.Attribute)
        and isinstance(call.func.value, model.Name)
        and call.func.value.id == receiver
    )
    name: str | None = None
    if is_own and isinstance(call.func, model.Attribute):
        row = facts.program.catalog.method(Role.MODEL, call.func.name)
        if row is None or row.role is not Role.MODULE_STATE or row.options.get("kind") != "buffer":
            return None
        bound = _bound(row.params, call)
        given = bound.get(str(row.options["key"]))
        if given is not None and isinstance(given.value, model.Literal) and isinstance(given.value.value, str):
            name = given.value.value
        flag = bound.get(str(row.options["persistent"]))
    else:
        row = api_of(facts, method, call.func)
        if row is None or row.options.get("registers") != "buffer" or not isinstance(statement, model.Bind):
            return None
        target = statement.targets[0]
        name = target.name if isinstance(target, model.Attribute) and statement.value is call else None
        flag = next((argument for argument in call.args if argument.keyword == "persistent"), None)
    if name is None or flag is None or not isinstance(flag.value, model.Literal) or flag.value.value is not False:
        return None
    return _Registered(method, statement, name, flag)


def _bound(params: tuple[str, ...], call: model.CallSite) -> dict[str, model.Argument]:
    named = {a.keyword: a for a in call.args if a.keyword}
    return {**dict(zip(params, (a for a in call.args if not a.keyword and not a.star), strict=False)), **named}


def _judged(facts: Facts, family: Family, one: _Registered) -> Iterator[TransientBuffer]:
    for key in family.members:
        member = Member(facts, key)
        if any(one.name in view.unclear for view in member.views.all()):
            return
        sources = member.sources(one.name)
        if one.method not in member.building or not member.is_used(one.name, sources):
            continue
        writes = [w for view in member.views.all() for w in view.writes if w.attribute == one.name]
        outer = [w for w in writes if w.method not in member.building - member.reached]
        updates = updates_of(member.views, outer, member.data, member.training)
        if any(resets(facts.program.function(u.write.method).name) or u.form == "given" for u in updates):
            continue
        best: tuple[Confidence, Update] | None = None
        for update in updates:
            level = _level(family, one.name, update)
            if level is not None and (best is None or level > best[0]):
                best = level, update
        if best is not None:
            limit, update = best
            write = update.write
            yield TransientBuffer(
                name_of_class(facts, family.key),
                one.name,
                facts.span(one.method.path, one.flag.value.at),
                facts.span(one.method.path, one.statement.at),
                one.flag.keyword is not None,
                facts.span(write.method.path, write.statement.at),
                facts.program.function(write.method).name,
                limit,
            )
            return


def _level(family: Family, name: str, update: Update) -> Confidence | None:
    if not update.is_from_data or update.form not in ("mixed", "stored", "set"):
        return None
    is_kept = is_of_episode(name, name_of_class(family.facts, family.key))
    if update.is_while_training:
        return Confidence.HIGH
    if is_kept:
        return Confidence.LOW
    if update.form == "mixed" and (update.is_complementary or is_learned(name)):
        return Confidence.HIGH
    return Confidence.HIGH if update.form == "stored" and is_learned(name) else Confidence.LOW
