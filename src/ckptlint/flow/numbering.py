"""Where the position of an item becomes its number: dicts from item to index, labels counted along a loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import Order, Ran, Value
from ckptlint.flow.events import Indexed
from ckptlint.flow.order import is_given, items_of, order_of, sort_of_items
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import name_of_call, operands_of, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

if TYPE_CHECKING:
    from ckptlint.flow.operands import Operands

ANSWER_WORDS = frozenset("pred preds prediction predictions predicted argmax topk".split())
"""Words of an index that say it is a model's answer."""
_PASSING = frozenset({"tqdm", "trange", "track", "list", "tuple", "iter", "progressbar"})
_COUNTING = frozenset({"range", "count", "arange"})
_NUMBER_MAKERS = frozenset(
    (
        "int str float tensor LongTensor IntTensor array asarray as_tensor int64 int32 uint8 full one_hot "
        "to_categorical eye identity full_like repeat"
    ).split()
)


class _Walk:
    """One way through something: the names of an item and of its number, and what is gone through."""

    def __init__(self, iterated: Operand, items: frozenset[str], number: str | None) -> None:
        self.iterated = iterated
        self.items = items
        self.number = number

    def is_item(self, operand: Operand) -> bool:
        """Whether an operand is the item: by its name, or as `items[number]`."""
        if isinstance(operand, model.Index) and len(operand.items) == 1:
            at = operand.items[0]
            same = written(operand.value) == written(self.iterated)
            return same and isinstance(at, model.Name) and at.id == self.number
        return isinstance(operand, model.Name) and operand.id in self.items

    def mentions_item(self, operand: Operand) -> bool:
        """Whether an operand is made of the item."""
        return any(self.is_item(part) for part in walk(operand))

    def numbers(self, key: Operand, value: Operand, number: str) -> bool:
        """Whether storing a value under a key tells the number of an item, or the item of a number."""
        return (self.mentions_item(key) and _is_number(value, number)) or (
            self.is_item(value) and _is_number(key, number)
        )


def _walk_of(target: Operand, iter: Operand) -> _Walk | None:
    call = iter
    while isinstance(call, model.CallSite) and name_of_call(call) in _PASSING and call.args:
        inner = call.args[0].value
        if not isinstance(inner, model.CallSite):
            break
        call = inner
    pair = target.items if isinstance(target, model.Sequence) and len(target.items) == 2 else None
    given = [a.value for a in call.args if not a.star] if isinstance(call, model.CallSite) else []
    if isinstance(call, model.CallSite) and name_of_call(call) == "enumerate" and given and pair is not None:
        number = pair[0].id if isinstance(pair[0], model.Name) else None
        return _Walk(given[0], _names(pair[1]), number)
    if isinstance(call, model.CallSite) and name_of_call(call) == "zip" and len(given) == 2 and pair is not None:
        for side in (0, 1):
            counted = pair[side]
            if _counts(given[side]) and isinstance(counted, model.Name):
                return _Walk(given[1 - side], _names(pair[1 - side]), counted.id)
        return None
    if isinstance(call, model.CallSite) and name_of_call(call) == "range" and len(given) == 1:
        length = given[0]
        if isinstance(length, model.CallSite) and name_of_call(length) == "len" and isinstance(target, model.Name):
            return _Walk(length.args[0].value, frozenset(), target.id) if length.args else None
        return None
    return _Walk(iter, _names(target), None)


def _counts(operand: Operand) -> bool:
    return isinstance(operand, model.CallSite) and name_of_call(operand) in _COUNTING


def _names(target: Operand) -> frozenset[str]:
    return frozenset(part.id for part in walk(target) if isinstance(part, model.Name))


def _mentions(operand: Operand, names: frozenset[str]) -> bool:
    return any(isinstance(part, model.Name) and part.id in names for part in walk(operand))


def _is_number(operand: Operand, number: str) -> bool:
    """Whether an operand is the number itself, or made of it so that it still tells one item from another."""
    if isinstance(operand, model.Name | model.Attribute):
        return written(operand) == number
    if isinstance(operand, model.Binary):
        sides = (operand.left, operand.right)
        return any(_is_number(side, number) for side in sides) and not any(
            isinstance(side, model.Literal) and isinstance(side.value, str) for side in sides
        )
    if isinstance(operand, model.CallSite):
        return name_of_call(operand) in _NUMBER_MAKERS and any(_is_number(a.value, number) for a in operand.args)
    if isinstance(operand, model.Sequence):
        return any(_is_number(item, number) for item in operand.items)
    if isinstance(operand, model.Index):
        # A row of the identity matrix: `np.eye(n)[i]`.
        return (
            isinstance(operand.value, model.CallSite)
            and name_of_call(operand.value) in ("eye", "identity")
            and any(_is_number(item, number) for item in operand.items)
        )
    return False


