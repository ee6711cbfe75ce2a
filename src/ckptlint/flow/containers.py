"""Methods of lists, dicts and sets that the project itself fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.assemblies import CHAIN, chain_method
from ckptlint.flow.built import children_changed
from ckptlint.flow.domain import (
    NONE,
    UNKNOWN,
    Items,
    Ref,
    Value,
    constant,
    derived,
    join,
    join_all,
    of_atom,
)
from ckptlint.flow.numbering import gathered, looked_for
from ckptlint.flow.operands import merged
from ckptlint.flow.order import SET_METHODS, order_of, set_of
from ckptlint.flow.sequences import closed_entries
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls
    from ckptlint.flow.operands import Operands


def container_method(
    c: Calls, ref: Ref, content: Items, name: str, arguments: Arguments, operand: model.CallSite
) -> Value | None:
    """What a method of a container does and gives; None when it is no method that matters here."""
    if content.kind == CHAIN:
        return chain_method(c, ref, content, name, arguments)
    if name in ("append", "add", "appendleft", "insert", "extend"):
        return _grown(c, ref, content, name, arguments, operand)
    if name == "update" and content.kind in ("dict", "delta"):
        for value in arguments.positional:
            content = merged(c, content, value)
        for key, value in arguments.keywords.items():
            content = content._replace(open=True) if key == "**" else content.put(key, value, c.site(operand.at))
        c.state.items[ref.location] = content
        return NONE
    if name == "index" and content.kind == "list":
        looked_for(c, of_atom(ref), operand)
    if name == "sort" and content.order is not None:
        c.state.items[ref.location] = content._replace(order=None)
        return NONE
    if content.kind == "set":
        if name in SET_METHODS:
            return set_of(c, operand, [of_atom(ref), *arguments.positional])
        if name == "update":
            return _grown(c, ref, content, "extend", arguments, operand)
    if name in ("get", "pop", "setdefault") and (
        content.kind == "dict" or (name == "setdefault" and content.kind == "delta")
    ):
        return _taken(c, ref, content, name, arguments, operand)
    return _seen(c, ref, content, name, operand)


def _grown(
    c: Calls, ref: Ref, content: Items, name: str, arguments: Arguments, operand: model.CallSite
) -> Value | None:
    given = arguments.positional
    if not given:
        return None
    if name == "extend":
        grown = extended(c, content, given[0])
    elif name == "append":
        grown = _put_at(c, content, len(content.entries), given[-1])
    elif name == "insert" and len(given) == 2 and (index := given[0].constant()) is not None:
        grown = _put_at(c, content, index.value, given[1])
    else:
        grown = _with_element(content, given[-1])
    order = content.order
    if order is None and content.kind == "list":
        order = order_of(c, given[0]) if name == "extend" else gathered(c, operand)
    c.state.items[ref.location] = grown._replace(order=order)
    children_changed(c, ref.location)
    return NONE


def extended(c: Operands, content: Items, value: Value) -> Items:
    """A container's content after `extend(value)` or `+= value`."""
    more = closed_entries(c, value) if _is_written_down(c, content) else None
    if more is None:
        return _with_element(content, join_all([c.any_of(r) for r in value.refs()] or [derived([value])]))
    for entry in more:
        content = content.put(len(content.entries), entry)
    return content


def _is_written_down(c: Operands, content: Items) -> bool:
    """Whether every entry stands at a known place; in a loop the number of rounds is not known."""
    return content.kind == "list" and not content.open and content.element is None and not c.loops


def _put_at(c: Operands, content: Items, index: object, value: Value) -> Items:
    entries = [v for _, v in content.entries]
    if not _is_written_down(c, content) or not isinstance(index, int) or not 0 <= index <= len(entries):
        return _with_element(content, value)
    if index == len(entries):
        return content.put(index, value)
    if content.maybe:
        return _with_element(content, value)
    entries.insert(index, value)
    return content._replace(entries=tuple(enumerate(entries)), places=())


def _with_element(content: Items, element: Value) -> Items:
    return content._replace(open=True, element=element if content.element is None else join(content.element, element))


def _taken(
    c: Calls, ref: Ref, content: Items, name: str, arguments: Arguments, operand: model.CallSite
) -> Value | None:
    given = arguments.positional
    if not given:
        return None
    key = given[0].constant()
    found = content.get(key.value) if key is not None else None
    if name == "pop" and key is not None:
        entries = tuple((k, v) for k, v in content.entries if k != key.value)
        c.state.items[ref.location] = content._replace(entries=entries)
    if name == "setdefault" and key is not None and len(given) > 1 and found is None:
        c.state.items[ref.location] = content.put(key.value, given[1], c.site(operand.at))
    return found if found is not None else derived([of_atom(ref), *given])


def _seen(c: Calls, ref: Ref, content: Items, name: str, operand: model.CallSite) -> Value | None:
    items: Items | None = None
    if name == "items" and content.kind == "dict":
        items = _pairs(c, ref, content, operand)
    elif name == "values":
        values = tuple((index, value) for index, (_, value) in enumerate(content.entries))
        items = content._replace(kind="list", entries=values)
    elif name == "keys" and content.kind == "dict" and not content.open:
        items = Items("list", tuple((index, constant(key)) for index, (key, _) in enumerate(content.entries)))
    elif name == "copy":
        items = content
    return of_atom(c.make(operand.at, items=items)) if items is not None else None


def _pairs(c: Calls, ref: Ref, content: Items, operand: model.CallSite) -> Items:
    row, column, end_row, end_column = operand.at
    if content.open or content.element is not None:
        place = (row, column, end_row, end_column + PAIRS)
        pair = c.make(place, items=Items("tuple", ((0, UNKNOWN), (1, c.any_of(ref)))))
        return Items("list", (), True, of_atom(pair))
    entries: list[tuple[object, Value]] = []
    for index, (key, value) in enumerate(content.entries):
        place = (row, column, end_row, end_column + PAIRS + index)
        entries.append((index, of_atom(c.make(place, items=Items("tuple", ((0, constant(key)), (1, value)))))))
    return Items("list", tuple(entries))


PAIRS = 1000
"""Added to a call's end column for the pairs it makes, which stand nowhere in the source."""
