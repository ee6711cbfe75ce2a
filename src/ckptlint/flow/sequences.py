"""Lists and dicts that are written down: their entries, and comprehensions over a few literals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import MAX_UNROLLED, Const, Items, Order, Ref, Value, constant, join, join_all, of_atom
from ckptlint.flow.numbering import watch_pairs
from ckptlint.flow.order import order_of, put_in_sequence
from ckptlint.flow.sharing import copied, gathered_share
from ckptlint.flow.tables import Table
from ckptlint.flow.written import walk, written
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.operands import Operands


def closed_entries(frame: Operands, value: Value) -> list[Value] | None:
    """Everything a container holds, in order (of a dict the keys); None when there may be more."""
    atom = value.single
    if isinstance(atom, Ref):
        content = frame.state.items.get(atom.location)
        if content is not None and not content.open and content.element is None and content.kind != "delta":
            if content.kind == "dict":
                return [constant(k) for k, _ in content.entries]
            return [v for _, v in content.entries]
    return None


def repetition(frame: Operands, operand: model.Binary, left: Value, right: Value) -> Value | None:
    """What `[a, b] * n` gives of objects that are known: the same ones at positions that are not."""
    for value in (left, right):
        held = closed_entries(frame, value)
        content = frame.state.items.get(value.refs()[0].location) if held else None
        if held and content is not None and content.kind in ("list", "tuple") and all(v.refs() for v in held):
            return of_atom(frame.make(operand.at, items=Items(content.kind, (), True, join_all(held))))
    return None


def comprehension(frame: Operands, operand: model.Comprehension) -> Value:
    """What a comprehension gives: over a few literals each round has an entry of its own."""
    before = frame.state.names.plain()
    rounds = _literal_rounds(frame, operand)
    gone_through: list[Value] = []
    content = _rounds(frame, operand, rounds) if rounds is not None else _any_round(frame, operand, gone_through)
    copied(frame, operand.at, gathered_share(frame, operand, gone_through))
    # Of the names bound inside only those of `:=` stay.
    assigned = {k: v for k, v in frame.state.names.items() if k in frame.function.bound and k not in before}
    frame.state.names = Table({**before, **{k: v for k, v in assigned.items() if _is_walrus(operand, k)}})
    return of_atom(frame.make(operand.at, items=content))


def _any_round(frame: Operands, operand: model.Comprehension, gone_through: list[Value]) -> Items:
    loops = len(frame.loops)
    filters: list[str] = []
    order: Order | None = None
    for generator in operand.generators:
        iterated = frame.evaluate(generator.iter)
        gone_through.append(iterated)
        order = order or order_of(frame, iterated)
        frame.loops.append(frame.loop_text(generator.iter))
        frame.assign_iterated(generator.target, iterated, generator.iter)
        for test in generator.tests:
            frame.evaluate(test)
            filters.append(written(test))
    if operand.key is not None:
        frame.evaluate(operand.key)
    value = frame.evaluate(operand.value)
    watch_pairs(frame, operand, gone_through)
    if operand.kind == "set":
        order = Order("set", frame.path, operand.at)
    elif operand.kind != "generator":
        order = put_in_sequence(frame, order, operand.at)
    del frame.loops[loops:]
    return Items(operand.kind, (), True, value, filters=tuple(filters), whole=True, order=order)


def _literal_rounds(frame: Operands, operand: model.Comprehension) -> list[Value] | None:
    generator = operand.generators[0]
    if len(operand.generators) != 1 or generator.tests or operand.kind not in ("list", "dict"):
        return None
    if not isinstance(generator.iter, model.Sequence | model.Name | model.Attribute) and not _is_items(generator.iter):
        return None
    iterated = frame.evaluate(generator.iter)
    values = closed_entries(frame, iterated) if order_of(frame, iterated) is None else None
    if values is None or not 0 < len(values) <= MAX_UNROLLED:
        return None
    return values if all(_is_told_apart(frame, value, operand.kind) for value in values) else None


def _is_items(operand: model.Operand) -> bool:
    """`parts.items()`, which can be asked for twice."""
    if not isinstance(operand, model.CallSite) or not isinstance(operand.func, model.Attribute) or operand.args:
        return False
    return operand.func.name == "items" and isinstance(operand.func.value, model.Name | model.Attribute)


def _is_told_apart(frame: Operands, value: Value, kind: str) -> bool:
    """Whether an item gives an entry of its own: a literal, or for a dict a pair that begins with one."""
    if value.constant() is not None or kind != "dict":
        return value.constant() is not None
    parts = closed_entries(frame, value)
    return parts is not None and len(parts) == 2 and parts[0].constant() is not None


def _rounds(frame: Operands, operand: model.Comprehension, rounds: list[Value]) -> Items:
    generator = operand.generators[0]
    markers = frame.markers
    frame.loops.append(frame.loop_text(generator.iter))
    content = Items(operand.kind)
    for index, item in enumerate(rounds):
        row, column = operand.at[:2]
        frame.markers = (*markers, ("", (row, column, index, 0)))
        frame.assign(generator.target, item)
        key = frame.evaluate(operand.key).constant() if operand.key is not None else Const("int", index)
        value = frame.evaluate(operand.value)
        if key is not None:
            content = content.put(key.value, value, frame.site(operand.at))
            continue
        element = value if content.element is None else join(content.element, value)
        content = content._replace(open=True, element=element)
    frame.markers = markers
    frame.loops.pop()
    return content


def _is_walrus(operand: model.Comprehension, name: str) -> bool:
    return any(isinstance(part, model.Walrus) and part.target.id == name for part in walk(operand))
