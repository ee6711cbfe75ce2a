"""How the checkpoint map names places and objects."""

from __future__ import annotations

from collections.abc import Iterable

from ckptlint.facts.call_frames import Frames, function_around
from ckptlint.facts.mapped_checkpoints import Spot
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Field, Location, Made, Site, text_of


class Names:
    """Names of the user's, for what facts know by location."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def spots(self, frames: Frames) -> tuple[Spot, ...]:
        """The places of the calls."""
        return tuple(self.spot(site) for site in frames.sites)

    def spot(self, site: Site) -> Spot:
        """A place with the function it lies in."""
        function = function_around(self.facts, site.path, site.at)
        return Spot(site.path, site.at[0], site.at[1], function.qualname if function is not None else "")

    def of(self, run: Run, locations: Iterable[Location]) -> tuple[str, ...]:
        """The names of objects where they are made or given."""
        names = {self._name(run, location) for location in locations}
        return tuple(sorted(name for name in names if name))

    def _name(self, run: Run, location: Location) -> str:
        if isinstance(location, Made):
            held = run.object_at(location)
            given = self.facts.name_given(location.site)
            if given is None and held is not None and held.model is not None:
                given = self.facts.program.class_model(held.model).name
            if given is None and held is not None and held.api is not None:
                given = held.api.name.rpartition(".")[2]
            return given or ""
        if isinstance(location, Field):
            base = self._name(run, location.base)
            dot = "" if location.name.startswith("[") else "."
            return f"{base}{dot}{location.name}" if base else location.name
        return text_of(location)