def watch_pairs(f: Operands, operand: model.Comprehension, iterated: list[Value]) -> None:
    """`{item: number for number, item in enumerate(items)}`, and as pairs for `dict`."""
    first = operand.generators[0]
    way = _walk_of(first.target, first.iter)
    if way is None or way.number is None:
        return
    key, value = operand.key, operand.value
    if key is None and isinstance(value, model.Sequence) and len(value.items) == 2:
        key, value = value.items
    if key is not None and way.numbers(key, value, way.number):
        _record(f, "numbered", operand.at, way, "", iterated[0])


def watch_loop(f: Operands, statement: model.Loop, target: Operand, iterated: Value) -> None:
    """A loop along something that stores the number of each item, counted by `enumerate`, by hand or by `len`."""
    way = _walk_of(target, statement.iter)
    if way is None:
        return
    if order_of(f, iterated) is None:
        operand = _operand(f, way, iterated)
        if order_of(f, operand) is None and not is_given(operand):
            return
    body = list(statements_of(statement.body))
    numbers = [way.number] if way.number is not None else [written(s.target) for s in _counted(statement.body)]
    for part in body:
        for use, at, container, key, value in _stores(part):
            if use == "labelled":
                is_counted = any(_is_number(value, number) for number in numbers)
            else:
                assert key is not None
                counted = _is_length(value, container) and way.mentions_item(key)
                is_counted = counted or any(way.numbers(key, value, n) for n in numbers)
            if is_counted:
                _record(f, use, at, way, container, iterated)


def _counted(body: list[model.Statement]) -> Iterator[model.Augment]:
    """Counters that go up by one in each round."""
    for statement in body:
        if isinstance(statement, model.Augment) and statement.operator == "+":
            if isinstance(statement.value, model.Literal) and statement.value.value == 1:
                yield statement
        elif isinstance(statement, model.Branch):
            yield from _counted(statement.body)
            yield from _counted(statement.orelse)


def _is_length(value: Operand, container: str) -> bool:
    return any(written(part) == f"len({container})" for part in walk(value))


def _stores(statement: model.Statement) -> Iterator[tuple[str, model.Place, str, Operand | None, Operand]]:
    """What a statement puts into containers: (use, place, container, key, value)."""
    if isinstance(statement, model.Bind) and statement.value is not None:
        for target in statement.targets:
            if isinstance(target, model.Index) and len(target.items) == 1:
                yield "numbered", statement.at, written(target.value), target.items[0], statement.value
    elif isinstance(statement, model.Augment) and statement.operator == "+":
        yield "labelled", statement.at, written(statement.target), None, statement.value
    elif isinstance(statement, model.Evaluate) and isinstance(statement.value, model.CallSite):
        yield from _stored_by_call(statement.value)


def _stored_by_call(call: model.CallSite) -> Iterator[tuple[str, model.Place, str, Operand | None, Operand]]:
    func = call.func
    if not isinstance(func, model.Attribute):
        return
    given = [a.value for a in call.args]
    container = written(func.value)
    if func.name in ("append", "extend") and len(given) == 1:
        yield "labelled", call.at, container, None, given[0]
    elif func.name == "setdefault" and len(given) == 2:
        yield "numbered", call.at, container, given[0], given[1]
    elif func.name == "update" and len(given) == 1 and isinstance(given[0], model.Mapping):
        for item in given[0].items:
            if item.key is not None:
                yield "numbered", call.at, container, item.key, item.value


def watch_dict(f: Operands, call: model.CallSite, given: list[Value]) -> None:
    """`dict(zip(items, range(n)))`."""
    inner = call.args[0].value if call.args else None
    if not given or not isinstance(inner, model.CallSite) or name_of_call(inner) != "zip" or len(inner.args) != 2:
        return
    sides = [a.value for a in inner.args]
    for side in (0, 1):
        if _counts(sides[side]):
            way = _Walk(sides[1 - side], frozenset(), None)
            _record(f, "numbered", call.at, way, "", given[0])
            return


