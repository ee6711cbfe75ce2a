"""Whether a tensor that is a plain attribute is brought to where the inputs are, or meets them where it was made."""

from __future__ import annotations

from ckptlint.facts.attribute_flow import Spread
from ckptlint.facts.attribute_values import PLACING, api_of, is_position
from ckptlint.facts.attribute_views import MethodView
from ckptlint.facts.classes import is_attribute
from ckptlint.facts.project import Facts
from ckptlint.facts.unsaved_state import READING_OUT, HeldState
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_VIEWING = frozenset(
    "view reshape unsqueeze squeeze expand expand_as repeat transpose permute t clone detach contiguous view_as "
    "flatten narrow".split()
)
"""Methods that give the same tensor, on its device, in another form."""
_MIXING = frozenset({Role.TENSOR, Role.FUNCTIONAL})


def is_moved(facts: Facts, state: HeldState) -> bool:
    """Whether the class puts the attribute where its inputs are, chose a device for it, or hands it to who may."""
    if state.kind.is_placed or any(update.form == "moved" for update in state.updates):
        return True
    if any(view.name in ("to", "cuda", "cpu", "_apply") for view in state.views.all()):
        return True
    if _Meeting(facts, state).is_found():
        return False
    places = {(read.method, read.at) for read in state.sources}
    methods = [state.views.view(key) for key in sorted(state.reached)]
    spread = Spread(
        state.views,
        methods,
        lambda key, operand: isinstance(operand, model.Attribute) and (key, operand.at) in places,
        state.attribute,
    ).run()
    for view in methods:
        for statement in statements_of(facts.program.function(view.key).body):
            for operand in operands_of(statement):
                for part in walk(operand):
                    if isinstance(part, model.CallSite) and _places(facts, view, part, spread):
                        return True
    return False


def _places(facts: Facts, view: MethodView, call: model.CallSite, spread: Spread) -> bool:
    """Whether a call moves what is followed, reads it out, or is of a function that may do so."""
    func = call.func
    given = [argument.value for argument in call.args]
    is_typed = isinstance(func, model.Attribute) and func.name == "type" and bool(call.args)
    if isinstance(func, model.Attribute) and (func.name in PLACING | READING_OUT or is_typed):
        return spread.carries_in(view.key, func.value)
    if any(argument.keyword == "device" for argument in call.args):
        return any(spread.carries_in(view.key, value) for value in given)
    row = api_of(facts, view.key, func)
    if row is not None and not row.name.startswith("builtins."):
        return False
    receiver = spread.views.receiver(view)
    if row is None and spread.views.called(call, view, receiver) is not None:
        return False
    bound = facts.program.function(view.key).bound
    is_value_method = (
        isinstance(func, model.Attribute)
        and not is_attribute(func, receiver, func.name)
        and (not isinstance(func.value, model.Name) or func.value.id in bound)
    )
    return not is_value_method and any(spread.carries_in(view.key, value) for value in given)


def indexes_only(state: HeldState) -> bool:
    """Whether every read is an index into something else, or takes one number: both may lie anywhere."""
    for read in state.sources:
        is_index = False
        for operand in operands_of(read.statement):
            for part in walk(operand):
                if isinstance(part, model.Index):
                    is_index |= any(inner.at == read.at for item in part.items for inner in walk(item))
                    # One number of a row of numbers: such a tensor mixes with those of any device.
                    is_index |= part.value.at == read.at and all(map(is_position, part.items))
        if not is_index:
            return False
    return True


class _Meeting:
    """Where the attribute itself, nowhere moved, takes part in arithmetic with data that a method was given."""

    def __init__(self, facts: Facts, state: HeldState) -> None:
        self.facts = facts
        self.state = state
        self.places = {(read.method, read.at) for read in state.sources}

    def is_found(self) -> bool:
        """Whether there is such a place, and nothing asks the attribute where it is."""
        found = False
        for key in sorted(self.state.reached):
            function = self.facts.program.function(key)
            self.key = key
            self.same: set[str] = set()
            for statement in statements_of(function.body):
                for operand in operands_of(statement):
                    for part in walk(operand):
                        is_asked = isinstance(part, model.Attribute) and part.name in ("device", "is_cuda")
                        if is_asked and isinstance(part, model.Attribute) and self._is_same(part.value):
                            return False
                        found |= self._meets(part)
                if isinstance(statement, model.Bind) and statement.value is not None:
                    names = {target.id for target in statement.targets if isinstance(target, model.Name)}
                    self.same = self.same | names if self._is_same(statement.value) else self.same - names
        return found

    def _is_same(self, operand: Operand) -> bool:
        if isinstance(operand, model.Name):
            return operand.id in self.same
        if isinstance(operand, model.Index):
            return self._is_same(operand.value)
        if isinstance(operand, model.Attribute) and operand.name in ("T", "mT", "data"):
            return self._is_same(operand.value)
        if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
            return operand.func.name in _VIEWING and self._is_same(operand.func.value)
        return isinstance(operand, model.Attribute) and (self.key, operand.at) in self.places

    def _meets(self, operand: Operand) -> bool:
        if isinstance(operand, model.Binary):
            parts = [operand.left, operand.right]
        elif isinstance(operand, model.CallSite):
            row = api_of(self.facts, self.key, operand.func)
            if row is None or row.role not in _MIXING:
                return False
            parts = [argument.value for argument in operand.args]
        else:
            return False
        same = [part for part in parts if self._is_same(part)]
        return bool(same) and any(
            part not in same and not _is_form(part) and self.state.data.carries_in(self.key, part) for part in parts
        )


def _is_form(operand: Operand) -> bool:
    """Whether an operand asks for a form or device, as in `torch.zeros(..., device=x.device)`."""
    return isinstance(operand, model.Attribute) and operand.name in ("device", "dtype", "shape")
