"""Dicts however they are made, and plain values of libraries: records, arrays, numbers of their own types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import UNKNOWN, Const, Items, Object, Ref, Value, derived, of_atom
from ckptlint.flow.operands import merged
from ckptlint.flow.records import attributes_of, changed_by_name
from ckptlint.flow.sequences import closed_entries
from ckptlint.flow.sharing import copied, share_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls
    from ckptlint.flow.operands import Operands


def dict_of(
    c: Calls, initial: list[Value], keywords: dict[str, Value], operand: model.CallSite, held: Object | None = None
) -> Value:
    """What `dict(initial, **keywords)` gives."""
    content = Items("dict")
    for value in initial:
        pairs = pairs_of(c, value)
        if pairs is None:
            content = merged(c, content, value)
        for key, entry in pairs or ():
            content = content.put(key, entry, c.site(operand.at))
    for name, value in keywords.items():
        if name == "**":
            content = content._replace(open=True)
            continue
        at = next((a.at for a in operand.args if a.keyword == name), operand.at)
        content = content.put(name, value, c.site(at))
    whole = len(initial) == 1 and not keywords
    copied(c, operand.at, share_of(c.state, initial[0]) if whole else None)
    return of_atom(c.make(operand.at, held=held, items=content._replace(whole=whole)))


def pairs_of(c: Operands, value: Value) -> list[tuple[object, Value]] | None:
    """The pairs of a list that is written down, with literal keys; None when they are not all seen."""
    atom = value.single
    content = c.state.items.get(atom.location) if isinstance(atom, Ref) else None
    entries = closed_entries(c, value)
    if content is None or content.kind == "dict" or content.maybe or entries is None:
        return None
    found: list[tuple[object, Value]] = []
    for entry in entries:
        parts = closed_entries(c, entry)
        key = parts[0].constant() if parts is not None and len(parts) == 2 else None
        if parts is None or key is None:
            return None
        found.append((key.value, parts[1]))
    return found


def value_made(
    c: Calls, api: Api, receiver: Value | None, bound: dict[str, Value], a: Arguments, op: model.CallSite
) -> Value:
    """What a row of plain values makes."""
    kind = api.options.get("kind")
    held = Object(api.role, api)
    if kind == "fields":
        return attributes_of(api.given("of", bound) or ([receiver] if receiver is not None else []))
    if kind in ("dict", "filling"):
        keywords = {k: v for k, v in a.keywords.items() if k not in api.params}
        is_open = a.open or kind == "filling"
        snapshot = _snapshot_in(c, api.given("of", bound))
        if snapshot is not None:
            copied(c, op.at, share_of(c.state, of_atom(snapshot)))
            return of_atom(c.make(op.at, held=c.object_at(snapshot.location), origins=frozenset({snapshot.location})))
        return dict_of(c, api.given("of", bound), {**keywords, **({"**": UNKNOWN} if is_open else {})}, op, held)
    if kind == "list":
        return of_atom(c.make(op.at, held=held, items=Items("list", (), True, UNKNOWN)))
    given = derived([v for v in (receiver, *a.values()) if v is not None])
    ref = c.make(op.at, held=held, origins=given.origins)
    if kind == "record":
        for name, value in a.keywords.items():
            c.state.write_field(ref.location, name, value, True)
        if a.open:
            changed_by_name(c, of_atom(ref))
    return Value(frozenset({ref}), False, given.origins)


def arguments_as_dict(c: Calls, api: Api, a: Arguments, op: model.CallSite) -> Items:
    """What a call writes to which each argument is an entry."""
    content = Items("dict", open=a.open)
    numbered = str(api.options["entries"])
    taken = sum(not name.startswith("*") for name in api.params[: len(a.positional)])
    for index, value in enumerate(a.positional[taken:] if "*args" in api.params else ()):
        content = content.put(numbered.format(index), value, c.site(op.at))
    for argument in op.args:
        if argument.keyword is not None and argument.keyword not in api.params:
            content = content.put(argument.keyword, a.keywords[argument.keyword], c.site(argument.at))
    return content


def _snapshot_in(c: Calls, given: list[Value]) -> Ref | None:
    """A state that is taken over as it is."""
    atom = given[0].single if len(given) == 1 else None
    return atom if isinstance(atom, Ref) and c.role_of(atom) is Role.SNAPSHOT else None


def removed(c: Operands, target: model.Index) -> None:
    """`del d["key"]`."""
    base = c.evaluate(target.value)
    keys = [c.evaluate(item) for item in target.items]
    key = keys[0].constant() if len(keys) == 1 else None
    refs = base.refs()
    for ref in refs:
        content = c.state.items.get(ref.location)
        if content is None:
            continue
        if key is None or content.kind != "dict" or len(refs) > 1 or base.open:
            c.state.items[ref.location] = content._replace(open=True)
        else:
            c.state.items[ref.location] = without(content, key)


def without(content: Items, key: Const) -> Items:
    """A dict without one of its keys."""
    return content._replace(
        entries=tuple((k, v) for k, v in content.entries if k != key.value),
        places=tuple((k, s) for k, s in content.places if k != key.value),
    )
