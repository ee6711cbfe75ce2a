"""What something within a class flows into: local names, attributes and results, over its methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ckptlint.facts.attribute_values import ASKING, api_of
from ckptlint.facts.attribute_views import ClassView, MethodView
from ckptlint.facts.classes import is_attribute
from ckptlint.facts.escapes import SEEING
from ckptlint.flow.domain import FunctionKey
from ckptlint.flow.written import operands_of, parts_of, root_name, walk, words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

MAX_ROUNDS = 8
"""Walks over the methods until nothing changes."""
SIZE_WORDS = frozenset(
    "len length lengths size sizes n num count device dtype step steps epoch mode training index idx shape height "
    "width h w name cfg config iter iteration optimizer optim dim reset".split()
)
"""Words of parameters that say a form or a setting, no data."""
TELLING_WORDS = frozenset(
    "save log plot visualize print display show write record dump summary report debug info warn monitor".split()
)
"""Words of functions that only tell what happens."""
_PLAIN_TYPES = frozenset({"int", "float", "bool", "str", "device", "dtype"})
_COMPUTING = frozenset({Role.TENSOR, Role.FUNCTIONAL, Role.HARMLESS, Role.IDENTITY, Role.COPY})

Source = Callable[[FunctionKey, Operand], bool]


class Spread:
    """One thing that is followed; `is_known` leaves out what calls of unknown functions make of it."""

    def __init__(
        self,
        views: ClassView,
        methods: Iterable[MethodView],
        is_source: Source,
        leaving_out: str = "",
        is_known: bool = False,
    ) -> None:
        self.views = views
        self.facts = views.facts
        self.methods = list(methods)
        self.is_source = is_source
        self.leaving_out = leaving_out
        self.is_known = is_known
        self.names: dict[FunctionKey, set[str]] = {view.key: set() for view in self.methods}
        self.attributes: set[str] = set()
        self.returned: set[FunctionKey] = set()
        self.steered: set[FunctionKey] = set()
        """Methods that are called or not by what is followed."""
        self.is_spent = False
        """It reaches a step of training."""

    def run(self) -> Spread:
        """Follow it until nothing changes."""
        for _ in range(MAX_ROUNDS):
            before = self._size()
            for view in self.methods:
                self.view, self.receiver = view, self.views.receiver(view)
                self._block(self.facts.program.function(view.key).body, view.key in self.steered)
            if self._size() == before:
                break
        return self

    def _size(self) -> tuple[int, ...]:
        names = sum(map(len, self.names.values()))
        return names, len(self.attributes), len(self.returned), len(self.steered), self.is_spent

    # --------------------------------------------------------------------------------------------- statements

    def _block(self, body: list[model.Statement], under: bool) -> None:
        for statement in body:
            self._one(statement, under)

    def _one(self, statement: model.Statement, under: bool) -> None:
        for operand in operands_of(statement):
            for part in walk(operand):
                if isinstance(part, model.CallSite):
                    self._call(part, under)
        if isinstance(statement, model.Bind) and statement.value is not None:
            if under or self.carries(statement.value):
                for target in statement.targets:
                    self._take(target)
        elif isinstance(statement, model.Augment):
            if under or self.carries(statement.value):
                self._take(statement.target)
        elif isinstance(statement, model.Return):
            if statement.value is not None and (under or self.carries(statement.value)):
                self.returned.add(self.view.key)
        elif isinstance(statement, model.Branch):
            inner = under or (not self.is_known and self.carries(statement.test))
            self._block(statement.body, inner)
            self._block(statement.orelse, inner)
        elif isinstance(statement, model.Loop):
            is_carried = self.carries(statement.iter)
            if is_carried and statement.target is not None:
                self._take(statement.target)
            inner = under or (is_carried and not self.is_known)
            self._block(statement.body, inner)
            self._block(statement.orelse, inner)
        elif isinstance(statement, model.Try):
            for body in (statement.body, statement.orelse, statement.final, *(h.body for h in statement.handlers)):
                self._block(body, under)
        elif isinstance(statement, model.Region):
            for item in statement.items:
                if item.target is not None and self.carries(item.value):
                    self._take(item.target)
            self._block(statement.body, under)
        elif isinstance(statement, model.Match):
            for case in statement.cases:
                self._block(case.body, under or self.carries(statement.subject))

    def _take(self, target: Operand) -> None:
        if isinstance(target, model.Name):
            self.names[self.view.key].add(target.id)
        elif isinstance(target, model.Sequence | model.Star):
            for part in parts_of(target):
                self._take(part)
        elif isinstance(target, model.Index):
            self._take(target.value)
        elif isinstance(target, model.Attribute):
            if is_attribute(target, self.receiver, target.name):
                if target.name != self.leaving_out:
                    self.attributes.add(target.name)
            else:
                self._take(target.value)

    def _call(self, call: model.CallSite, under: bool) -> None:
        """What a call hands on: to the parameters of a method of the class, or to the receiver it changes."""
        callee = self.views.called(call, self.view, self.receiver)
        if callee is not None and callee in self.names:
            function = self.facts.program.function(callee)
            names = [parameter.name for parameter in function.parameters[1:] if parameter.kind in ("any", "positional")]
            if under and not self.is_known and not words_of(function.name) & TELLING_WORDS:
                self.steered.add(callee)
            for index, argument in enumerate(call.args):
                name = argument.keyword or (names[index] if index < len(names) else None)
                if name is not None and self.carries(argument.value):
                    self.names[callee].add(name)
            return
        if not isinstance(call.func, model.Attribute):
            return
        is_given = under or any(self.carries(argument.value) for argument in call.args)
        if is_given and call.func.name.endswith("_"):
            self._take(call.func.value)
        if is_given or self.carries(call.func.value):
            roles = {api.role for api in self.facts.program.catalog.methods(call.func.name)}
            self.is_spent |= Role.BACKWARD in roles or (under and Role.STEP in roles)

    # ----------------------------------------------------------------------------------------------- operands

    def carries(self, operand: Operand) -> bool:
        """Whether an operand of the method being walked gives what is followed."""
        if self.is_source(self.view.key, operand):
            return True
        if isinstance(operand, model.Name):
            return operand.id in self.names[self.view.key]
        if isinstance(operand, model.Attribute):
            if is_attribute(operand, self.receiver, operand.name):
                behind = self.views.property_of(operand.name)
                return operand.name in self.attributes or (behind is not None and behind in self.returned)
            return operand.name not in ASKING and self.carries(operand.value)
        if isinstance(operand, model.CallSite):
            return self._gives(operand)
        if isinstance(operand, model.Mapping):
            # An entry that is the bare thing only shows it.
            return any(
                self.carries(item.value) and not self.is_source(self.view.key, item.value) for item in operand.items
            )
        if isinstance(operand, model.Format | model.FunctionRef):
            return False
        return any(self.carries(part) for part in parts_of(operand))

    def carries_in(self, key: FunctionKey, operand: Operand) -> bool:
        """The same for an operand of any method that was followed."""
        self.view = self.views.view(key)
        self.receiver = self.views.receiver(self.view)
        return key in self.names and self.carries(operand)

    def _gives(self, call: model.CallSite) -> bool:
        func = call.func
        callee = self.views.called(call, self.view, self.receiver)
        if callee is not None and callee in self.names:
            return callee in self.returned
        if isinstance(func, model.Attribute) and func.name in ASKING:
            return False
        is_given = any(self.carries(argument.value) for argument in call.args)
        row = api_of(self.facts, self.view.key, func)
        if row is not None:
            if row.name.startswith("builtins.") and row.name.rpartition(".")[2] in SEEING - {"max", "min", "sum"}:
                return False
            if self.is_known and (row.role not in _COMPUTING or row.options.get("values") in ("random", "constant")):
                return False
            return is_given
        if isinstance(func, model.Attribute):
            if self.carries(func.value):
                return True
            is_own_layer = root_name(func.value) == self.receiver or (
                root_name(func) == self.receiver and isinstance(func.value, model.Name)
            )
            return is_given and (is_own_layer or not self.is_known)
        return is_given and not self.is_known


def data_flow(views: ClassView, roots: Iterable[MethodView]) -> Spread:
    """What comes from the data that methods are given: those of their parameters that say no form or setting."""
    methods = {view.key: view for root in roots for view in views.reached(root.name)}
    spread = Spread(views, methods.values(), lambda key, operand: False, is_known=True)
    for root in roots:
        function = views.facts.program.function(root.key)
        if root.key not in spread.names:
            continue
        for parameter in function.parameters[1:]:
            annotation = parameter.annotation
            is_plain = isinstance(annotation, model.Name | model.Attribute) and _word(annotation) in _PLAIN_TYPES
            if isinstance(parameter.default, model.Literal) and parameter.default.value is not None:
                is_plain = True
            if not is_plain and not words_of(parameter.name) & SIZE_WORDS:
                spread.names[root.key].add(parameter.name)
    return spread.run()


def _word(annotation: model.Name | model.Attribute) -> str:
    return annotation.id if isinstance(annotation, model.Name) else annotation.name


def reaches_result(
    views: ClassView, entries: Iterable[str], attribute: str, sources: set[tuple[FunctionKey, model.Place]]
) -> bool:
    """Whether reads of an attribute, by place, change what one of the methods gives, or a step of training."""
    spread = Spread(
        views,
        views.reached(*entries),
        lambda key, operand: (key, operand.at) in sources and _is_read(operand),
        attribute,
    ).run()
    found = [view for view in map(views.method, entries) if view is not None]
    return spread.is_spent or any(view.key in spread.returned for view in found)


def _is_read(operand: Operand) -> bool:
    return isinstance(operand, model.Attribute)
