"""Objects replaced by what a call gave that only changes them in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Made, Object, Site
from ckptlint.flow.events import Event, Fitted, Forward, Switched, UsedResult
from ckptlint.flow.written import written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Place


@dataclass(frozen=True, slots=True)
class Assignment:
    """The statement `target = receiver.method(…)` around a call."""

    at: Place
    call: Place
    receiver: Place
    target: str
    is_same: bool
    """The target is the receiver, as written."""
    makes_receiver: bool
    """The receiver is made there, and the target is one name."""


@dataclass(frozen=True, slots=True)
class ReplacedByResult:
    """The result of such a call is used as the object that it was called on."""

    at: Site
    """The call that changes the object."""
    use: Site
    method: str
    """The method called at the use; empty when the result itself is called."""
    is_model: bool
    gives_nothing: bool
    name: str
    """The method that changes the object."""
    assignment: Assignment | None
    assumptions: frozenset[Assumption]


@derives(ReplacedByResult)
def replaced_by_results(facts: Facts) -> Iterator[ReplacedByResult]:
    """Each such call once, with the first use."""
    seen: set[object] = set()
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, UsedResult | Forward | Switched | Fitted):
                continue
            for ref, held in run.objects(event.operand):
                if held is None or held.role is not Role.RESTORE or held.api is None:
                    continue
                if not isinstance(ref.location, Made) or ref.location.site.base in seen:
                    continue
                seen.add(ref.location.site.base)
                yield _fact(facts, run, event, held, ref.location.site)


def _fact(facts: Facts, run: Run, event: Event, held: Object, site: Site) -> ReplacedByResult:
    assert held.api is not None
    owner = held.argument("of")
    roles = {one.role for _, one in run.objects(owner) if one is not None} if owner is not None else set()
    on = held.api.on
    return ReplacedByResult(
        site,
        event.site,
        event.method if isinstance(event, UsedResult | Forward) else "",
        bool(roles & MODULE_ROLES) or on is None or on is Role.MODEL,
        held.api.options.get("returns", "nothing") == "nothing",
        held.api.name.rsplit(".", 1)[-1],
        _assignment(facts, site),
        frozenset(Assumption(text) for text in held.assumed),
    )


def _assignment(facts: Facts, site: Site) -> Assignment | None:
    statement = statement_at(facts.program, site.path, site.at)
    if not isinstance(statement, model.Bind) or len(statement.targets) != 1:
        return None
    call, target = statement.value, statement.targets[0]
    if not isinstance(call, model.CallSite) or call.at != site.at or not isinstance(call.func, model.Attribute):
        return None
    if not isinstance(target, model.Name | model.Attribute):
        return None
    receiver = call.func.value
    return Assignment(
        statement.at,
        call.at,
        receiver.at,
        written(target),
        written(target) == written(receiver),
        isinstance(receiver, model.CallSite) and isinstance(target, model.Name),
    )
