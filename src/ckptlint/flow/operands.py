"""What operands evaluate to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ckptlint.flow.built import children_of
from ckptlint.flow.conditions import conditions_of
from ckptlint.flow.domain import (
    FALSE,
    STRING,
    TAKEN_OFF,
    TRUE,
    UNKNOWN,
    ApiAtom,
    Atom,
    Cell,
    ClassAtom,
    Const,
    Field,
    FunctionAtom,
    FunctionKey,
    Global,
    Items,
    Made,
    MethodAtom,
    ModeRead,
    ModuleAtom,
    Order,
    Others,
    Parameter,
    Ref,
    Text,
    Value,
    constant,
    derived,
    join,
    join_all,
    keeping,
    of_atom,
    ordered,
    plain,
    root_of,
)
from ckptlint.flow.events import KeyRead
from ckptlint.flow.frame import Frame
from ckptlint.flow.numbering import looked_up
from ckptlint.flow.order import SET_OPERATORS, added, is_set, order_of, put_in_sequence, set_of, sliced
from ckptlint.flow.records import attributes_of, content_of_value
from ckptlint.flow.sequences import closed_entries, comprehension, repetition
from ckptlint.flow.sharing import copied, share_of
from ckptlint.flow.state import ANY_ITEM, Gate
from ckptlint.flow.written import test_of, walk, words_of, written
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

ELEMENT = ANY_ITEM
SOME = "<some>"
"""Last part of the qualified name of some member of a library's module."""
CHECKPOINT_WORDS = frozenset(
    (
        "checkpoint checkpoints ckpt ckpts chkpt cp state states snapshot saved loaded dict package params "
        "weights restored resume data dump content"
    ).split()
)
"""Words of names that may hold a loaded checkpoint; only used to decide which reads are worth keeping."""


