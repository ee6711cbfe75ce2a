"""Layers that a model's forward makes anew at every call, instead of keeping them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ckptlint.facts.classes import (
    forward_of,
    is_attribute,
    is_reassigned,
    module_classes_where,
    name_of_class,
    registers_attributes_only,
)
from ckptlint.facts.functional import MODE_TEST_WORDS
from ckptlint.facts.guards import Placed, placed, walk_placed
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import ALWAYS_RANDOM_WORDS, KEPT_ON_WORDS, TRAINING_ONLY_WORDS
from ckptlint.flow.domain import ApiAtom, ClassKey, FunctionAtom, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import last_word, operands_of, parts_of, walk, words_of, written
from ckptlint.knowledge.catalog import MISSING, Api, Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING as UNFOLDED
from ckptlint.semantics.constants import fold
from ckptlint.semantics.model import Function, Operand
from ckptlint.text import Span

MAX_CALLS = 4
"""Methods and functions followed from a forward, one from another."""
MOVING = frozenset("to cuda cpu float half double bfloat16 type type_as".split())
"""Methods of a layer that give the layer itself."""
RANDOM_WORDS = ALWAYS_RANDOM_WORDS | frozenset(
    "random rand randomized randomize reservoir noise noisy augment augmentation perturb corrupt hyper hypernet".split()
)
"""Words that say fresh weights are wanted."""
BUILDING_WORDS = frozenset("add expand grow build reset init initialize adapt setup create make lazy".split())
"""Words of methods that make parts once, or for a while."""


@dataclass(frozen=True, slots=True)
class ForwardLayer:
    """A layer made within a model's forward and run there."""

    model: str
    """The class whose forward makes it."""
    function: str
    """The method or function it is made in."""
    layer: str
    """As written: `nn.Dropout`."""
    kind: str
    """What is wrong with it.

    "mode": it drops in every mode; "weights": drawn at random each call; "constant": the same each call, never
    trained; "statistics": that, and those of the batch are used in every mode; "unweighted": the latter alone.
    """
    attribute: str | None
    """What it is assigned to, as written, when that is an attribute of the model."""
    is_conditional: bool
    """It may be made once only, or its rate is 0 unless the constructor is told otherwise."""
    is_own: bool
    """It is made in a method of the class."""
    span: Span
    statement: Span
    reached: Span | None
    """The call in the forward that leads to it."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One function looked at on behalf of a forward."""

    key: FunctionKey
    owner: ClassKey
    receiver: str | None
    gates: tuple[Operand | None, ...]
    reached: Span | None
    depth: int


@derives(ForwardLayer)
def forward_layers(facts: Facts) -> Iterator[ForwardLayer]:
    """Every such layer, once a place."""
    wanted = _Layers(facts.program.catalog)
    seen: set[Span] = set()
    for _, key in module_classes_where(facts, wanted.made_in_forward):
        forward = forward_of(facts, key)
        if forward is None or not registers_attributes_only(facts, key):
            continue
        for found in _Forward(facts, key).look(forward):
            if found.span not in seen:
                seen.add(found.span)
                yield found


# ----------------------------------------------------------------------------------------------- by a file's text


class _Layers:
    """Finds in a file's text a layer of interest within what a forward may reach."""

    def __init__(self, catalog: Catalog) -> None:
        rows = [
            (name, row)
            for name, row in catalog
            if row["role"] == Role.LAYER.value and ("weights" in row or row.get("sensitive"))
        ]
        names = {name.rpartition(".")[2] for name, _ in rows if "*" not in name}
        forwards = {
            str(row["forward"]) for _, row in catalog if row["role"] == Role.MODULE_BASE.value and "forward" in row
        }
        self._made = re.compile(rf"(?<!class )\b(?:{'|'.join(sorted(names))})\(".encode())
        self._forward = frozenset(name.encode() for name in forwards)

    def made_in_forward(self, data: bytes) -> bool:
        """Whether there is one."""
        if b"def forward" not in data and not any(b"def " + name in data for name in self._forward):
            return False
        starts = list(_DEF.finditer(data))
        bodies: dict[bytes, list[bytes]] = {}
        for match, end in zip(starts, [*(m.start() for m in starts[1:]), len(data)], strict=True):
            bodies.setdefault(match.group(1), []).append(data[match.end() : end])
        pending = [name for name in self._forward if name in bodies]
        seen = set(pending)
        while pending:
            for body in bodies[pending.pop()]:
                if self._made.search(body):
                    return True
                for name in set(_CALLED.findall(body)) & bodies.keys() - seen - {b"__init__"}:
                    seen.add(name)
                    pending.append(name)
        return False


