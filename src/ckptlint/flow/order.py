"""The order of containers: whose items come in no fixed order, and what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    NUMBER,
    STRING,
    ApiAtom,
    Const,
    Field,
    Items,
    Order,
    Parameter,
    Ref,
    Text,
    Value,
    derived,
    is_entry,
    item_of_unknown,
    join_all,
    of_atom,
    plain,
)
from ckptlint.flow.written import written
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.frame import Frame
    from ckptlint.flow.operands import Operands

SET_OPERATORS = frozenset({"&", "|", "-", "^"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
TEXT_METHODS = frozenset(
    (
        "split rsplit splitlines strip lstrip rstrip lower upper title casefold join read readline readlines "
        "decode format removeprefix removesuffix"
    ).split()
)
"""Methods whose result is text, or a list of texts, whatever they are called on."""
NUMBER_METHODS = frozenset("tolist item argmax argmin argsort astype long int float cumsum nonzero".split())
"""Methods whose result holds numbers; that of `tolist` nearly always does."""
TARGETS = "targets"
"""What datasets call the classes of their items, which are numbers there."""
NUMBER_CALLS = frozenset("int float bool len ord abs round sum hash id range".split())


def order_of(frame: Frame, value: Value) -> Order | None:
    """Why the items of a value come in no fixed order; None where they do, or where that is not known."""
    found: list[Order] = []
    contents = [frame.state.items.get(ref.location) for ref in value.refs()]
    for content in contents:
        if content is not None and content.order is not None and not _is_single(content):
            found.append(content.order)
    if not found:
        return None
    first = min(found, key=lambda order: (order.kind != "set", order.path, order.at))
    is_sure = len(found) == len(value.atoms) and not value.open
    return first if is_sure else first._replace(is_sure=False)


def _is_single(content: Items) -> bool:
    return not content.open and content.element is None and len(content.entries) < 2


def is_given(value: Value) -> bool:
    """Whether a caller may know more of a value: it was there when the function began."""
    return any(is_entry(ref.location) for ref in value.refs())


def items_of(frame: Operands, value: Value) -> Value:
    """What the items of a value may be."""
    item = join_all([frame.any_of(r) for r in value.refs()] or [item_of_unknown(value)])
    named = {a.name.rpartition(".")[2] for a in value.atoms if isinstance(a, ApiAtom)}
    return plain(item, NUMBER) if TARGETS in named else item


def sort_of(value: Value) -> str:
    """What a value is known to be: "number", "string" or ""."""
    if NUMBER in value.origins or any(isinstance(a, Const) and isinstance(a.value, int | float) for a in value.atoms):
        return "number"
    is_text = all(isinstance(a, Text) or (isinstance(a, Const) and isinstance(a.value, str)) for a in value.atoms)
    if is_text and (STRING in value.origins if value.open else bool(value.atoms)):
        return "string"
    return ""


def sort_of_items(frame: Operands, value: Value) -> str:
    """What the items of a value are known to be: "number" if any may be one, "string" if all are text."""
    sorts: list[str] = []
    for ref in value.refs():
        content = frame.state.items.get(ref.location)
        for item in content.values() if content is not None else ():
            sorts.append(sort_of(item) or _annotated(frame, item) or _of_parts(frame, item))
    if "number" in sorts:
        return "number"
    return "string" if sorts and set(sorts) == {"string"} else ""


def _of_parts(frame: Frame, value: Value) -> str:
    """A tuple of texts has the order of texts, one of numbers that of numbers."""
    atom = value.single
    content = frame.state.items.get(atom.location) if isinstance(atom, Ref) else None
    if content is None or content.kind != "tuple" or content.open:
        return ""
    sorts = {sort_of(part) or _annotated(frame, part) for part in content.values()}
    return "string" if "string" in sorts else "number" if sorts == {"number"} else ""


def _annotated(frame: Frame, value: Value) -> str:
    """What the name of an attribute, or a parameter's annotation, says of its items."""
    for ref in value.refs():
        base = ref.location.base if isinstance(ref.location, Field) else ref.location
        if isinstance(base, Field) and base.name == TARGETS:
            return "number"
        if isinstance(base, Parameter):
            for parameter in frame.function.parameters:
                if parameter.name == base.name and parameter.annotation is not None:
                    return _said(written(parameter.annotation))
    return ""


def _said(annotation: str) -> str:
    words = set(re.findall(r"\w+", annotation))
    if words & {"int", "float", "Tensor"}:
        return "number"
    return "string" if "str" in words else ""


def set_of(frame: Operands, operand: model.Operand, values: Iterable[Value]) -> Value:
    """A set of whatever these values hold."""
    element = join_all([items_of(frame, value) for value in values])
    order = Order("set", frame.path, operand.at)
    return of_atom(frame.make(operand.at, items=Items("set", (), True, element, order=order)))


def is_set(frame: Frame, value: Value, operand: model.Operand) -> bool:
    """Whether a value is a set, or the keys of a dict."""
    contents = [frame.state.items.get(ref.location) for ref in value.refs()]
    if contents and all(content is not None and content.kind == "set" for content in contents):
        return True
    return (
        isinstance(operand, model.CallSite)
        and isinstance(operand.func, model.Attribute)
        and operand.func.name == "keys"
        and not operand.args
    )


def put_in_sequence(frame: Frame, order: Order | None, at: model.Place) -> Order | None:
    """The order of a sequence made of items of such an order."""
    if order is None or order.listed is not None:
        return order
    return order._replace(listed=(frame.path, at))


def sliced(frame: Operands, base: Value, operand: model.Index) -> Value | None:
    """A slice of a sequence of no fixed order."""
    order = order_of(frame, base)
    if order is None or len(operand.items) != 1 or not isinstance(operand.items[0], model.Slice):
        return None
    items = Items("list", (), True, items_of(frame, base), order=order)
    return of_atom(frame.make(operand.at, items=items))


def added(frame: Operands, operand: model.Binary, left: Value, right: Value) -> Value | None:
    """Two lists after each other, one of which has no fixed order."""
    orders = [order for order in (order_of(frame, left), order_of(frame, right)) if order is not None]
    if not orders:
        return None
    order = put_in_sequence(frame, orders[0], operand.at)
    element = join_all([items_of(frame, left), items_of(frame, right)])
    return of_atom(frame.make(operand.at, items=Items("list", (), True, element, order=order)))


def listing(frame: Operands, values: Iterable[Value], at: model.Place, *, is_tree: bool) -> Value:
    """What a call that lists a folder gives: names, or (folder, folders, files) for a whole tree."""
    order = Order("listing", frame.path, at)
    name = derived(values)
    if is_tree:
        row, column, end_row, end_column = at
        parts: list[tuple[object, Value]] = [(0, name)]
        for index in (1, 2):
            place = (row, column, end_row, end_column + LISTED + index)
            parts.append((index, of_atom(frame.make(place, items=Items("list", (), True, name, order=order)))))
        place = (row, column, end_row, end_column + LISTED)
        name = of_atom(frame.make(place, items=Items("tuple", tuple(parts))))
    return of_atom(frame.make(at, items=Items("list", (), True, name, order=order)))


LISTED = 4000
"""Added to a call's end column for the parts of what it gives, which stand nowhere in the source."""


def told_by_method(name: str, result: Value) -> Value:
    """What a method gives that is not seen, with what its name says of it."""
    if name in TEXT_METHODS:
        return plain(result, STRING)
    return plain(result, NUMBER) if name in NUMBER_METHODS else result