class Operands(Frame):
    """Evaluation of operands; calls are in a subclass."""

    def evaluate(self, operand: Operand) -> Value:
        """What an operand may be, its effects done on the way."""
        return _EVALUATE[type(operand)](self, operand)

    def call(self, operand: model.CallSite) -> Value:
        """What a call gives."""
        raise NotImplementedError

    def assign(self, target: Operand, value: Value, source: Operand | None = None) -> None:
        """Bind a target to a value."""
        raise NotImplementedError

    def assign_iterated(self, target: Operand, iterated: Value, iter: Operand) -> None:
        """Bind a loop's target to an item of what it iterates."""
        raise NotImplementedError

    def closure(self, key: FunctionKey) -> Value:
        """A nested function with what its free variables hold."""
        raise NotImplementedError

    def call_value(self, callee: Value, positional: list[Value], at: model.Place) -> Value:
        """What a call of a value gives that stands nowhere in the source (properties)."""
        raise NotImplementedError

    def loop_text(self, iterated: Operand) -> str:
        """What a loop iterates, as written, with the literals that its names hold (`loaders['val']`)."""
        text = written(iterated)
        for part in walk(iterated):
            value = self.state.names.get(part.id) if isinstance(part, model.Name) else None
            literal = value.constant() if value is not None else None
            if literal is not None and isinstance(literal.value, str) and isinstance(part, model.Name):
                text = re.sub(rf"\b{part.id}\b", lambda _, v=literal.value: repr(v), text)  # type: ignore[misc]
        return text

    # --------------------------------------------------------------------------------------------- attributes

    def attribute(self, operand: model.Attribute) -> Value:
        """`value.name` when it is read."""
        base = self.evaluate(operand.value)
        return self.attribute_of(base, operand.name, operand)

    def attribute_of(self, base: Value, name: str, operand: model.Attribute) -> Value:
        """An attribute of a value, alternative by alternative."""
        if not base.atoms:
            return derived([base])
        values = [self._attribute(a, name, operand) for a in ordered(base.atoms) if not isinstance(a, Others)]
        found = keeping(join_all(values), base)
        return join(found, UNKNOWN) if base.open else found

    def _attribute(self, atom: Atom, name: str, operand: model.Attribute) -> Value:
        if isinstance(atom, Ref):
            return self._attribute_of_ref(atom, name, operand)
        if isinstance(atom, ModuleAtom):
            if name == "__dict__":
                return of_atom(atom)
            found = self.program.member(atom, name)
            if isinstance(found, FunctionAtom | ClassAtom):
                return self.analyzer.decorated_atom(found)
            return of_atom(found) if found is not None else UNKNOWN
        if isinstance(atom, ApiAtom):
            return of_atom(ApiAtom(self.catalog.canonical(f"{atom.name}.{name}")))
        if isinstance(atom, ClassAtom):
            return self._attribute_of_class(atom, name)
        if isinstance(atom, MethodAtom):
            # What was taken for a method is read further: an ordinary attribute after all.
            inner = Ref(Field(atom.receiver.location, atom.name))
            return self._attribute_of_ref(inner, name, operand)
        return UNKNOWN

    def _attribute_of_class(self, atom: ClassAtom, name: str) -> Value:
        key = self.classes.method(atom.key, name)
        if key is not None:
            function = self.program.function(key)
            bound = None
            if any(written(d) == "classmethod" for d in function.decorators):
                # `cls` is the class itself: it is handed on as the first argument.
                return of_atom(FunctionAtom(key, None, atom.key, arguments=(of_atom(atom),)))
            return of_atom(FunctionAtom(key, bound, atom.key))
        default = self.classes.attribute(atom.key, name)
        if default is not None and isinstance(default[1], model.Literal):
            return constant(default[1].value)
        hierarchy = self.classes.hierarchy(atom.key)
        if hierarchy.external:
            return of_atom(ApiAtom(f"{hierarchy.external[0]}.{name}"))
        return UNKNOWN

    def _attribute_of_ref(self, ref: Ref, name: str, operand: model.Attribute) -> Value:
        location = ref.location
        if name == "__dict__":
            return attributes_of([of_atom(ref)])
        written_here = self.state.fields.get(location, name)
        if written_here is not None:
            return written_here
        children = children_of(self, ref, name)
        if children is not None:
            return children
        held = self.object_at(location)
        if name == "training" and (held is None or held.model is None or self.is_model(ref)):
            return of_atom(ModeRead(location, self.state.mode_of(location)))
        if held is not None and held.model is not None:
            key = self.classes.method(held.model, name)
            if key is not None:
                return self._method(ref, held.model, key, operand)
            default = self.classes.attribute(held.model, name)
            if default is not None and isinstance(default[1], model.Literal):
                return join(constant(default[1].value), self.state.read_field(location, name))
        inner = self._unwrapped(ref, name)
        if inner is not None:
            return of_atom(inner)
        if any(api.role in _DISTINCT for api in self.catalog.methods(name)) and (held is None or held.role is not None):
            return of_atom(MethodAtom(ref, name, self.site(operand.name_at)))
        if held is not None and held.role is not None and self.catalog.method(held.role, name) is not None:
            return of_atom(MethodAtom(ref, name, self.site(operand.name_at)))
        if held is not None and held.role in (Role.TENSOR, Role.BACKWARD):
            return Value(frozenset(), True, frozenset({location}))
        return self.state.read_field(location, name)

    def _method(self, ref: Ref, owner: Any, key: FunctionKey, operand: model.Attribute) -> Value:
        function = self.program.function(key)
        names = {written(d).split("(")[0].rsplit(".", 1)[-1] for d in function.decorators}
        if "staticmethod" in names:
            return of_atom(FunctionAtom(key, None, owner))
        if "classmethod" in names:
            return of_atom(FunctionAtom(key, None, owner, arguments=(of_atom(ClassAtom(owner)),)))
        bound = of_atom(FunctionAtom(key, ref, owner))
        if self.analyzer.is_wrapped(key):
            return self._bound_wrapper(self.analyzer.decorate(self, of_atom(FunctionAtom(key, None, owner)), key), ref)
        if names & {"property", "cached_property", "lazyproperty"}:
            return self.call_value(bound, [], operand.at)
        return bound

    def _bound_wrapper(self, wrapped: Value, ref: Ref) -> Value:
        """A method as its decorators leave it, bound to its receiver."""
        atoms = frozenset(
            a._replace(arguments=(of_atom(ref), *a.arguments)) if isinstance(a, FunctionAtom) else a
            for a in wrapped.atoms
        )
        return Value(atoms, wrapped.open, wrapped.origins)

    def _unwrapped(self, ref: Ref, name: str) -> Ref | None:
        held = self.object_at(ref.location)
        if held is not None and held.role is Role.AVERAGE and held.api and held.api.options.get("inner") == name:
            return ref
        if name not in self.analyzer.inner_names:
            return None
        if ref.view and ref.view[-1] != TAKEN_OFF:
            return Ref(ref.location, ref.view[:-1])
        if held is not None and (held.model is not None or held.role not in (Role.WRAPPER, Role.AVERAGE, Role.MODEL)):
            return None
        if isinstance(root_of(ref.location), Parameter | Cell):
            return Ref(ref.location, (*ref.view, TAKEN_OFF)[:4])  # Only the caller knows what it is wrapped in.
        return ref  # `model.module` of a model that may or may not be wrapped is the same model.

    # ------------------------------------------------------------------------------------------------- items

    def index(self, operand: model.Index) -> Value:
        """`value[items]`."""
        base = self.evaluate(operand.value)
        keys = [self.evaluate(item) for item in operand.items]
        looked_up(self, operand, base, keys)
        part = sliced(self, base, operand)
        if part is not None:
            return part
        key = keys[0].constant() if len(keys) == 1 else None
        results: list[Value] = []
        for atom in ordered(base.atoms):
            if isinstance(atom, Ref):
                results.append(self._item(atom, key.value if key is not None else None, key is not None, operand))
            elif isinstance(atom, ModuleAtom):
                results.append(of_atom(atom))  # Some member of a module, by its `__dict__`.
            elif isinstance(atom, ApiAtom) and atom.name.endswith(".__dict__"):
                results.append(of_atom(ApiAtom(f"{atom.name.removesuffix('.__dict__')}.{SOME}")))
            elif isinstance(atom, MethodAtom | FunctionAtom | ClassAtom | ApiAtom):
                results.append(UNKNOWN)
        if not results:
            found = derived([base, *keys])
            return plain(found, STRING) if STRING in base.origins else found
        found = keeping(join_all(results), base)
        return join(found, UNKNOWN) if base.open else found

    def _item(self, ref: Ref, key: object, literal: bool, operand: model.Index) -> Value:
        content = self.state.items.get(ref.location)
        if literal and isinstance(key, str):
            self._read_key(ref, key, operand, content)
        elif not literal and content is None and self.role_of(ref) is Role.LOAD:
            self.record(KeyRead(self.site(operand.at), self.within, self.state.tests, of_atom(ref), None, True))
        if content is not None and content.kind != "delta":
            if literal:
                found = content.get(key)
                if found is None and isinstance(key, int) and content.kind in ("list", "tuple"):
                    found = content.get(len(content.entries) + key) if key < 0 else None
                if found is not None:
                    return found
            return self.any_of(ref)
        if content is not None and literal:
            found = content.get(key)
            if found is not None:
                return found
        tabled = self._from_table(ref, key if literal else None)
        if tabled is not None:
            return tabled
        held = self.object_at(ref.location)
        if held is not None and held.role is Role.TENSOR:
            return Value(frozenset(), True, frozenset({ref.location}))
        name = f'["{key}"]' if literal and isinstance(key, str) else ELEMENT
        return self.state.read_field(ref.location, name)

    def _from_table(self, ref: Ref, key: object) -> Value | None:
        """An item of a dict or list that a module's top level writes down once (`BUILDERS[name]`)."""
        location = ref.location
        if not isinstance(location, Global):
            return None
        table = self.program.names(location.path).assigned.get(location.name)
        if not isinstance(table, model.Mapping):
            return None
        found: list[Value] = []
        for item in table.items:
            if key is not None and isinstance(item.key, model.Literal) and item.key.value != key:
                continue
            atom = self.program.resolve(location.path, item.value)
            if isinstance(atom, FunctionAtom | ClassAtom | ApiAtom):
                found.append(of_atom(atom))
            else:
                return None
        return join_all(found) if found else None

    def _read_key(self, ref: Ref, key: str, operand: model.Index, content: Items | None) -> None:
        if content is not None and (content.open or content.get(key) is not None):
            return  # It was put in here, or may have been.
        held = self.object_at(ref.location)
        role = held.role if held is not None else None
        root = root_of(ref.location)
        if role is None and content is None and not isinstance(root, Made):
            name = written(operand.value)
            if not (words_of(name) & CHECKPOINT_WORDS or "load_state_dict" in self.function.mentions):
                return
        elif (
            role not in (Role.LOAD, None)
            or (content is not None and content.kind != "delta")
            or (isinstance(root, Made) and self._loaded_root(root) is None)
        ):
            return
        guarded = self.is_guarded(key)
        self.record(KeyRead(self.site(operand.at), self.within, self.state.tests, of_atom(ref), key, guarded))

    def is_guarded(self, key: object) -> bool:
        """Whether a missing key is provided for where the program is."""
        return self.guards > 0 or key in self.asked

    def _loaded_root(self, root: Made) -> Made | None:
        held = self.objects.get(root)
        return root if held is not None and held.role is Role.LOAD else None

    def any_of(self, ref: Ref) -> Value:
        """Some item of a container."""
        content = self.state.items.get(ref.location)
        if content is None or content.kind == "delta":
            return self.state.read_field(ref.location, ELEMENT)
        values = content.values()
        found = join_all(values) if values else Value(frozenset(), True, frozenset({ref.location}))
        return join(found, derived([found])) if content.open else found

    # ------------------------------------------------------------------------------------------------ strings

    def text_pieces(self, operand: Operand) -> tuple[object, ...]:
        """The pieces of a string operand: text, or a value for what is not known."""
        value = self.evaluate(operand)
        return self.pieces_of(value, written(operand))

    def pieces_of(self, value: Value, name: str) -> tuple[object, ...]:
        """A value as pieces of a text; `name` names the hole when nothing is known."""
        atom = value.single
        if isinstance(atom, Const):
            return ((str(atom.value), False),)
        if isinstance(atom, Text):
            return atom.pieces
        if isinstance(atom, Ref) and not isinstance(root_of(atom.location), Made):
            return (value,)
        if isinstance(atom, ApiAtom):
            return ((atom.name, True),)  # A setting of a module that is not seen is the same one everywhere.
        return ((name, True),)

    # ------------------------------------------------------------------------------------------------- tests

    def truth(self, operand: Operand) -> bool | None:
        """Whether a test holds, where that is known; its effects are done."""
        if isinstance(operand, model.Unary) and operand.operator == "not":
            inner = self.truth(operand.value)
            return None if inner is None else not inner
        text, side = test_of(operand)
        if isinstance(operand, model.Logic):
            truths = [self.truth(v) for v in operand.values]
            stop = operand.operator == "or"
            if stop in truths:
                return stop
            return None if None in truths else not stop
        value = self.evaluate(operand)
        found = truth_of(value, self.catalog)
        self.undecided += found is None
        if any(isinstance(atom, ModeRead) for atom in value.atoms):
            self.mode_tests += 1
            return found  # The branch that puts a mode back is no choice of the caller.
        if found is None and text in self.decisions:
            return self.decisions[text] is side
        return found

    def weigh(self, test: Operand) -> tuple[bool | None, Callable[[bool], frozenset[Gate]]]:
        """Whether a test holds, where that is known, and the gates that stand before each of its sides."""
        undecided, modes = self.undecided, self.mode_tests
        truth = self.truth(test)
        around = self.state.gates
        if self.undecided == undecided:
            return truth, lambda side: around
        reads_mode = self.mode_tests > modes
        sides = {side: frozenset(conditions_of(self, test, side)) for side in (True, False)}
        return truth, lambda side: around | {Gate(self.path, test.at, side, reads_mode, sides[side])}


