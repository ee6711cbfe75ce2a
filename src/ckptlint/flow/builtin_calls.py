"""Builtins whose result keeps what they are given: containers, attributes by name, iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.additions import part_put_in
from ckptlint.flow.alternatives import forget_settings
from ckptlint.flow.dicts import dict_of
from ckptlint.flow.domain import (
    NONE,
    NUMBER,
    UNKNOWN,
    ApiAtom,
    Items,
    ModuleAtom,
    Order,
    Ref,
    Value,
    constant,
    derived,
    join,
    keeping,
    of_atom,
    plain,
)
from ckptlint.flow.numbering import watch_dict
from ckptlint.flow.operands import SOME, of_text
from ckptlint.flow.order import NUMBER_CALLS, items_of, order_of, put_in_sequence
from ckptlint.flow.records import attributes_of, changed_by_name
from ckptlint.flow.sharing import copied, share_of
from ckptlint.flow.written import written
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls


def call_builtin(c: Calls, name: str, arguments: Arguments, operand: model.CallSite) -> Value | None:
    """What a builtin gives; None when it needs no special treatment."""
    given = arguments.positional
    if name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"):
        kind = {"frozenset": "set", "sorted": "list", "reversed": "list", "iter": "list"}.get(name, name)
        return _copied(c, kind, given, operand, is_sorted=name == "sorted")
    if name in NUMBER_CALLS:
        return plain(derived(arguments.values()), NUMBER)
    if name == "dict":
        watch_dict(c, operand, given)
        return dict_of(c, given, arguments.keywords, operand)
    if name == "getattr" and len(given) >= 2:
        return _getattr(c, given, operand)
    if name == "exec":
        forget_settings(c)
        return NONE
    if name == "vars" and given:
        return attributes_of(given[:1])
    if name == "setattr" and len(given) == 3:
        key = given[1].constant()
        if key is None:
            changed_by_name(c, given[0])
        for ref in given[0].refs():
            if key is not None and isinstance(key.value, str):
                part_put_in(c, ref.location, key.value, given[2], operand.at)
                c.state.write_field(ref.location, key.value, given[2], len(given[0].atoms) == 1)
        return NONE
    if name == "str" and len(given) == 1 and operand.args:
        return of_text(c.pieces_of(given[0], written(operand.args[0].value)))
    if name == "map" and len(given) >= 2:
        return _mapped(c, given, operand)
    if name == "next" and given:
        return _item(c, given[0])
    if name == "filter" and len(given) == 2:
        kept = Items("generator", (), True, _item(c, given[1]), order=order_of(c, given[1]))
        return of_atom(c.make(operand.at, items=kept))
    if name == "enumerate" and given:
        return _paired(c, [plain(UNKNOWN, NUMBER), _item(c, given[0])], given[:1], operand)
    if name == "zip" and given:
        return _paired(c, [_item(c, v) for v in given], given, operand)
    return None


def _item(c: Calls, value: Value) -> Value:
    return keeping(items_of(c, value), value)


def _mapped(c: Calls, given: list[Value], operand: model.CallSite) -> Value:
    before = c.state.copy()
    element = c.call_value(given[0], [_item(c, v) for v in given[1:]], operand.at)
    c.state = before.join(c.state)
    order = order_of(c, given[1])
    return of_atom(c.make(operand.at, items=Items("generator", (), True, element, order=order)))


def _closed(c: Calls, value: Value) -> Items | None:
    atom = value.single
    content = c.state.items.get(atom.location) if isinstance(atom, Ref) else None
    if content is None or content.open or content.element is not None or content.kind == "delta":
        return None
    return content


def _copied(c: Calls, kind: str, given: list[Value], operand: model.CallSite, *, is_sorted: bool) -> Value:
    if not given:
        return of_atom(c.make(operand.at, items=Items(kind, order=_order(c, kind, UNKNOWN, operand))))
    order = None if is_sorted else _order(c, kind, given[0], operand)
    content = _closed(c, given[0])
    if content is not None:
        values = [constant(k) for k, _ in content.entries] if content.kind == "dict" else content.values()
        return of_atom(c.make(operand.at, items=Items(kind, tuple(enumerate(values)), order=order)))
    held = None
    for ref in given[0].refs():
        held = c.state.items.get(ref.location)
    filters = held.filters if held is not None else ()
    items = Items(kind, (), True, _item(c, given[0]), filters=filters, whole=True, order=order)
    copied(c, operand.at, share_of(c.state, given[0]))
    return of_atom(c.make(operand.at, items=items))


def _order(c: Calls, kind: str, given: Value, operand: model.CallSite) -> Order | None:
    if kind == "set":
        return Order("set", c.path, operand.at)
    return put_in_sequence(c, order_of(c, given), operand.at)


def _getattr(c: Calls, given: list[Value], operand: model.CallSite) -> Value:
    key = given[1].constant()
    if key is not None and isinstance(key.value, str):
        place = model.Attribute(operand.at, operand.args[0].value, key.value, operand.at)
        found = c.attribute_of(given[0], key.value, place)
        return join(found, given[2]) if len(given) > 2 else found
    modules = [a for a in given[0].atoms if isinstance(a, ModuleAtom)]
    apis = [ApiAtom(f"{a.name}.{SOME}") for a in given[0].atoms if isinstance(a, ApiAtom)]
    if modules or apis:
        return Value(frozenset([*modules, *apis]), given[0].open)
    return attributes_of(given[:1])


def _paired(c: Calls, items: list[Value], given: list[Value], operand: model.CallSite) -> Value:
    row, column, end_row, end_column = operand.at
    contents = [_closed(c, v) for v in given]
    order = next(filter(None, (order_of(c, v) for v in given)), None)
    if contents[0] is not None and all(x is not None for x in contents) and len(contents[0].entries) <= 4:
        made: list[tuple[object, Value]] = []
        length = min(len(x.entries) for x in contents if x is not None)
        for index in range(length):
            parts = [x.values()[index] for x in contents if x is not None]
            if len(items) > len(given):
                parts = [constant(index), *parts]
            place = (row, column, end_row, end_column + 1000 + index)
            made.append((index, of_atom(c.make(place, items=Items("tuple", tuple(enumerate(parts)))))))
        return of_atom(c.make(operand.at, items=Items("list", tuple(made), order=order)))
    place = (row, column, end_row, end_column + 1000)
    pair = c.make(place, items=Items("tuple", tuple(enumerate(items))))
    return of_atom(c.make(operand.at, items=Items("generator", (), True, of_atom(pair), order=order)))
