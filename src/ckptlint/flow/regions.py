"""with statements: what entering and leaving a context does around its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckptlint.flow.calls import Calls
from ckptlint.flow.domain import (
    UNKNOWN_MODE,
    ApiAtom,
    ClassKey,
    FunctionAtom,
    ModeDef,
    Ref,
    Value,
    constant,
    of_atom,
)
from ckptlint.flow.events import Ineffective
from ckptlint.flow.operands import truth_of
from ckptlint.flow.written import written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand, Statement

ABSENT_KEY_ERRORS = frozenset({"KeyError", "Exception", "BaseException", "LookupError"})


class Regions(Calls):
    """Entering and leaving contexts."""

    def block(self, body: list[Statement]) -> None:
        """Run statements in order."""
        raise NotImplementedError

    def assign(self, target: Operand, value: Value, source: Operand | None = None) -> None:
        """Bind a target to a value."""
        raise NotImplementedError

    def at_every_exit(
        self, leave: Callable[[], None], exits_before: list[tuple[int, int]], returns_before: int
    ) -> None:
        """Do something on every way out of a body."""
        raise NotImplementedError

    def region(self, statement: model.Region) -> None:
        """with, around its body."""
        leave: list[Callable[[], None]] = []
        exits_before = [(len(x.breaks), len(x.continues)) for x in self.exits]
        returns_before = len(self.returns)
        for item in statement.items:
            value = self._enter(item, leave)
            if item.target is not None:
                self.assign(item.target, value, item.value)
        self.block(statement.body)
        guarded, quiet = self.guards, self.quiet

        def undo_all() -> None:
            # Each way out leaves the same regions once.
            self.guards, self.quiet = guarded, quiet
            for undo in reversed(leave):
                undo()

        if leave:
            self.at_every_exit(undo_all, exits_before, returns_before)

    def _enter(self, item: model.WithItem, leave: list[Callable[[], None]]) -> Value:
        operand = item.value
        if not isinstance(operand, model.CallSite):
            value = self.evaluate(operand)
            self._check_context_class(operand, value)
            return self._enter_value(value, operand, leave)
        manager = self.analyzer.context_manager(self, operand)
        if manager is not None:
            return manager.enter(leave)
        if written(operand.func).rsplit(".", 1)[-1] == "suppress":
            self._enter_suppress(operand, leave)
        return self._enter_value(self.evaluate(operand), operand, leave)

    def _enter_value(self, value: Value, operand: Operand, leave: list[Callable[[], None]]) -> Value:
        atom = value.single
        held = self.object_at(atom.location) if isinstance(atom, Ref) else None
        if held is None or not isinstance(atom, Ref):
            self._enter_one_of(value)
        elif held.api is not None and held.role is Role.NO_GRAD:
            self._enter_no_grad(held.api.options, dict(held.arguments), leave)
        elif held.api is not None and held.role is Role.MODE_CONTEXT:
            self._enter_mode(held.api.options, dict(held.arguments), value, leave)
        elif held.model is not None:
            return self._enter_object(atom, held.model, operand, leave)
        return value

    def _enter_one_of(self, value: Value) -> None:
        """Which of several managers is entered is not known, and so are the modes of what they hold."""
        for ref in value.refs():
            if self.is_manager(ref):
                self._lose_mode(ref.location, set())

    def _check_context_class(self, operand: Operand, value: Value) -> None:
        atom = value.single
        if (
            isinstance(atom, ApiAtom)
            and (api := self.catalog.api(atom.name)) is not None
            and (api.role is Role.NO_GRAD)
        ):
            self.record(
                Ineffective(
                    self.site(operand.at),
                    self.within,
                    self.state.tests,
                    "context-class",
                    value,
                    written(operand),
                )
            )

    def _enter_suppress(self, operand: model.CallSite, leave: list[Callable[[], None]]) -> None:
        if not any(is_absent_key(argument.value) for argument in operand.args):
            return
        self.guards += 1

        def undo() -> None:
            self.guards -= 1

        leave.append(undo)

    def _enter_no_grad(self, options: Any, arguments: dict[str, Value], leave: list[Callable[[], None]]) -> None:
        if options.get("grad", "off") != "off" and "flag" not in options:
            return
        flag = arguments.get(str(options.get("flag", "")))
        constant_flag = flag.constant() if flag is not None else None
        if flag is not None and (constant_flag is None or constant_flag.value):
            return
        self.quiet += 1

        def undo() -> None:
            self.quiet -= 1

        leave.append(undo)

    def _flagged_mode(self, options: Any, arguments: dict[str, Value]) -> str | None:
        """The mode that the argument in `flag` asks for, where it is seen."""
        flag = options.get("flag")
        given = arguments.get(flag)
        truth = truth_of(given, self.catalog) if given is not None else options.get("defaults", {}).get(flag)
        return None if truth is None else "train" if truth else "eval"

    def _enter_mode(
        self, options: Any, arguments: dict[str, Value], value: Value, leave: list[Callable[[], None]]
    ) -> None:
        wanted = options.get("of")
        targets = [
            v
            for k, v in arguments.items()
            if wanted in (None, "*", k) or (isinstance(wanted, list | tuple) and k in wanted)
        ]
        for target in targets:
            for ref in target.refs():
                before = self.state.mode_of(ref.location)
                mode = options.get("mode") or self._flagged_mode(options, arguments)
                new = frozenset({ModeDef(str(mode))}) if mode in ("train", "eval") else UNKNOWN_MODE
                self.set_modes(of_atom(ref), new)

                def undo(ref: Ref = ref, before: Any = before) -> None:
                    self.set_modes(of_atom(ref), before)

                leave.append(undo)

    def _enter_object(self, ref: Ref, owner: ClassKey, operand: Operand, leave: list[Callable[[], None]]) -> Value:
        enter = self.classes.method(owner, "__enter__")
        leaving = self.classes.method(owner, "__exit__")
        result = of_atom(ref)
        if enter is not None:
            result = self.call_value(of_atom(FunctionAtom(enter, ref, owner)), [], operand.at)
        if leaving is not None:

            def undo() -> None:
                arguments = [constant(None)] * 3
                self.call_value(of_atom(FunctionAtom(leaving, ref, owner)), arguments, operand.at)

            leave.append(undo)
        return result


def is_absent_key(error: Operand) -> bool:
    """Whether an exception class covers a missing key."""
    return written(error).rsplit(".", 1)[-1] in ABSENT_KEY_ERRORS
