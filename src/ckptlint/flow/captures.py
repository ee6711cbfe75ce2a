"""Calls that record what a model computes in the mode it is in: the recording stays in that mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import Value
from ckptlint.flow.events import Captured
from ckptlint.flow.written import written
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls


def captured(c: Calls, api: Api, bound: dict[str, Value], operand: model.CallSite) -> None:
    """Keep a call of an API whose row says that it captures the mode of the model it is given."""
    for value in api.given("captures_mode", bound):
        for ref in value.refs():
            modes = c.state.mode_of(ref.location)
            c.record(
                Captured(
                    c.site(operand.at),
                    c.within,
                    c.state.tests,
                    Value(frozenset({ref}), value.open, value.origins),
                    modes,
                    written(operand.func),
                    written(operand.args[0].value) if operand.args else "",
                    c.statement,
                )
            )