_DISTINCT = frozenset({Role.SNAPSHOT, Role.RESTORE})
"""Roles of methods whose names are telling enough to be taken for one on any object."""


def truth_of(value: Value, catalog: Catalog) -> bool | None:
    """Whether a value is true, where that is known; a library's name without a row may be a mere setting."""
    if value.open or not value.atoms:
        return None
    truths = set()
    for atom in value.atoms:
        if isinstance(atom, Const):
            truths.add(bool(atom.value))
        elif (
            isinstance(atom, FunctionAtom | ClassAtom | ModuleAtom | MethodAtom)
            or (isinstance(atom, Text) and any(_is_literal_piece(piece) for piece in atom.pieces))
            or (isinstance(atom, ApiAtom) and (_is_builtin(atom) or catalog.api(atom.name) is not None))
        ):
            truths.add(True)
        else:
            return None
    return truths.pop() if len(truths) == 1 else None


def _is_builtin(atom: ApiAtom) -> bool:
    return atom.name.startswith("builtins.")


def _literal(frame: Operands, operand: model.Literal) -> Value:
    return constant(operand.value)


def _name(frame: Operands, operand: model.Name) -> Value:
    return frame.read_name(operand.id)


def _sequence(frame: Operands, operand: model.Sequence) -> Value:
    entries: list[tuple[object, Value]] = []
    is_open = False
    element: Value | None = None
    order: Order | None = None
    for item in operand.items:
        if isinstance(item, model.Star):
            value = frame.evaluate(item.value)
            order = order or put_in_sequence(frame, order_of(frame, value), operand.at)
            spread = closed_entries(frame, value)
            if spread is None:
                is_open = True
                extra = join_all([frame.any_of(r) for r in value.refs()] or [derived([value])])
                element = extra if element is None else join(element, extra)
            else:
                entries.extend((len(entries) + i, v) for i, v in enumerate(spread))
        else:
            entries.append((len(entries), frame.evaluate(item)))
    if is_open:
        for _, value in entries:
            element = value if element is None else join(element, value)
        entries = []
    if operand.kind == "set":
        order = Order("set", frame.path, operand.at)
    return of_atom(frame.make(operand.at, items=Items(operand.kind, tuple(entries), is_open, element, order=order)))


