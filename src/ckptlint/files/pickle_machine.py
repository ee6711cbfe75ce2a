"""Follows a pickle with symbols for values: builds what it says, and neither imports nor calls anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.pickle_calls import warning_of
from ckptlint.files.pickle_opcodes import DECODERS, opcodes
from ckptlint.files.pickle_symbols import Buffer, Call, Name, Persistent, Sequence, Table
from ckptlint.files.stream import Stream

_MARK = object()

_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins"}
"""Modules by the names they had in Python 2."""


class PickleMachine:
    """Follows one pickle after the other of a stream; names that would be called are kept in `warnings`."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.warnings: dict[str, None] = {}
        self.steps = 0
        """Opcodes in all."""
        self.persistent: list[Persistent] = []
        """What the pickles say lies elsewhere."""
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[object, object] = {}

    def run(self) -> object:
        """The symbol of the next pickle."""
        self._stack, self._marks, self._memo = [], [], {}
        actions = dict(_ACTIONS)
        for code, argument in opcodes(self.stream):
            self.steps += 1
            if code == 0x2E:
                return self._pop()
            try:
                actions[code](self, argument)
            except UnreadableCheckpointError:
                raise
            except (IndexError, KeyError, ValueError) as error:
                raise self._damaged("it takes what is not there") from error
        raise self._damaged("it has no end")

    # ------------------------------------------------------------------------------------------------ the stack

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        if not self._stack or (self._marks and len(self._stack) <= self._marks[-1]):
            raise self._damaged("it takes what is not there")
        return self._stack.pop()

    def _top(self) -> object:
        return self._stack[-1]

    def _marked(self) -> list[object]:
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def _damaged(self, what: str) -> UnreadableCheckpointError:
        return UnreadableCheckpointError(
            f"byte {self.stream.position:,}: no valid pickle ({what}); it is damaged, or no checkpoint"
        )

    # ------------------------------------------------------------------------------------------------- opcodes

    def _constant(self, argument: object) -> None:
        self._push(argument)

    def _mark(self, _: object) -> None:
        self._marks.append(len(self._stack))

    def _drop(self, _: object) -> None:
        if self._marks and len(self._stack) == self._marks[-1]:
            self._marks.pop()
        else:
            self._pop()

    def _pop_mark(self, _: object) -> None:
        self._marked()

    def _dup(self, _: object) -> None:
        self._push(self._top())

    def _put(self, index: object) -> None:
        # Larger ones could be chosen so that all their hashes are equal.
        if not isinstance(index, int) or not 0 <= index < 2**32:
            raise self._damaged("it remembers under no number")
        self._memo[index] = self._top()

    def _memoize(self, _: object) -> None:
        self._memo[len(self._memo)] = self._top()

    def _get(self, index: object) -> None:
        self._push(self._memo[index])

    def _tuple_of(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(Sequence("tuple", items[::-1]))

    def _tuple_marked(self, _: object) -> None:
        self._push(Sequence("tuple", self._marked()))

    def _list_marked(self, _: object) -> None:
        self._push(Sequence("list", self._marked()))

    def _frozenset_marked(self, _: object) -> None:
        self._push(Sequence("frozenset", self._marked()))

    def _dict_marked(self, _: object) -> None:
        items = self._marked()
        self._push(Table())
        self._set(items)

    def _append(self, _: object) -> None:
        item = self._pop()
        self._add([item])

    def _appends(self, _: object) -> None:
        self._add(self._marked())

    def _set_item(self, _: object) -> None:
        value = self._pop()
        key = self._pop()
        self._set([key, value])

    def _set_items(self, _: object) -> None:
        self._set(self._marked())

    def _add(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Sequence):
            target.items.extend(items)
        elif isinstance(target, Call):
            target.added.extend(items)
        else:
            raise self._damaged("it appends to what is no list")

    def _set(self, items: list[object]) -> None:
        target = self._top()
        table = target.table if isinstance(target, Call) else target
        if not isinstance(table, Table) or len(items) % 2:
            raise self._damaged("it sets a key of what is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            table.put(key, value)

    def _global(self, argument: object) -> None:
        module, name = cast("tuple[str, str]", argument)
        self._push(Name(_RENAMED.get(module, module), name))

    def _stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise self._damaged("an import without a name")
        self._push(Name(_RENAMED.get(module, module), name))

    def _extension(self, argument: object) -> None:
        self._push(Name("copyreg", f"extension {argument}"))

    def _persistent_id(self, argument: object) -> None:
        self._elsewhere(argument)

    def _persistent_popped(self, _: object) -> None:
        self._elsewhere(self._pop())

    def _elsewhere(self, identifier: object) -> None:
        found = Persistent(identifier)
        self.persistent.append(found)
        self._push(found)

    def _reduce(self, _: object) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments, False)

    def _new_object(self, _: object) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments, True)

    def _new_object_with_names(self, _: object) -> None:
        self._pop()
        self._new_object(None)

    def _instance(self, argument: object) -> None:
        items = self._marked()
        self._global(argument)
        self._call(self._pop(), Sequence("tuple", items), False)

    def _object_marked(self, _: object) -> None:
        callee, *items = self._marked()
        self._call(callee, Sequence("tuple", items), False)

    def _call(self, callee: object, arguments: object, makes_instance: bool) -> None:
        given = arguments.items if isinstance(arguments, Sequence) else [arguments]
        call = Call(callee, given, makes_instance)
        warning = warning_of(call)
        if warning is not None and len(self.warnings) < 100:
            self.warnings[warning] = None
        self._push(call)

    def _build(self, _: object) -> None:
        state = self._pop()
        target = self._top()
        if isinstance(target, Call):
            target.state = state

    def _nothing(self, _: object) -> None:
        return


