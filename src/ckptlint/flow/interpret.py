"""Statements: the forward analysis of one function's body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckptlint.flow.additions import part_put_in
from ckptlint.flow.built import attribute_set, children_changed
from ckptlint.flow.containers import extended
from ckptlint.flow.dicts import removed
from ckptlint.flow.domain import (
    MAX_UNROLLED,
    UNKNOWN,
    UNKNOWN_MODE,
    ClassAtom,
    ClassKey,
    Const,
    Field,
    FunctionAtom,
    FunctionKey,
    Items,
    Made,
    Object,
    Ref,
    Value,
    constant,
    derived,
    item_of_unknown,
    join,
    join_all,
    keeping,
    of_atom,
)
from ckptlint.flow.events import Ineffective
from ckptlint.flow.fits import decorated_handler
from ckptlint.flow.frame import LoopExits
from ckptlint.flow.freezing import flag_set
from ckptlint.flow.kept_modes import put_back
from ckptlint.flow.numbering import watch_attributes, watch_loop
from ckptlint.flow.operands import ELEMENT, merged
from ckptlint.flow.order import order_of
from ckptlint.flow.program import leaves
from ckptlint.flow.regions import Regions, is_absent_key
from ckptlint.flow.sharing import item_put_in, model_named, next_round
from ckptlint.flow.state import DEAD, State
from ckptlint.flow.written import walk, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand, Statement

_NONE = constant(None)
MIN_COLLECTED = 64
"""Objects a state may gather before those out of reach are dropped."""
MAX_ROUNDS = 8
"""Rounds after which a loop's state is taken as it is; joins grow, so few are needed."""