def _mapping(frame: Operands, operand: model.Mapping) -> Value:
    content = Items("dict")
    share = None
    for item in operand.items:
        value = frame.evaluate(item.value)
        if item.key is None:
            content = merged(frame, content, value)
            share = share_of(frame.state, value) or share
            continue
        key = frame.evaluate(item.key).constant()
        if key is None:
            element = value if content.element is None else join(content.element, value)
            content = content._replace(open=True, element=element)
        else:
            content = content.put(key.value, value, frame.site(item.key.at))
    copied(frame, operand.at, share)
    return of_atom(frame.make(operand.at, items=content))


def merged(frame: Operands, content: Items, value: Value) -> Items:
    """A dict's content after `update(value)`."""
    held = content_of_value(frame, value) if not value.open else None
    if held is None or held.kind not in ("dict", "delta"):
        element = join_all([frame.any_of(r) for r in value.refs()]) if value.refs() else derived([value])
        return content._replace(
            open=True, element=element if content.element is None else join(content.element, element)
        )
    places = dict(held.places)
    for key, entry in held.entries:
        content = content.put(key, entry, places.get(key))
        if key in held.maybe:
            content = content._replace(maybe=content.maybe | {key})
    if held.element is not None:
        content = content._replace(
            element=held.element if content.element is None else join(content.element, held.element)
        )
    return content._replace(open=content.open or held.open or held.kind == "delta")


