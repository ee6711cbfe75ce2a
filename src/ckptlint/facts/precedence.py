"""Which of two events of a run comes first."""

from __future__ import annotations

from ckptlint.facts.comparisons import parting
from ckptlint.facts.places import function_with
from ckptlint.flow.events import Event
from ckptlint.flow.program import Program


class Precedence:
    """The order of a run's events: that of the source where one function leads to both, else that they were met in."""

    def __init__(self, program: Program, events: tuple[Event, ...]) -> None:
        """`events` are those of one run."""
        self.program = program
        self._met = {id(event): index for index, event in enumerate(events)}

    def is_before(self, a: Event, b: Event) -> bool:
        """Whether the first comes before the second."""
        found = parting(a.site, b.site)
        if found is not None:
            (path, here), (other, there) = found
            if path == other and function_with(self.program, path, here) is function_with(self.program, path, there):
                return here[:2] < there[:2]
        return self._met[id(a)] < self._met[id(b)]