_Action = Callable[[PickleMachine, object], None]


def _tuple(count: int) -> _Action:
    return lambda machine, _: machine._tuple_of(count)


def _pushes(make: Callable[[], object]) -> _Action:
    return lambda machine, _: machine._constant(make())


_M = PickleMachine
_ACTIONS: Mapping[int, _Action] = MappingProxyType(
    {
        **dict.fromkeys(DECODERS, _M._constant),
        ord("N"): _pushes(lambda: None),
        0x88: _pushes(lambda: True),
        0x89: _pushes(lambda: False),
        ord(")"): _pushes(lambda: Sequence("tuple")),
        ord("]"): _pushes(lambda: Sequence("list")),
        ord("}"): _pushes(Table),
        0x8F: _pushes(lambda: Sequence("set")),
        0x97: _pushes(Buffer),
        ord("("): _M._mark,
        ord("0"): _M._drop,
        ord("1"): _M._pop_mark,
        ord("2"): _M._dup,
        **dict.fromkeys(b"pqr", _M._put),
        **dict.fromkeys(b"ghj", _M._get),
        0x94: _M._memoize,
        ord("t"): _M._tuple_marked,
        0x85: _tuple(1),
        0x86: _tuple(2),
        0x87: _tuple(3),
        ord("l"): _M._list_marked,
        ord("d"): _M._dict_marked,
        0x91: _M._frozenset_marked,
        ord("a"): _M._append,
        ord("e"): _M._appends,
        0x90: _M._appends,
        ord("s"): _M._set_item,
        ord("u"): _M._set_items,
        ord("c"): _M._global,
        0x93: _M._stack_global,
        **dict.fromkeys(b"\x82\x83\x84", _M._extension),
        ord("P"): _M._persistent_id,
        ord("Q"): _M._persistent_popped,
        ord("R"): _M._reduce,
        0x81: _M._new_object,
        0x92: _M._new_object_with_names,
        ord("i"): _M._instance,
        ord("o"): _M._object_marked,
        ord("b"): _M._build,
        **dict.fromkeys(b"\x80\x95\x98", _M._nothing),
    }
)
"""What each opcode does."""