def _function_ref(frame: Operands, operand: model.FunctionRef) -> Value:
    return frame.closure(FunctionKey(frame.path, operand.function))


def _logic(frame: Operands, operand: model.Logic) -> Value:
    values: list[Value] = []
    for part in operand.values:
        value = frame.evaluate(part)
        truth = truth_of(value, frame.catalog)
        stops = operand.operator == "or"
        if truth is None:
            values.append(value)
        elif truth is stops:
            values.append(value)
            return join_all(values)
        elif part is operand.values[-1]:
            values.append(value)
    return join_all(values)


def _compare(frame: Operands, operand: model.Compare) -> Value:
    left = frame.evaluate(operand.left)
    rights = [frame.evaluate(r) for r in operand.rights]
    if operand.operators[0] in ("in", "not in") and (asked := left.constant()) is not None:
        frame.asked.add(asked.value)
    if len(rights) == 1:
        found = _compared(left, operand.operators[0], rights[0], frame)
        if found is not None:
            return TRUE if found else FALSE
    return derived([left, *rights])


def _compared(left: Value, operator: str, right: Value, frame: Operands) -> bool | None:
    a, b = left.single, right.single
    if isinstance(a, Const) and operator in ("in", "not in") and isinstance(b, Ref):
        entries = closed_entries(frame, right)
        if entries is None or any(e.constant() is None for e in entries):
            return None
        inside = any(e.constant() == a for e in entries)
        return inside if operator == "in" else not inside
    if operator in ("is", "is not") and isinstance(b, Const) and b.value is None:
        if isinstance(a, Const):
            same = a.value is None
        elif a is None or (isinstance(a, Ref) and not _is_made_model(frame, a)) or isinstance(a, ModeRead):
            return None
        else:
            same = False
        return same if operator == "is" else not same
    if isinstance(a, Const) and isinstance(b, Const):
        if operator in ("==", "is"):
            return a.value == b.value
        if operator in ("!=", "is not"):
            return a.value != b.value
    return None


