"""Summaries on demand over the call graph, and what interpretation asks about classes and globals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ckptlint.flow.classes import MODULE_ROLES, Classes
from ckptlint.flow.conditions import is_settled
from ckptlint.flow.domain import (
    UNKNOWN,
    ApiAtom,
    Cell,
    ClassAtom,
    ClassKey,
    Const,
    Field,
    FunctionAtom,
    FunctionKey,
    Global,
    Items,
    Location,
    MethodAtom,
    ModeSet,
    Object,
    Parameter,
    Ref,
    Value,
    constant,
    derived,
    join,
    of_atom,
)
from ckptlint.flow.entry import begin
from ckptlint.flow.events import Event, Forward
from ckptlint.flow.frame import Context, Frame, builtin
from ckptlint.flow.given_fields import callables_of, lists_of, symbolic
from ckptlint.flow.interpret import Interpreter
from ckptlint.flow.managers import Manager, is_context_manager, left_open
from ckptlint.flow.operands import Operands
from ckptlint.flow.prepare import Outline, outline_of
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.regions import Regions
from ckptlint.flow.sharing import kept_shares
from ckptlint.flow.state import DEAD, State
from ckptlint.flow.summaries import Application, Summary, prune
from ckptlint.flow.treatments import treated
from ckptlint.flow.written import root_name, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING, fold
from ckptlint.semantics.model import Function

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments

MAX_CONTEXTS = 8
"""Distinct sets of constants a function is summarised for (DESIGN)."""
MAX_TYPED_FIELDS = 12
"""Attributes of a given object whose kinds a callee is told."""
MAX_CALL_DEPTH = 24
"""Nested calls followed before a callee counts as not seen."""
MAX_ROUNDS = 3
"""Rounds for a recursive function before it is unknown."""
MAX_RECURSIVE_WEIGHT = 40
"""Events and objects that a recursive function may show and still be followed; beyond that it is unknown."""
MAX_RUNS = 60_000
"""Function interpretations in one project; a bound on time, not reached by real packages."""


class Decisions(dict[str, bool]):
    """Which side each splitting test takes in one run; an unasked test is decided when it is first asked."""

    def __init__(self, splits: tuple[str, ...], chosen: dict[str, bool]) -> None:
        super().__init__(chosen)
        self.splits = frozenset(splits)
        self.asked: list[str] = list(chosen)

    def __contains__(self, text: object) -> bool:
        return text in self.splits

    def __getitem__(self, text: str) -> bool:
        if text not in self.asked:
            self.asked.append(text)
            self[text] = True
        return super().__getitem__(text)


@dataclass(slots=True)
class _Progress:
    provisional: Summary
    depth: int
    lowest: int
    """The outermost function in progress whose provisional summary was used."""
    recursive: bool = False


class Analyzer:
    """Summarises functions of one program, each context once."""

    def __init__(self, program: Program, on_failure: Callable[[FunctionKey, Exception], None]) -> None:
        self.program = program
        self.classes = Classes(program)
        self.called: set[tuple[FunctionKey, ClassKey | None]] = set()
        """Functions that some followed call reaches, with the receiver's class."""
        self.constructed: set[ClassKey] = set()
        self.inner_names = frozenset({"module", "_orig_mod"})
        self.switching_names = frozenset(
            name for name, row in program.catalog if row["role"] == Role.MODE_SWITCH.value and "on" in row
        )
        self._on_failure = on_failure
        self._summaries: dict[Context, Summary] = {}
        self._progress: dict[Context, _Progress] = {}
        self._passing: dict[Context, tuple[Summary, int]] = {}
        """Summaries that rest on the provisional one of a function in progress, with the depth of that."""
        self._former: dict[Context, Summary] = {}
        """What these were in the round before."""
        self._contexts: dict[tuple[FunctionKey, ClassKey | None], set[Context]] = {}
        self._outlines: dict[FunctionKey, Outline] = {}
        self._globals: dict[tuple[str, str], Value] = {}
        self._decorated: dict[FunctionKey, Value] = {}
        self._fields: dict[ClassKey, dict[str, Object] | None] = {}
        self._uses: dict[ClassKey, dict[str, Role]] = {}
        self._attributes: dict[ClassKey, frozenset[str]] = {}
        self._settled: dict[tuple[ClassKey, str], bool] = {}
        self._frames = 0
        self.runs = 0

    def next_frame(self) -> int:
        """A number no other frame has."""
        self._frames += 1
        return self._frames

    def outline(self, key: FunctionKey) -> Outline:
        """What the text of a function says."""
        found = self._outlines.get(key)
        if found is None:
            found = self._outlines[key] = outline_of(self.program.function(key), self.program.catalog)
        return found

    # -------------------------------------------------------------------------------------------- summaries

    def summary(self, context: Context) -> Summary:
        """What a function does in a context."""
        done = self._summaries.get(context)
        if done is not None:
            return done
        progress = self._progress.get(context)
        if progress is not None:
            progress.recursive = True
            self._rests_on(progress.depth)
            return progress.provisional
        passing = self._passing.get(context)
        if passing is not None:
            self._rests_on(passing[1])
            return passing[0]
        if self.runs > MAX_RUNS or len(self._progress) >= MAX_CALL_DEPTH:
            return Summary(context, is_known=False)
        depth = len(self._progress)
        progress = _Progress(self._former.get(context) or Summary(context), depth, depth)
        self._progress[context] = progress
        mark = len(self._passing)
        try:
            result = self._followed(context, progress)
            # Of functions that call each other only the outermost goes further rounds, with all of them.
            for _ in range(MAX_ROUNDS):
                if progress.lowest < depth or not progress.recursive:
                    break
                if max(map(_weight, [result, *self._since(mark).values()])) > MAX_RECURSIVE_WEIGHT:
                    result = _unknown(result)
                    break
                members = self._since(mark)
                settled = all(c in self._former and _same(s, self._former[c]) for c, s in members.items())
                if settled and _same(result, progress.provisional):
                    break
                self._former.update(members)
                progress.provisional = result
                self._forget(mark)
                result = self._followed(context, progress)
            else:
                result = _unknown(result)
        except Exception as error:
            self._on_failure(context.key, error)
            result = Summary(context, is_known=False)
        finally:
            del self._progress[context]
        if progress.lowest < depth:
            self._rests_on(progress.lowest)
            self._passing[context] = (result, progress.lowest)
            return result
        for inner, summary in self._since(mark).items():
            self._former.pop(inner, None)
            self._summaries[inner] = summary if result.is_known else _unknown(summary)
        self._forget(mark)
        self._summaries[context] = result
        return result

    def _followed(self, context: Context, progress: _Progress) -> Summary:
        result = self._interpret(context)
        if progress.recursive or progress.lowest < progress.depth:
            result.events = _once_a_place(result.events)
        return result

    def _since(self, mark: int) -> dict[Context, Summary]:
        return {c: self._passing[c][0] for c in list(self._passing)[mark:]}

    def _forget(self, mark: int) -> None:
        while len(self._passing) > mark:
            self._passing.popitem()

    def _rests_on(self, depth: int) -> None:
        if self._progress:
            top = next(reversed(self._progress.values()))
            top.lowest = min(top.lowest, depth)

    def _interpret(self, context: Context) -> Summary:
        outline = self.outline(context.key)
        runs: list[Interpreter] = []
        ends: list[State] = []
        todo: list[dict[str, bool]] = [{}]
        while todo and len(runs) < 8:
            chosen = todo.pop()
            decisions = Decisions(outline.splits, chosen)
            frame = Interpreter(self, context, decisions)
            self.runs += 1
            begin(frame)
            frame.state.tests = frozenset()
            end = frame.run()
            given = dict(decisions)
            tests = frozenset((text, given[text]) for text in decisions.asked)
            if tests:
                frame.events = {(key, tests): replace(event, tests=tests) for key, event in frame.events.items()}
            runs.append(frame)
            ends.append(end)
            for index in range(len(chosen), len(decisions.asked)):
                flipped = {t: given[t] for t in decisions.asked[:index]}
                flipped[decisions.asked[index]] = False
                todo.append(flipped)
        return self._summarise(context, runs, ends)

    def _summarise(self, context: Context, runs: list[Interpreter], ends: list[State]) -> Summary:
        state = DEAD
        for end in ends:
            state = state.join(end)
        values = [value for frame in runs for value, _ in frame.returns]
        value = values[0] if values else UNKNOWN
        for other in values[1:]:
            value = join(value, other)
        function = self.program.function(context.key)
        summary = Summary(
            context,
            tuple(event for frame in runs for event in frame.events.values()),
            UNKNOWN if function.is_generator else value,
            state.fields.copy(),
            state.items.plain(),
            state.modes.plain(),
            state.origins.plain(),
            {location: held for frame in runs for location, held in frame.objects.items()},
            state.names.plain() if not function.index else {},
            kept_shares(state.shares.items()),
            state.passed,
            # A generator is not run by its call, however long it goes on.
            returns=bool(values) or not ends or function.is_generator,
            module_self=runs[0].self_location if runs and _is_module_self(runs[0]) else None,
            truncated=any(frame.truncated for frame in runs),
            unseen=frozenset().union(*(frame.unseen for frame in runs)),
        )
        yields = [s for frame in runs for s in frame.yields]
        if yields:
            joined = DEAD
            for at in yields:
                joined = joined.join(at)
            summary.at_yield = {k: v for k, v in joined.modes.items() if root_kind(k) != "made"}
        prune(summary)
        return summary

    # ------------------------------------------------------------------------------------------------- calls

    def apply_function(self, frame: Frame, atom: FunctionAtom, arguments: Arguments, operand: model.CallSite) -> Value:
        """A call of a project function from a frame."""
        assert isinstance(frame, Regions)
        bindings, context = self.bind(frame, atom, arguments, operand)
        self.called.add((atom.key, context.receiver_class))
        summary = self.summary(context)
        if not summary.is_known or summary.truncated:
            frame.not_followed(self.program.function(atom.key).name, project=True)
        if not summary.is_known:
            frame._hand_over(arguments, self.program.function(atom.key).name, project=True)
            return derived(arguments.values())
        application = Application(frame, summary, bindings, operand.at, written(operand.func))
        result = application.apply()
        if summary.at_yield is not None and is_context_manager(self.program.function(atom.key)):
            left_open(frame, application)
        return treated(frame, atom, self.outline(atom.key).treats, summary, bindings, operand, result)

    def bind(
        self, frame: Regions, atom: FunctionAtom, arguments: Arguments, operand: model.CallSite
    ) -> tuple[dict[Location, Value], Context]:
        """The callee's parameters and cells in terms of the caller, and the context to summarise it for."""
        function = self.program.function(atom.key)
        bindings: dict[Location, Value] = {}
        stars = self._bind_parameters(function, atom, arguments, bindings)
        for name in sorted(function.mentions - function.bound):
            if atom.frame == frame.number:
                bindings[Cell(name)] = frame.read_name(name)
            else:
                found = dict(atom.captured).get(name)
                if found is not None:
                    bindings[Cell(name)] = frame.known.get(Cell(name), found) if found == _own(name) else found
        receiver_class = atom.receiver_class
        if receiver_class is None and function.model is not None:
            receiver_class = ClassKey(atom.key.path, function.model)
        context = self._context(frame, atom, receiver_class, bindings, stars)
        return bindings, context

    def _bind_parameters(
        self, function: Function, atom: FunctionAtom, arguments: Arguments, bindings: dict[Location, Value]
    ) -> tuple[int, tuple[str, ...]] | None:
        positional = list(arguments.positional)
        if atom.receiver is not None:
            positional.insert(0, of_atom(atom.receiver))
        keywords = dict(arguments.keywords)
        stars: tuple[int, tuple[str, ...]] | None = None
        extra: list[Value] = []
        has_star = has_kwargs = False
        for parameter in function.parameters:
            location = Parameter(parameter.name)
            if parameter.kind == "args":
                extra, positional, has_star = positional, [], True
            elif parameter.kind == "kwargs":
                has_kwargs = True
            elif parameter.kind in ("positional", "any") and positional:
                bindings[location] = positional.pop(0)
            elif parameter.name in keywords:
                bindings[location] = keywords.pop(parameter.name)
            elif parameter.default is not None and not arguments.open:
                bindings[location] = self._default(atom.key.path, parameter.default)
        if (has_star or has_kwargs) and not arguments.open:
            for index, value in enumerate(extra):
                bindings[Parameter(f"*{index}")] = value
            for name, value in keywords.items():
                bindings[Parameter(f"**{name}")] = value
            stars = (len(extra), tuple(sorted(keywords)) if has_kwargs else ())
        return stars

    def _default(self, path: str, operand: model.Operand) -> Value:
        if isinstance(operand, model.Literal):
            return constant(operand.value)
        if isinstance(operand, model.Unary | model.Binary | model.Sequence):
            folded = fold(operand)
            if isinstance(folded, list | tuple):
                plain = not any(isinstance(item, list) for item in folded)
                return of_atom(Const(type(folded).__name__, tuple(folded))) if plain else UNKNOWN
            return constant(folded) if folded is not MISSING else UNKNOWN
        atom = self.program.resolve(path, operand) if isinstance(operand, model.Name | model.Attribute) else None
        return of_atom(atom) if atom is not None else UNKNOWN

    def _context(
        self,
        frame: Frame,
        callee: FunctionAtom,
        receiver_class: ClassKey | None,
        bindings: dict[Location, Value],
        stars: tuple[int, tuple[str, ...]] | None,
    ) -> Context:
        key = callee.key
        steering = self.outline(key).steering
        siblings = callee.frame == frame.number
        known: list[tuple[Location, Value]] = []
        types: list[tuple[Location, Object]] = []
        lists: list[tuple[Location, Items]] = []
        for location, value in bindings.items():
            name = getattr(location, "name", "")
            given = _specialised(location, value) if name in steering or name.startswith("*") else None
            if given is not None and siblings:
                given = self._sharing_cells(frame, value, given, bindings)
            if given is not None:
                known.append((location, given))
                continue
            # None beside an object says that there may be none: what is called then is the object.
            atoms = [a for a in value.atoms if not (isinstance(a, Const) and a.value is None)]
            atom = atoms[0] if len(atoms) == 1 and not value.open else None
            if isinstance(atom, Ref):
                held = frame.object_at(atom.location)
                if held is not None and (held.role is not None or held.model is not None):
                    types.append((location, Object(held.role, held.api, held.model, (), held.assumed)))
                if held is not None and held.model is not None and held.role not in MODULE_ROLES:
                    types.extend(_typed_fields(frame, location, atom.location))
                    known.extend(callables_of(frame, location, atom.location))
                    lists.extend(lists_of(frame, location, atom.location))
        context = Context(key, receiver_class, tuple(known), tuple(types), stars, tuple(lists))
        seen = self._contexts.setdefault((key, receiver_class), set())
        if context not in seen:
            if len(seen) >= MAX_CONTEXTS:
                return Context(key, receiver_class, (), (), None)
            seen.add(context)
        return context

    def _sharing_cells(self, frame: Frame, value: Value, given: Value, bindings: dict[Location, Value]) -> Value:
        """A function beside the callee in one function: the variables that both capture are the same."""
        atom, known = value.single, given.single
        if not isinstance(atom, FunctionAtom) or not isinstance(known, FunctionAtom) or atom.frame != frame.number:
            return given
        function = self.program.function(atom.key)
        shared = {n: _own(n) for n in function.mentions - function.bound if Cell(n) in bindings}
        return of_atom(known._replace(captured=tuple(sorted({**dict(known.captured), **shared}.items()))))

    def context_manager(self, frame: Regions, operand: model.CallSite) -> Manager | None:
        """A with statement's call of a project generator that is a context manager."""
        if not isinstance(operand.func, model.Name | model.Attribute):
            return None
        callee = frame.evaluate(operand.func).single
        if not isinstance(callee, FunctionAtom):
            return None
        if not is_context_manager(self.program.function(callee.key)):
            return None
        arguments = frame._arguments(operand)
        bindings, context = self.bind(frame, callee, arguments, operand)
        self.called.add((callee.key, context.receiver_class))
        summary = self.summary(context)
        return Manager(frame, summary, bindings, operand.at) if summary.is_known else None

    # --------------------------------------------------------------------------------------- names, decorators

    def global_value(self, path: str, name: str) -> Value:
        """What a module-level name is, seen from a function."""
        key = (path, name)
        found = self._globals.get(key)
        if found is None:
            self._globals[key] = UNKNOWN
            atom = self.program.lookup(path, name)
            if isinstance(atom, FunctionAtom | ClassAtom):
                found = self.decorated_atom(atom)
            elif atom is not None:
                found = of_atom(atom)
            else:
                found = builtin(name)
            self._globals[key] = found
        return found

    def decorated_atom(self, atom: FunctionAtom | ClassAtom) -> Value:
        """A module-level function or class as its decorators leave it."""
        if isinstance(atom, ClassAtom) or not self.program.function(atom.key).decorators:
            return of_atom(atom)
        found = self._decorated.get(atom.key)
        if found is None:
            self._decorated[atom.key] = of_atom(atom)
            found = of_atom(atom) if self.is_transparent(atom.key) else self._decorate_globally(atom)
            self._decorated[atom.key] = found
        return found

    def is_transparent(self, key: FunctionKey) -> bool:
        """Whether every decorator of a function keeps what calling it does."""
        function = self.program.function(key)
        for decorator in function.decorators:
            target = decorator.func if isinstance(decorator, model.CallSite) else decorator
            name = written(target)
            if name in _LANGUAGE or name.endswith((".setter", ".getter", ".deleter")):
                continue
            atom = self.program.resolve(key.path, target)
            if not isinstance(atom, ApiAtom):
                return False
            api = self.program.catalog.api(atom.name)
            if api is None or api.role not in (Role.TRANSPARENT, Role.ENTRY, Role.NO_GRAD):
                return False
        return True

    def is_wrapped(self, key: FunctionKey) -> bool:
        """Whether a decorator of the project's own takes a function's place."""
        for decorator in self.program.function(key).decorators:
            target = decorator.func if isinstance(decorator, model.CallSite) else decorator
            if isinstance(self.program.resolve(key.path, target), FunctionAtom):
                return True
        return False

    def is_quiet(self, key: FunctionKey) -> bool:
        """Whether a decorator switches gradients off."""
        for decorator in self.program.function(key).decorators:
            target = decorator.func if isinstance(decorator, model.CallSite) else decorator
            atom = self.program.resolve(key.path, target)
            if isinstance(atom, ApiAtom):
                api = self.program.catalog.api(atom.name)
                if api is not None and (api.role is Role.NO_GRAD or api.options.get("grad") == "off"):
                    return True
        return False

    def _decorate_globally(self, atom: FunctionAtom) -> Value:
        module = Context(FunctionKey(atom.key.path, 0))
        frame = Interpreter(self, module, Decisions((), {}))
        return self.decorate(frame, of_atom(atom), atom.key)

    def decorate(self, frame: Operands, value: Value, key: FunctionKey) -> Value:
        """A function value after the project's decorators; unknown when one cannot be followed."""
        function = self.program.function(key)
        for decorator in reversed(function.decorators):
            target = decorator.func if isinstance(decorator, model.CallSite) else decorator
            atom = self.program.resolve(key.path, target)
            if isinstance(atom, ApiAtom):
                api = self.program.catalog.api(atom.name)
                if api is not None and api.role in (Role.TRANSPARENT, Role.ENTRY, Role.NO_GRAD):
                    continue
                return UNKNOWN
            callee = frame.evaluate(decorator)
            value = frame.call_value(callee, [value], decorator.at)
            if not any(isinstance(a, FunctionAtom) for a in value.atoms):
                return UNKNOWN
        return value

    # ------------------------------------------------------------------------------------------------ classes

    def owner_of(self, key: FunctionKey) -> ClassKey | None:
        """The class whose body defines a function."""
        owner = self.program.function(key).model
        return ClassKey(key.path, owner) if owner is not None else None

    def bound_arguments(self, key: ClassKey, arguments: Arguments) -> dict[str, Value]:
        """Constructor arguments by parameter."""
        init = self.classes.method(key, "__init__")
        if init is None:
            apis = self.classes.hierarchy(key).apis
            if apis and apis[0].role is Role.TRAINER:
                return apis[0].bind(arguments.positional, arguments.keywords)
            return dict(arguments.keywords)
        bindings: dict[Location, Value] = {}
        shifted = type(arguments)([UNKNOWN, *arguments.positional], arguments.keywords, arguments.open)
        self._bind_parameters(self.program.function(init), FunctionAtom(init), shifted, bindings)
        return {
            location.name: value for location, value in list(bindings.items())[1:] if isinstance(location, Parameter)
        }

    def declared_fields(self, key: ClassKey, arguments: Arguments) -> dict[str, Value]:
        """Fields of a dataclass or named tuple by the order its class body declares them."""
        names: list[str] = []
        for base in reversed(self.classes.hierarchy(key).order):
            for statement in self.program.class_model(base).body:
                if isinstance(statement, model.Bind) and statement.annotation is not None:
                    target = statement.targets[0]
                    if isinstance(target, model.Name) and target.id not in names:
                        names.append(target.id)
        given = dict(zip(names, arguments.positional, strict=False))
        given.update({k: v for k, v in arguments.keywords.items() if k in names})
        return given

    def field_object(self, frame: Frame, location: Field) -> Object | None:
        """What the constructor says of an attribute that was there on entry."""
        if location.name.startswith(("[", "<", "*")):
            return None
        held = frame.object_at(location.base)
        if held is None or held.model is None or held.role in MODULE_ROLES:
            return None
        return self.fields_of(held.model).get(location.name)

    def fields_of(self, key: ClassKey) -> dict[str, Object]:
        """Kinds of the attributes that a class's constructor sets."""
        if key not in self._fields:
            self._fields[key] = None
            self._fields[key] = self._constructed_fields(key)
        return self._fields[key] or {}

    def _constructed_fields(self, key: ClassKey) -> dict[str, Object]:
        init = self.classes.method(key, "__init__")
        if init is None:
            return {}
        summary = self.summary(Context(init, key))
        found: dict[str, Object] = {}
        function = self.program.function(init)
        if not function.parameters:
            return {}
        receiver = Parameter(function.parameters[0].name)
        for name, value in summary.fields.of(receiver).items():
            objects = {_stripped(summary.objects.get(r.location)) for r in value.refs()}
            if len(objects) == 1 and not value.open and len(value.atoms) == 1:
                held = objects.pop()
                if held is not None and (held.role is not None or held.model is not None):
                    found[name] = held
        return found

    def is_attribute(self, key: ClassKey, name: str) -> bool:
        """Whether some method of a class assigns `self.<name>`."""
        if key not in self._attributes:
            names: set[str] = set()
            for base in self.classes.hierarchy(key).order:
                record = self.program.record(base.path)
                if record is None:
                    continue
                for index in record.classes[base.number].methods.values():
                    names.update(_assigned_attributes(record.functions[index]))
            self._attributes[key] = frozenset(names)
        return name in self._attributes[key]

    def is_settled(self, key: ClassKey, name: str) -> bool:
        """Whether only a constructor sets an attribute of a class's objects."""
        found = self._settled.get((key, name))
        if found is None:
            found = self._settled[key, name] = is_settled(self.program, self.classes, key, name)
        return found

    def use_of(self, frame: Frame, location: Location) -> Role | None:
        """The role that method calls on a location show it to have, in this function or its class."""
        text = _text_of(location)
        if text is None:
            return None
        found = frame.outline.uses.get(text)
        if found is not None:
            return found
        if isinstance(location, Field) and location.base == frame.self_location and frame.self_class is not None:
            return self._class_uses(frame.self_class).get(location.name)
        return None

    def _class_uses(self, key: ClassKey) -> dict[str, Role]:
        found = self._uses.get(key)
        if found is None:
            found = {}
            for base in self.classes.hierarchy(key).order:
                record = self.program.record(base.path)
                if record is None:
                    continue
                for index in record.classes[base.number].methods.values():
                    function = record.functions[index]
                    if not function.parameters:
                        continue
                    prefix = f"{function.parameters[0].name}."
                    for text, role in self.outline(FunctionKey(base.path, index)).uses.items():
                        if text.startswith(prefix) and "." not in text[len(prefix) :]:
                            found.setdefault(text[len(prefix) :], role)
            self._uses[key] = found
        return found