class Interpreter(Regions):
    """Runs a function's body over abstract states."""

    def run(self) -> State:
        """The state in which the function returns; `returns` holds the values."""
        self.block(self.function.body)
        ends = [state for _, state in self.returns]
        if self.state.reachable:
            self.returns.append((constant(None), self.state))
            ends.append(self.state)
        result = DEAD
        for state in ends:
            result = result.join(state)
        if self.function.name == "__init__":
            self.state = result
            watch_attributes(self)
        return result

    def block(self, body: list[Statement]) -> None:
        """Run statements in order until no path leads on."""
        for statement in body:
            if not self.state.reachable:
                return
            self.statement = statement.at
            _EXECUTE[type(statement)](self, statement)
            if self.state.size > self.live_size:
                self.state.collect(self.pinned)
                self.live_size = 2 * self.state.size + MIN_COLLECTED
            if self.sinks and self.state.reachable and self.sinks[-1][-1].modes != self.state.modes:
                # An exception may leave here; beside the ends of the body only switched modes tell states apart.
                self.sinks[-1].append(self.state.copy())

    # --------------------------------------------------------------------------------------------- assignment

    def assign(self, target: Operand, value: Value, source: Operand | None = None) -> None:
        """Bind a target to a value."""
        if isinstance(target, model.Name):
            value = model_named(self, target, self._identified(target, value, source), source)
            self.write_name(target.id, value)
        elif isinstance(target, model.Attribute):
            base = self.evaluate(target.value)
            if target.name == "training":
                self._set_training_flag(target, base, value)
                return
            flag_set(self, target.at, target.name, base, value)
            value = model_named(self, target, self._identified(target, value, source), source)
            refs = base.refs()
            for ref in refs:
                part_put_in(self, ref.location, target.name, value, target.at)
                self.state.write_field(ref.location, target.name, value, len(refs) == 1 and not base.open)
                attribute_set(self, ref, target.name, value)
        elif isinstance(target, model.Index):
            self._assign_item(target, value)
        elif isinstance(target, model.Sequence):
            self._unpack(target.items, value)
        elif isinstance(target, model.Star):
            self.assign(target.value, derived([value]))

    def _identified(self, target: Operand, value: Value, source: Operand | None) -> Value:
        """Give an unknown value an identity when the function goes on to use it as a model or the like."""
        if source is None or (value.atoms and (not value.open or value.atoms != _NONE.atoms)):
            return value
        role = self.outline.uses.get(written(target))
        if role is None:
            return value
        ref = self.make(source.at, held=Object(role, assumed=frozenset({"type-by-use"})), origins=value.origins)
        self.state.modes[ref.location] = UNKNOWN_MODE
        # `model = None`, then a branch for each kind: None stays one of the cases.
        return Value(value.atoms | {ref}, False)

    def _set_training_flag(self, target: model.Attribute, base: Value, value: Value) -> None:
        if isinstance(value.single, Const):
            self.record(
                Ineffective(
                    self.site(target.at),
                    self.within,
                    self.state.tests,
                    "training-flag",
                    base,
                    written(target),
                )
            )
        # Part of the model may have been switched by hand: from here on its mode is not known.
        self.set_modes(base, UNKNOWN_MODE)

    def _assign_item(self, target: model.Index, value: Value) -> None:
        base = self.evaluate(target.value)
        keys = [self.evaluate(item) for item in target.items]
        key = keys[0].constant() if len(keys) == 1 else None
        refs = base.refs()
        for ref in refs:
            part_put_in(self, ref.location, "", value, target.at)
            item_put_in(self, ref.location)
            content = self.state.items.get(ref.location)
            if content is None:
                held = self.object_at(ref.location)
                if held is not None and held.role not in (None, Role.LOAD):
                    self.taint(ref, value)
                    continue
                content = Items("delta")
            certain = len(refs) == 1 and not base.open
            if key is not None and certain:
                self.state.items[ref.location] = content.put(key.value, value, self.site(target.at))
                continue
            element = value if content.element is None else join(content.element, value)
            self.state.items[ref.location] = content._replace(open=True, element=element)
            self.taint(ref, value)

    def _unpack(self, targets: list[Operand], value: Value) -> None:
        atom = value.single
        if atom is None and len(value.atoms) == 1:
            # An item of a list that may hold others: `for i, m in enumerate(models)`.
            inner = Value(value.atoms, False, value.origins)
            rest = derived([value])
            for target, part in zip(targets, self._parts(targets, inner), strict=True):
                self.assign(target, join(part, rest), None)
            return
        for target, part in zip(targets, self._parts(targets, value), strict=True):
            self.assign(target, keeping(part, value), None)

    def _parts(self, targets: list[Operand], value: Value) -> list[Value]:
        parts: list[Value] | None = None
        starred = any(isinstance(t, model.Star) for t in targets)
        atom = value.single
        if atom is None and not value.open and not starred:
            parts = self._parts_of_each(targets, value)
        if isinstance(atom, Ref) and not starred:
            content = self.state.items.get(atom.location)
            if content is not None and content.kind not in ("dict", "delta") and not content.open:
                if content.element is None and len(content.entries) == len(targets):
                    parts = [v for _, v in content.entries]
                elif content.element is not None and not content.entries:
                    parts = [content.element] * len(targets)
            elif content is None and self._is_named_item(atom, targets):
                parts = [UNKNOWN, value]
            elif content is None and not isinstance(atom.location, Made):
                parts = [of_atom(Ref(Field(atom.location, ELEMENT)))] * len(targets)
        return parts if parts is not None else [self._part_of(value)] * len(targets)

    def _parts_of_each(self, targets: list[Operand], value: Value) -> list[Value] | None:
        """What each target gets from several tuples; one of another length would be an error."""
        found: list[list[Value]] = []
        for atom in value.atoms:
            content = self.state.items.get(atom.location) if isinstance(atom, Ref) else None
            if content is None or content.open or content.element is not None or content.kind not in ("tuple", "list"):
                return None
            if len(content.entries) == len(targets):
                found.append([part for _, part in content.entries])
        return [join_all(column) for column in zip(*found, strict=True)] if found else None

    def _is_named_item(self, ref: Ref, targets: list[Operand]) -> bool:
        """Whether it is a (name, tensor) pair of `named_parameters()` and its like."""
        location = ref.location
        if len(targets) != 2 or not isinstance(location, Field) or location.name != ELEMENT:
            return False
        held = self.objects.get(location.base)
        if held is None or held.role is not Role.SNAPSHOT or held.api is None:
            return False
        return str(held.api.options.get("kind", "")).startswith("named_")

    def _part_of(self, value: Value) -> Value:
        refs = value.refs()
        if refs and not value.open:
            return join_all([self.any_of(r) for r in refs])
        return derived([value])

    def assign_iterated(self, target: Operand, iterated: Value, iter: Operand) -> None:
        """Bind a loop's target to an item of what it iterates."""
        refs = iterated.refs()
        values = [self.any_of(r) for r in refs]
        value = keeping(join_all(values), iterated) if values and not iterated.open else derived([iterated, *values])
        if not refs:
            value = item_of_unknown(iterated)
        self.assign(target, value, None)

    # ----------------------------------------------------------------------------------------------- functions

    def closure(self, key: FunctionKey) -> Value:
        """A nested function with what its free variables hold now."""
        function = self.program.function(key)
        captured: list[tuple[str, Value]] = []
        if self.function.index:
            for name in sorted(function.mentions - function.bound):
                if name in self.function.bound or self._is_free(name):
                    value = self.read_name(name)
                    if value.atoms:
                        captured.append((name, _shallow(value)))
        return of_atom(FunctionAtom(key, captured=tuple(captured), frame=self.number))

    # -------------------------------------------------------------------------------------------------- loops

    def loop(self, statement: model.Loop) -> None:
        """for and while, to a fixpoint or item by item."""
        if statement.target is None:
            self._while(statement)
            return
        iterated = self.evaluate(statement.iter)
        items = self._literal_items(iterated)
        watch_loop(self, statement, statement.target, iterated)
        order = order_of(self, iterated)
        if order is not None:
            names = frozenset(part.id for part in walk(statement.target) if isinstance(part, model.Name))
            self.unordered.append((names, order))
        self.pinned.append(iterated)
        if items is not None:
            self._unroll(statement, statement.target, items)
        else:
            self._iterate(statement, statement.target, iterated)
        self.pinned.pop()
        if order is not None:
            self.unordered.pop()

    def _iterate(self, statement: model.Loop, target: Operand, iterated: Value) -> None:
        self._fixpoint(statement, lambda: self.assign_iterated(target, iterated, statement.iter), True)

    def _literal_items(self, iterated: Value) -> list[Value] | None:
        atom = iterated.single
        content = self.state.items.get(atom.location) if isinstance(atom, Ref) else None
        if content is None or content.open or content.element is not None or content.kind == "delta" or content.maybe:
            return None
        values = [constant(k) for k, _ in content.entries] if content.kind == "dict" else content.values()
        return values if len(values) <= MAX_UNROLLED else None

    def _unroll(self, statement: model.Loop, target: Operand, items: list[Value]) -> None:
        exits = LoopExits()
        self.exits.append(exits)
        before = self.markers
        self.loops.append(self.loop_text(statement.iter))
        self.loop_places.append(statement.at)
        for index, item in enumerate(items):
            self.markers = (*before, ("", (statement.at[0], statement.at[1], index, 0)))
            self.assign(target, item)
            self.block(statement.body)
            if index + 1 < len(items) and not self.state.reachable and not exits.continues:
                break
            for state in exits.continues:
                self.state = self.state.join(state)
            exits.continues.clear()
        self.markers = before
        self.loops.pop()
        self.loop_places.pop()
        self.exits.pop()
        if self.state.reachable:
            self.block(statement.orelse)
        for state in exits.breaks:
            self.state = self.state.join(state)

    def _while(self, statement: model.Loop) -> None:
        endless = isinstance(statement.iter, model.Literal) and bool(statement.iter.value)
        self._fixpoint(statement, lambda: self.evaluate(statement.iter), not endless)

    def _fixpoint(self, statement: model.Loop, begin: Callable[[], object], may_end: bool) -> None:
        head = self.state
        entry = head.copy()
        self.loops.append(self.loop_text(statement.iter) if statement.target is not None else "")
        self.loop_places.append(statement.at)
        exits = LoopExits()
        for _ in range(MAX_ROUNDS):
            exits = LoopExits()
            self.exits.append(exits)
            self.state = head.copy()
            begin()
            self.block(statement.body)
            self.exits.pop()
            back = self.state
            for state in exits.continues:
                back = back.join(state)
            if not back.reachable:
                break
            if back.shares:
                self.state = back
                next_round(self)
            new = entry.join(back.cross_back_edge())
            if new.same_as(head):
                head.passed = new.passed
                break
            head = new
        self.loops.pop()
        self.loop_places.pop()
        after = head.copy() if may_end else DEAD
        if after.reachable and statement.orelse:
            self.state = after
            self.block(statement.orelse)
            after = self.state
        for state in exits.breaks:
            after = after.join(state)
        self.state = after

    # ----------------------------------------------------------------------------------------------- branches

    def branch(self, statement: model.Branch) -> None:
        """if/elif/else."""
        truth, gates = self.weigh(statement.test)
        if truth is not None:
            around = self.state.gates
            self.state.gates = gates(truth)
            self.block(statement.body if truth else statement.orelse)
            if self.state.reachable and not leaves(statement.orelse if truth else statement.body):
                self.state.gates = around
            return
        before = self.state
        self.state = before.copy()
        self.state.gates = gates(True)
        self._narrow(statement.test, True)
        self.block(statement.body)
        after_body = self.state
        self.state = before.copy()
        self.state.gates = gates(False)
        self._narrow(statement.test, False)
        self.block(statement.orelse)
        after_else = self.state
        joined = after_body.join(after_else)
        self._restore_modes(statement.test, before, after_body, after_else, joined)
        self.state = joined
        for location in tuple(self.grown):
            children_changed(self, location)  # What one arm added may not be there.

    def _narrow(self, test: Operand, side: bool) -> None:
        """What a test says of the names it looks at: `x is None` and the like."""
        while isinstance(test, model.Unary) and test.operator == "not":
            test, side = test.value, not side
        if isinstance(test, model.Compare) and len(test.operators) == 1 and isinstance(test.left, model.Name):
            right = test.rights[0]
            if isinstance(right, model.Literal):
                equal = {"is": True, "==": True, "is not": False, "!=": False}.get(test.operators[0])
                if equal is side and isinstance(right.value, str | bool | None):
                    self.state.names[test.left.id] = constant(right.value)

    def _restore_modes(self, test: Operand, before: State, body: State, orelse: State, joined: State) -> None:
        """`if was_training: model.train()` puts back the mode that was read."""
        negated = False
        while isinstance(test, model.Unary) and test.operator == "not":
            test, negated = test.value, not negated
        if isinstance(test, model.CallSite) or not joined.reachable:
            return
        self.state = before.copy()
        value = self.evaluate(test)
        trained, other = (orelse, body) if negated else (body, orelse)
        if trained.reachable and other.reachable:
            put_back(value, before, trained, other, joined)

    # ---------------------------------------------------------------------------------------------------- try

    def attempt(self, statement: model.Try) -> None:
        """try/except/else/finally."""
        entry = self.state.copy()
        sink: list[State] = [entry]
        self.sinks.append(sink)
        guards = any(_catches_absent_key(h) for h in statement.handlers)
        self.guards += guards
        exits_before = [(len(x.breaks), len(x.continues)) for x in self.exits]
        returns_before = len(self.returns)
        self.block(statement.body)
        self.guards -= guards
        self.sinks.pop()
        body_end = self.state
        if body_end.reachable:
            sink.append(body_end.copy())
            self.block(statement.orelse)
            body_end = self.state
        ends = [body_end]
        raised = DEAD
        for state in sink:
            raised = raised.join(state)
        if not statement.handlers and self.sinks:
            self.sinks[-1].extend(sink)
        for handler in statement.handlers:
            self.state = raised.copy()
            if handler.type is not None:
                self.evaluate(handler.type)
            if handler.name is not None:
                self.write_name(handler.name, UNKNOWN)
            self.block(handler.body)
            ends.append(self.state)
        result = DEAD
        for state in ends:
            result = result.join(state)
        self.state = result
        if statement.final:
            self._finally(statement, exits_before, returns_before)

    def _finally(self, statement: model.Try, exits_before: list[tuple[int, int]], returns_before: int) -> None:
        self.at_every_exit(lambda: self.block(statement.final), exits_before, returns_before)

    def at_every_exit(
        self, leave: Callable[[], None], exits_before: list[tuple[int, int]], returns_before: int
    ) -> None:
        """Do something on every way out of a statement: its end, and each return, break and continue in it."""
        normal = self.state
        for index in range(returns_before, len(self.returns)):
            value, state = self.returns[index]
            self.state = state.copy()
            inner = len(self.returns)
            leave()
            del self.returns[inner:]
            self.returns[index] = (value, self.state)
        for exits, (breaks, continues) in zip(self.exits, exits_before, strict=True):
            for states, start in ((exits.breaks, breaks), (exits.continues, continues)):
                for index in range(start, len(states)):
                    self.state = states[index].copy()
                    leave()
                    states[index] = self.state
        self.state = normal if normal.reachable else normal.copy()
        leave()