def _is_made_model(frame: Operands, ref: Ref) -> bool:
    return isinstance(ref.location, Made) and frame.is_model(ref)


def _unary(frame: Operands, operand: model.Unary) -> Value:
    value = frame.evaluate(operand.value)
    atom = value.single
    if operand.operator == "not":
        truth = truth_of(value, frame.catalog)
        return derived([value]) if truth is None else FALSE if truth else TRUE
    if isinstance(atom, Const) and operand.operator == "-" and isinstance(atom.value, int | float):
        return constant(-atom.value)
    return derived([value])


def _binary(frame: Operands, operand: model.Binary) -> Value:
    left = frame.evaluate(operand.left)
    right = frame.evaluate(operand.right)
    a, b = left.single, right.single
    if operand.operator == "+" and (_is_text(a) or _is_text(b)):
        return of_text((*frame.pieces_of(left, written(operand.left)), *frame.pieces_of(right, written(operand.right))))
    if operand.operator == "/" and _is_text(a):
        pieces = (*frame.pieces_of(left, ""), ("/", False), *frame.pieces_of(right, written(operand.right)))
        return of_text(pieces)
    if operand.operator == "%" and _is_text(a):
        return of_text((*frame.pieces_of(left, ""), (written(operand.right), True)))
    if operand.operator == "|" and isinstance(a, Ref):
        content = frame.state.items.get(a.location)
        if content is not None and content.kind == "dict":
            return of_atom(frame.make(operand.at, items=merged(frame, content, right)))
    if operand.operator == "+" and isinstance(a, Ref) and isinstance(b, Ref):
        first, second = closed_entries(frame, left), closed_entries(frame, right)
        if first is not None and second is not None and not (order_of(frame, left) or order_of(frame, right)):
            entries = tuple(enumerate([*first, *second]))
            return of_atom(frame.make(operand.at, items=Items("list", entries)))
    if operand.operator == "+" and (joined := added(frame, operand, left, right)) is not None:
        return joined
    if operand.operator == "*" and (repeated := repetition(frame, operand, left, right)) is not None:
        return repeated
    if operand.operator in SET_OPERATORS and (is_set(frame, left, operand.left) or is_set(frame, right, operand.right)):
        return set_of(frame, operand, [left, right])
    return derived([left, right])