_DEF = re.compile(rb"def (\w+)\(")
_CALLED = re.compile(rb"(\w+)\(")


# ------------------------------------------------------------------------------------------------------- one class


class _Forward:
    """What the forward of one class makes, in its methods and in functions that they call."""

    def __init__(self, facts: Facts, key: ClassKey) -> None:
        self.facts = facts
        self.program = facts.program
        self.key = key
        self.name = name_of_class(facts, key)
        self.visited: set[FunctionKey] = set()

    def look(self, forward: FunctionKey) -> Iterator[ForwardLayer]:
        if words_of(self.name) & RANDOM_WORDS:
            return
        pending = [self._visit(forward, (), None, 0)]
        while pending:
            visit = pending.pop()
            if visit is None or visit.key in self.visited:
                continue
            self.visited.add(visit.key)
            function = self.program.function(visit.key)
            if words_of(function.name) & RANDOM_WORDS or function.is_generator:
                continue
            for place in placed(function.body, visit.gates):
                yield from self._in_statement(visit, function, place)
                if visit.depth < MAX_CALLS:
                    pending.extend(self._called(visit, place))

    def _visit(
        self, key: FunctionKey, gates: tuple[Operand | None, ...], reached: Span | None, depth: int, own: bool = True
    ) -> _Visit | None:
        function = self.program.function(key)
        if own and not function.parameters:
            return None
        receiver = function.parameters[0].name if own else None
        return _Visit(key, self.key, receiver, gates, reached, depth)

    def _called(self, visit: _Visit, place: Placed) -> Iterator[_Visit | None]:
        for top in operands_of(place.statement):
            for call, gates in walk_placed(top, place.gates):
                if not isinstance(call, model.CallSite):
                    continue
                reached = visit.reached or self.facts.span(visit.key.path, call.at)
                if isinstance(call.func, model.Attribute) and written(call.func.value) == visit.receiver:
                    method = self.facts.analyzer.classes.method(self.key, call.func.name)
                    if method is not None and call.func.name != "__init__":
                        yield self._visit(method, gates, reached, visit.depth + 1)
                elif isinstance(call.func, model.Name | model.Attribute):
                    atom = self.program.resolve(visit.key.path, call.func)
                    if isinstance(atom, FunctionAtom) and self.program.function(atom.key).model is None:
                        yield self._visit(atom.key, gates, reached, visit.depth + 1, own=False)

    # --------------------------------------------------------------------------------------------- one statement

    def _in_statement(self, visit: _Visit, function: Function, place: Placed) -> Iterator[ForwardLayer]:
        statement = place.statement
        if isinstance(statement, model.Bind) and statement.value is not None and len(statement.targets) == 1:
            target = statement.targets[0]
            made = self._made(visit.key.path, statement.value)
            if made and isinstance(target, model.Name) and _only_runs(function, target.id, statement.value):
                yield from self._judged(visit, function, place, made, None)
            elif made and isinstance(target, model.Attribute) and self._only_runs_attribute(visit, function, target):
                yield from self._judged(visit, function, place, made, written(target))
        for top in operands_of(statement):
            for part, gates in walk_placed(top, place.gates):
                if isinstance(part, model.CallSite) and part.args:
                    made = self._made(visit.key.path, part.func)
                    if made:
                        yield from self._judged(visit, function, Placed(statement, gates), made, None)

    def _made(self, path: str, operand: Operand) -> list[model.CallSite]:
        """The layers that an expression makes and gives, alone or in a chain; none when it may give others too."""
        if not isinstance(operand, model.CallSite) or not isinstance(operand.func, model.Name | model.Attribute):
            return []
        if isinstance(operand.func, model.Attribute) and operand.func.name in MOVING:
            return self._made(path, operand.func.value)
        api = self._row(path, operand)
        if api is None:
            return []
        if api.role is Role.CONTAINER and api.options.get("form") == "chain" and api.params[:1] == ("*args",):
            return [layer for argument in operand.args for layer in self._made(path, argument.value)]
        return [operand] if api.role is Role.LAYER else []

    def _row(self, path: str, call: model.CallSite) -> Api | None:
        if not isinstance(call.func, model.Name | model.Attribute):
            return None
        atom = self.program.resolve(path, call.func)
        return self.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None

    def _judged(
        self, visit: _Visit, function: Function, place: Placed, made: list[model.CallSite], attribute: str | None
    ) -> Iterator[ForwardLayer]:
        for call in made:
            api = self._row(visit.key.path, call)
            assert api is not None
            bound = _literals(api, call)
            kind, is_mild = self._kind(visit, function, place, call, api, bound)
            if kind is None:
                continue
            is_conditional = is_mild
            if attribute is not None:
                is_conditional |= bool(place.gates) or bool(words_of(function.name) & BUILDING_WORDS)
            elif last_word(self.name) in TRAINING_ONLY_WORDS:
                is_conditional = True
            path = visit.key.path
            yield ForwardLayer(
                self.name,
                function.qualname,
                written(call.func),
                kind,
                attribute,
                is_conditional,
                visit.receiver is not None,
                self.facts.span(path, call.at),
                self.facts.span(path, place.statement.at),
                visit.reached,
            )

    def _kind(
        self,
        visit: _Visit,
        function: Function,
        place: Placed,
        call: model.CallSite,
        api: Api,
        bound: Mapping[str, object],
    ) -> tuple[str | None, bool]:
        """What goes wrong with a layer, and whether that is in doubt."""
        is_complete = not any(argument.star for argument in call.args)
        weights = api.options.get("weights")
        has_weights = api.holds("parameters", bound, complete=is_complete) if "parameters" in api.options else True
        if weights is not None and has_weights:
            if any("weight" in words_of(argument.keyword or "") for argument in call.args):
                return None, False
            if weights == "random":
                return "weights", not is_complete
            return ("statistics" if api.holds("sensitive", bound) else "constant"), not is_complete
        if api.holds("sensitive", bound, complete=is_complete) is False or not api.options.get("sensitive"):
            return None, False
        if weights is not None:
            return (None, False) if has_weights is None else ("unweighted", False)
        if not is_complete or last_word(self.name) in TRAINING_ONLY_WORDS:
            return None, False
        if any(self._asks_for_mode(visit, function, gate) for gate in place.gates):
            return None, False
        if words_of(self.name) & KEPT_ON_WORDS:
            return "mode", True
        rates = [argument.value for argument in call.args if argument.keyword != "inplace"][:1]
        return self._rate(visit, function, rates[0] if rates else None)

    def _rate(self, visit: _Visit, function: Function, rate: Operand | None) -> tuple[str | None, bool]:
        """Whether something is dropped at a rate in every mode."""
        if rate is None or fold(rate) is not UNFOLDED:
            return "mode", False
        for part in walk(rate):
            if isinstance(part, model.Choice | model.Logic | model.Compare | model.CallSite):
                return None, False
            if isinstance(part, model.Name) and part.id in function.bound and part.id != visit.receiver:
                return None, False  # Who gives it may give 0 in evaluation.
            if isinstance(part, model.Name) and part.id not in function.bound:
                constant = self.program.names(visit.key.path).assigned.get(part.id)
                if constant is not None and fold(constant) == 0:
                    return None, False
            if visit.receiver is not None and _is_own(part, visit.receiver):
                assert isinstance(part, model.Attribute)
                if part.name == "training" or is_reassigned(self.facts, self.key, part.name):
                    return None, False
                default = self._default_of(part.name) if part is rate else True
                if default is None:
                    return None, False
                if default is False:
                    return "mode", True
        return "mode", False

    def _default_of(self, attribute: str) -> bool | None:
        """Whether an attribute that the constructor sets is more than 0 unless it is told otherwise."""
        init = self.facts.analyzer.classes.method(self.key, "__init__")
        if init is None:
            return True
        function = self.program.function(init)
        defaults = {p.name: p.default for p in function.parameters if p.default is not None}
        receiver = function.parameters[0].name if function.parameters else ""
        for statement in statements_of(function.body):
            if not isinstance(statement, model.Bind) or statement.value is None:
                continue
            if any(is_attribute(target, receiver, attribute) for target in statement.targets):
                value = statement.value
                if isinstance(value, model.Name) and value.id in defaults:
                    value = defaults[value.id] or value
                known = fold(value)
                if known is not UNFOLDED and not known:
                    return None if value is statement.value else False
        return True

    def _asks_for_mode(self, visit: _Visit, function: Function, gate: Operand | None) -> bool:
        """Whether a test around asks for the mode, or for something that may depend on it."""
        if gate is None:
            return False
        for part in walk(gate):
            if isinstance(part, model.Name | model.Attribute):
                name = part.id if isinstance(part, model.Name) else part.name
                if words_of(name) & (MODE_TEST_WORDS | ALWAYS_RANDOM_WORDS):
                    return True
            if isinstance(part, model.Name) and part.id in function.bound and part.id != visit.receiver:
                return True
            if visit.receiver is not None and _is_own(part, visit.receiver):
                assert isinstance(part, model.Attribute)
                if is_reassigned(self.facts, self.key, part.name):
                    return True
        return False

    # ------------------------------------------------------------------------------------- kept in an attribute

    def _only_runs_attribute(self, visit: _Visit, function: Function, target: model.Attribute) -> bool:
        """Whether the class runs what it keeps under a name, and the function gives it no weights."""
        receiver = visit.receiver
        if receiver is None or written(target.value) != receiver:
            return False
        record = self.program.record(self.key.path)
        methods = self.program.class_model(self.key).methods.values()
        if record is None or not any(target.name in record.functions[index].calls for index in methods):
            return False
        return not any(
            _reaches_into(top, receiver, target.name)
            for statement in statements_of(function.body)
            for top in operands_of(statement)
            if not (isinstance(statement, model.Bind) and is_attribute(top, receiver, target.name))
        )