def _shallow(value: Value) -> Value:
    """A captured value without what its functions captured in turn: depth stays bounded."""
    return Value(
        frozenset(a._replace(captured=()) if isinstance(a, FunctionAtom) else a for a in value.atoms),
        value.open,
        value.origins,
    )


def _catches_absent_key(handler: model.Handler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.items if isinstance(handler.type, model.Sequence) else [handler.type]
    return any(is_absent_key(t) for t in types)


# ----------------------------------------------------------------------------------------------- statements


def _evaluate(f: Interpreter, statement: model.Evaluate) -> None:
    value = statement.value
    if isinstance(value, model.Attribute):
        base = f.evaluate(value.value)
        kind = {"eval": "mode-method", "train": "mode-method", "zero_grad": "gradient-method"}.get(value.name)
        if kind is not None:
            f.record(Ineffective(f.site(value.at), f.within, f.state.tests, kind, base, written(value)))
        return
    result = f.evaluate(value)
    if isinstance(value, model.CallSite):
        atom = result.single
        held = f.objects.get(atom.location) if isinstance(atom, Ref) else None
        if held is not None and held.role is Role.NO_GRAD and held.api is not None and not held.arguments:
            f.record(Ineffective(f.site(value.at), f.within, f.state.tests, "context", result, written(value)))


def _bind(f: Interpreter, statement: model.Bind) -> None:
    if statement.value is None:
        return
    value = f.evaluate(statement.value)
    for target in statement.targets:
        f.assign(target, value, statement.value)


def _augment(f: Interpreter, statement: model.Augment) -> None:
    old = f.evaluate(statement.target)
    new = f.evaluate(statement.value)
    if statement.operator in ("+", "|"):
        atom = old.single
        content = f.state.items.get(atom.location) if isinstance(atom, Ref) else None
        if content is not None and isinstance(atom, Ref):
            is_dict = content.kind in ("dict", "delta")
            f.state.items[atom.location] = merged(f, content, new) if is_dict else extended(f, content, new)
            children_changed(f, atom.location)
            return
    f.assign(statement.target, derived([old, new]), None)


def _return(f: Interpreter, statement: model.Return) -> None:
    value = f.evaluate(statement.value) if statement.value is not None else constant(None)
    if not f.state.reachable:
        return  # `return sys.exit()`
    f.returns.append((value, f.state))
    f.state = DEAD


def _raise(f: Interpreter, statement: model.Raise) -> None:
    for operand in (statement.value, statement.cause):
        if operand is not None:
            f.evaluate(operand)
    if f.sinks:
        f.sinks[-1].append(f.state)
    f.state = DEAD


def _delete(f: Interpreter, statement: model.Delete) -> None:
    for target in statement.targets:
        if isinstance(target, model.Name):
            f.state.names.pop(target.id)
        elif isinstance(target, model.Index):
            removed(f, target)


def _assert(f: Interpreter, statement: model.Assert) -> None:
    f.evaluate(statement.test)


def _jump(f: Interpreter, statement: model.Jump) -> None:
    if statement.kind == "pass" or not f.exits:
        return
    exits = f.exits[-1]
    (exits.breaks if statement.kind == "break" else exits.continues).append(f.state)
    f.state = DEAD


def _declare(f: Interpreter, statement: model.Declare) -> None:
    return


def _import(f: Interpreter, statement: model.Import) -> None:
    if not f.function.index:
        return  # Module-level names are looked up where they are read.
    for name in statement.names:
        atom = f.program.imported(f.path, name)
        if isinstance(atom, FunctionAtom | ClassAtom):
            f.state.names[name.bound] = f.analyzer.decorated_atom(atom)
        else:
            f.state.names[name.bound] = of_atom(atom) if atom is not None else UNKNOWN


def _define(f: Interpreter, statement: model.Define) -> None:
    if statement.model is not None:
        if f.function.index:
            f.write_name(statement.name, of_atom(ClassAtom(ClassKey(f.path, statement.model))))
        return
    if statement.function is None:
        return
    key = FunctionKey(f.path, statement.function)
    if not f.function.index:
        decorated_handler(f, f.program.function(key), of_atom(FunctionAtom(key)))
        return
    value = f.closure(key)
    decorators = f.program.function(key).decorators
    if decorators and not f.analyzer.is_transparent(key):
        value = f.analyzer.decorate(f, value, key)
    f.write_name(statement.name, value)


def _match(f: Interpreter, statement: model.Match) -> None:
    subject = f.evaluate(statement.subject)
    known = subject.constant()
    before = f.state
    result = DEAD
    exhausted = False
    for case in statement.cases:
        if exhausted:
            break
        f.state = before.copy()
        literal = case.pattern[0] if len(case.pattern) == 1 else None
        if known is not None and isinstance(literal, model.Literal) and not case.bound:
            if literal.value != known.value:
                continue
            exhausted = case.guard is None
        for name in case.bound:
            f.write_name(name, derived([subject]))
        if case.guard is not None:
            f.evaluate(case.guard)
        elif case.is_wildcard:
            exhausted = True
        f.block(case.body)
        result = result.join(f.state)
    f.state = result if exhausted else result.join(before)


_EXECUTE: dict[type[Any], Callable[[Any, Any], None]] = {
    model.Evaluate: _evaluate,
    model.Bind: _bind,
    model.Augment: _augment,
    model.Return: _return,
    model.Raise: _raise,
    model.Delete: _delete,
    model.Assert: _assert,
    model.Jump: _jump,
    model.Declare: _declare,
    model.Import: _import,
    model.Branch: Interpreter.branch,
    model.Loop: Interpreter.loop,
    model.Try: Interpreter.attempt,
    model.Region: Interpreter.region,
    model.Match: _match,
    model.Define: _define,
}