def _is_text(atom: Atom | None) -> bool:
    return isinstance(atom, Text) or (isinstance(atom, Const) and isinstance(atom.value, str))


def of_text(pieces: tuple[object, ...]) -> Value:
    """A string value of pieces, neighbouring literal pieces joined."""
    merged_pieces: list[object] = []
    for piece in pieces:
        last = merged_pieces[-1] if merged_pieces else None
        if _is_literal_piece(piece) and _is_literal_piece(last):
            merged_pieces[-1] = (last[0] + piece[0], False)  # type: ignore[index]
        else:
            merged_pieces.append(piece)
    if len(merged_pieces) == 1 and _is_literal_piece(merged_pieces[0]):
        return constant(merged_pieces[0][0])  # type: ignore[index]
    if not merged_pieces:
        return constant("")
    return of_atom(Text(tuple(merged_pieces[:12])))


def _is_literal_piece(piece: object) -> bool:
    return type(piece) is tuple and len(piece) == 2 and piece[1] is False


def _choice(frame: Operands, operand: model.Choice) -> Value:
    truth, gates = frame.weigh(operand.test)
    around = frame.state.gates
    if truth is not None:
        frame.state.gates = gates(truth)
        value = frame.evaluate(operand.body if truth else operand.orelse)
        if frame.state.reachable:
            frame.state.gates = around
        return value
    before = frame.state.copy()
    frame.state.gates = gates(True)
    body = frame.evaluate(operand.body)
    after = frame.state
    frame.state = before
    frame.state.gates = gates(False)
    orelse = frame.evaluate(operand.orelse)
    frame.state = after.join(frame.state)
    return join(body, orelse)


def _walrus(frame: Operands, operand: model.Walrus) -> Value:
    value = frame.evaluate(operand.value)
    frame.write_name(operand.target.id, value)
    return value


def _await(frame: Operands, operand: model.Await) -> Value:
    return frame.evaluate(operand.value)


def _yield(frame: Operands, operand: model.Yield) -> Value:
    if operand.value is not None:
        frame.evaluate(operand.value)
    frame.yields.append(frame.state.copy())
    return UNKNOWN


def _format(frame: Operands, operand: model.Format) -> Value:
    pieces: list[object] = []
    for part in operand.parts:
        pieces.extend(frame.text_pieces(part))
    return of_text(tuple(pieces))


def _slice(frame: Operands, operand: model.Slice) -> Value:
    for part in (operand.lower, operand.upper, operand.step):
        if part is not None:
            frame.evaluate(part)
    return UNKNOWN


def _star(frame: Operands, operand: model.Star) -> Value:
    return derived([frame.evaluate(operand.value)])


_EVALUATE: dict[type[Any], Callable[[Any, Any], Value]] = {
    model.Literal: _literal,
    model.Name: _name,
    model.Attribute: Operands.attribute,
    model.CallSite: lambda frame, operand: frame.call(operand),
    model.Index: Operands.index,
    model.Slice: _slice,
    model.Star: _star,
    model.Sequence: _sequence,
    model.Mapping: _mapping,
    model.Comprehension: comprehension,
    model.FunctionRef: _function_ref,
    model.Logic: _logic,
    model.Compare: _compare,
    model.Unary: _unary,
    model.Binary: _binary,
    model.Choice: _choice,
    model.Walrus: _walrus,
    model.Await: _await,
    model.Yield: _yield,
    model.Format: _format,
}