def _is_own(operand: Operand, receiver: str) -> bool:
    return isinstance(operand, model.Attribute) and is_attribute(operand, receiver, operand.name)


def _literals(api: Api, call: model.CallSite) -> dict[str, object]:
    positional: list[object] = [_literal(a.value) for a in call.args if a.keyword is None and not a.star]
    keywords = {a.keyword: _literal(a.value) for a in call.args if a.keyword is not None}
    return api.bind(positional, keywords)


def _literal(operand: Operand) -> object:
    value = fold(operand)
    return MISSING if value is UNFOLDED else value


def _only_runs(function: Function, name: str, made: Operand) -> bool:
    """Whether a function does nothing but run, or move, what it binds to a name once."""
    ran = False
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            is_target = isinstance(statement, model.Bind) and any(top is target for target in statement.targets)
            if is_target and isinstance(statement, model.Bind) and isinstance(top, model.Name):
                if top.id == name and not _keeps(statement.value, name, made):
                    return False
                continue
            uses = list(_uses(top, name))
            if "other" in uses:
                return False
            ran = ran or "run" in uses
    return ran


def _keeps(value: Operand | None, name: str, made: Operand) -> bool:
    """Whether a value bound to a name again is the layer made, moved, or what running it gave."""
    if value is made:
        return True
    if isinstance(value, model.CallSite) and isinstance(value.func, model.Attribute):
        return value.func.name in MOVING and isinstance(value.func.value, model.Name) and value.func.value.id == name
    return False