def looked_for(f: Operands, container: Value, call: model.CallSite) -> None:
    """`items.index(item)`."""
    assert isinstance(call.func, model.Attribute)
    held = call.func.value
    way = _Walk(held, frozenset(), None)
    _record(f, "found", call.at, way, written(held), container)


def watch_attributes(f: Operands) -> None:
    """`self.items.index(item)` in a method, where the constructor leaves the attribute without a fixed order."""
    if f.self_location is None or f.self_class is None or not f.state.reachable:
        return
    fields = f.state.fields.of(f.self_location)
    found = {name for name, value in fields.items() if order_of(f, value) is not None}
    record = f.program.record(f.self_class.path)
    if not found or record is None:
        return
    for index in record.classes[f.self_class.number].methods.values():
        function = record.functions[index]
        if function is f.function or "index" not in function.calls or not function.parameters:
            continue
        receiver = function.parameters[0].name
        for statement in statements_of(function.body):
            for call in (part for top in operands_of(statement) for part in walk(top)):
                name = _searched(call, receiver)
                if name in found and isinstance(call, model.CallSite) and isinstance(call.func, model.Attribute):
                    way = _Walk(call.func.value, frozenset(), None)
                    _record(f, "found", call.at, way, f"{receiver}.{name}", fields[name])


def _searched(call: Operand, receiver: str) -> str:
    """The attribute of the receiver whose `index` is called."""
    if not isinstance(call, model.CallSite) or not isinstance(call.func, model.Attribute) or call.func.name != "index":
        return ""
    held = call.func.value
    is_own = isinstance(held, model.Attribute) and written(held.value) == receiver
    return held.name if is_own and isinstance(held, model.Attribute) else ""


def looked_up(f: Operands, operand: model.Index, base: Value, keys: list[Value]) -> None:
    """`items[predicted]`, and the slices that divide items by their position."""
    if len(keys) != 1:
        return
    key = operand.items[0]
    way = _Walk(operand.value, frozenset(), None)
    if isinstance(key, model.Slice):
        if key.step is None and (key.lower is None) is not (key.upper is None):
            bound = key.lower if key.upper is None else key.upper
            assert bound is not None
            if order_of(f, base) is not None:
                _record(f, "lower" if key.lower is None else "upper", operand.at, way, written(bound), base)
        return
    is_answer = any(isinstance(origin, Ran) for origin in keys[0].origins)
    if is_answer or words_of(written(key)) & ANSWER_WORDS:
        _record(f, "looked-up", operand.at, way, written(operand.value), base)


def divided(f: Operands, call: model.CallSite, value: Value) -> None:
    """Something is split by a library with a seed, which says which positions go where."""
    if call.args:
        _record(f, "split", call.at, _Walk(call.args[0].value, frozenset(), None), "", value)


def gathered(f: Operands, call: model.CallSite) -> Order | None:
    """The order of what a loop around takes its items from, when the call stores something made of one."""
    for names, order in reversed(f.unordered):
        if any(_mentions(a.value, names) for a in call.args):
            return order
    return None


def _operand(f: Operands, way: _Walk, iterated: Value) -> Value:
    """What is gone through, behind `enumerate` and the like."""
    if isinstance(way.iterated, model.Name):
        return f.read_name(way.iterated.id)
    if isinstance(way.iterated, model.Attribute) and isinstance(way.iterated.value, model.Name):
        return f.evaluate(way.iterated)
    return iterated


def _record(f: Operands, use: str, at: model.Place, way: _Walk, key: str, iterated: Value) -> None:
    operand = _operand(f, way, iterated)
    order = order_of(f, operand) or order_of(f, iterated)
    if order is None and not is_given(operand):
        return
    if order is not None and order_of(f, operand) is None:
        operand = iterated
    names = tuple(sorted(way.items)) + ((way.number,) if way.number is not None else ())
    sort = sort_of_items(f, operand)
    items, site, tests = items_of(f, operand), f.site(at), f.state.tests
    f.record(Indexed(site, f.within, tests, operand, items, use, key, way.iterated.at, names, order, sort))


def known_here(f: Operands, event: Indexed) -> Indexed | None:
    """The event with what this caller knows of the order; None when nobody can know more."""
    order = order_of(f, event.operand)
    if order is None:
        return event if is_given(event.operand) else None
    return replace(event, order=order, items=items_of(f, event.operand), sort=sort_of_items(f, event.operand))
