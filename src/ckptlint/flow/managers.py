"""Context managers that the project writes as generators, and those that are made but not entered by a with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ckptlint.flow.domain import UNKNOWN_MODE, Location, Value, of_atom
from ckptlint.flow.summaries import Application, Summary
from ckptlint.flow.written import written
from ckptlint.semantics.model import Function, Place

if TYPE_CHECKING:
    from ckptlint.flow.regions import Regions


def is_context_manager(function: Function) -> bool:
    """Whether a call of a function gives a context manager whose body is the function's own."""
    return function.is_generator and any(written(d).rsplit(".", 1)[-1] == "contextmanager" for d in function.decorators)


@dataclass(slots=True)
class Manager:
    """A project context manager entered by a with statement."""

    frame: Regions
    summary: Summary
    bindings: dict[Location, Value]
    at: Place

    def enter(self, leave: list[Callable[[], None]]) -> Value:
        """Do what comes before the yield; add to `leave` what comes after it."""
        frame = self.frame
        application = Application(frame, self.summary, self.bindings, self.at)
        before = frame.state
        application.apply()
        targets = _targets(application)
        after = {k: frame.state.mode_of(k) for k in targets}
        for location, modes in (self.summary.at_yield or {}).items():
            frame.set_modes(application.entry(location), application.modes(modes))
        for location in targets:
            if self._unchanged(application, location):
                frame.state.switch_mode(location, before.mode_of(location))

        def undo() -> None:
            for location, modes in after.items():
                frame.state.switch_mode(location, modes)

        leave.append(undo)
        return application.value(self.summary.yielded)

    def _unchanged(self, application: Application, location: Location) -> bool:
        switched = {r.location for k in (self.summary.at_yield or {}) for r in application.entry(k).refs()}
        return location not in switched


def left_open(frame: Regions, application: Application) -> None:
    """A manager that no with statement enters at once: whether, and until when, it switches is not known."""
    for target in [of_atom(ref) for k in _switched(application) for ref in application.entry(k).refs()]:
        frame.set_modes(target, UNKNOWN_MODE)


def _switched(application: Application) -> list[Location]:
    summary = application.summary
    return sorted({*summary.modes, *(summary.at_yield or {})}, key=repr)


def _targets(application: Application) -> list[Location]:
    return [r.location for location in _switched(application) for r in application.entry(location).refs()]