_LANGUAGE = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "abstractmethod",
        "abc.abstractmethod",
        "override",
        "overload",
    }
    | {
        "typing.override",
        "typing.overload",
        "contextmanager",
        "contextlib.contextmanager",
        "functools.wraps",
        "wraps",
    }
    | {"cached_property", "functools.cached_property", "typing.no_type_check"}
)


def _is_module_self(frame: Interpreter) -> bool:
    return (
        frame.self_location is not None
        and frame.self_class is not None
        and frame.classes.hierarchy(frame.self_class).is_module
    )


def _same(a: Summary, b: Summary) -> bool:
    # Each round adds a call to the ways that lead to the same places.
    return (
        {k: _places(v) for k, v in a.modes.items()} == {k: _places(v) for k, v in b.modes.items()}
        and {(type(e), e.site.base) for e in a.events} == {(type(e), e.site.base) for e in b.events}
        and a.value == b.value
        and a.fields == b.fields
    )


def _weight(summary: Summary) -> int:
    return len(summary.events) + len(summary.items) + len(summary.origins)


def _once_a_place(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Of events that a recursion meets again and again the one with the shortest way to it, for all of them."""
    found: dict[object, Event] = {}
    for event in sorted(events, key=lambda e: len(e.site.chain)):
        key = (type(event), event.site.base, getattr(event, "key", None), event.tests)
        known = found.get(key)
        if isinstance(known, Forward) and isinstance(event, Forward):
            found[key] = replace(known, operand=join(known.operand, event.operand), modes=known.modes | event.modes)
        elif known is None:
            found[key] = event
        if known is not None:
            found[key] = replace(found[key], conditions=known.conditions & event.conditions)
    return tuple(found.values())


def _unknown(summary: Summary) -> Summary:
    return Summary(summary.context, summary.events, is_known=False, objects=summary.objects)


def _places(modes: ModeSet) -> set[tuple[str, object, bool]]:
    return {(d.kind, d.site.base if d.site is not None else d.location, d.crossed) for d in modes}


def _stripped(held: Object | None) -> Object | None:
    return Object(held.role, held.api, held.model, (), held.assumed) if held is not None else None


def _own(name: str) -> Value:
    """A captured variable as the function that captures it knows it."""
    return of_atom(Ref(Cell(name)))


def _specialised(location: Location, value: Value) -> Value | None:
    """A constant or callable argument as the callee may know it; what a callable holds stays symbolic."""
    atom = value.single
    if isinstance(atom, Const):
        plain = atom.value is None or isinstance(atom.value, bool | str)
        return value if plain and len(str(atom.value)) <= 40 else None
    if isinstance(atom, ClassAtom):
        return value
    return symbolic(location, atom) if isinstance(atom, FunctionAtom | MethodAtom) else None


def _typed_fields(frame: Frame, location: Location, given: Location) -> list[tuple[Location, Object]]:
    """Kinds of the attributes of a given object, as far as its maker shows them."""
    found: list[tuple[Location, Object]] = []
    for name, value in frame.state.fields.of(given).items():
        atom = value.single
        if not isinstance(atom, Ref):
            continue
        held = _stripped(frame.object_at(atom.location))
        if held is not None and (held.role is not None or held.model is not None):
            found.append((Field(location, name), held))
    return sorted(found, key=lambda pair: repr(pair[0]))[:MAX_TYPED_FIELDS]


def root_kind(location: Location) -> str:
    """The kind of a location's root."""
    while isinstance(location, Field):
        location = location.base
    return location.kind


def _text_of(location: Location) -> str | None:
    if isinstance(location, Parameter | Cell | Global):
        return location.name
    if isinstance(location, Field) and not location.name.startswith(("[", "<")):
        base = _text_of(location.base)
        return f"{base}.{location.name}" if base is not None else None
    return None


def _assigned_attributes(function: Function) -> Iterator[str]:
    if not function.parameters:
        return
    receiver = function.parameters[0].name
    for statement in statements_of(function.body):
        targets = statement.targets if isinstance(statement, model.Bind) else []
        pending = list(targets)
        while pending:
            target = pending.pop()
            if isinstance(target, model.Sequence):
                pending.extend(target.items)
            elif (
                isinstance(target, model.Attribute)
                and root_name(target) == receiver
                and (isinstance(target.value, model.Name))
            ):
                yield target.name