def _uses(operand: Operand, name: str) -> Iterator[str]:
    if isinstance(operand, model.CallSite):
        func = operand.func
        if isinstance(func, model.Name) and func.id == name:
            yield "run"
            for argument in operand.args:
                yield from _uses(argument.value, name)
            return
        if isinstance(func, model.Attribute) and func.name in MOVING and written(func.value) == name:
            yield "move"
            return
    if isinstance(operand, model.Name) and operand.id == name:
        yield "other"
    if isinstance(operand, model.FunctionRef):
        yield "other"  # A lambda may keep it.
    for part in parts_of(operand):
        yield from _uses(part, name)


def _reaches_into(operand: Operand, receiver: str, name: str) -> bool:
    """Whether an operand does more with `receiver.name` than run or move it, or test whether it is there."""
    if isinstance(operand, model.CallSite):
        func = operand.func
        if is_attribute(func, receiver, name):
            return any(_reaches_into(argument.value, receiver, name) for argument in operand.args)
        if isinstance(func, model.Attribute) and func.name in MOVING and is_attribute(func.value, receiver, name):
            return False
    if isinstance(operand, model.Compare) and is_attribute(operand.left, receiver, name):
        return False
    if is_attribute(operand, receiver, name):
        return True
    return any(_reaches_into(part, receiver, name) for part in parts_of(operand))
