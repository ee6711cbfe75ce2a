"""Programs that run as several processes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ckptlint.flow.domain import NONE, Value
from ckptlint.flow.events import Event
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """From here on the program is one of several processes that run the same code."""

    OPERANDS: ClassVar[tuple[str, ...]] = ()

    api: str
    is_sure: bool
    """It is never called by a program that runs alone."""


def joined(
    c: Calls, api: Api, receiver: Value | None, bound: dict[str, Value], a: Arguments, op: model.CallSite
) -> Value:
    """A call that joins the processes, and gives nothing."""
    joins(c, api, op)
    return NONE


def joins(c: Calls, api: Api, op: model.CallSite) -> None:
    """Record that a call shows several processes, when its row says so."""
    if shown := api.options.get("processes"):
        c.record(Joined(c.site(op.at), c.within, c.state.tests, api.name, shown == "several"))
