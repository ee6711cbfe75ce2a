"""Models rebuilt for weights that another model of the project has saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.architectures import Difference, Layer, architecture_of, difference
from ckptlint.facts.checkpoints import Checkpoint, is_literal_path, path_pattern, programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Const
from ckptlint.flow.events import Loaded
from ckptlint.knowledge.catalog import Api


@dataclass(frozen=True, slots=True)
class RebuiltModel:
    """Weights are loaded in place into a model that differs from every one that may have written the file."""

    load: Loaded
    save: Checkpoint
    difference: Difference
    path: str
    """The file, as far as it is literal."""
    assumptions: frozenset[Assumption]


@derives(RebuiltModel)
def rebuilt_models(facts: Facts) -> Iterator[RebuiltModel]:
    """Every such load."""
    catalog = facts.program.catalog
    rows = [(save, catalog.api(save.event.api)) for save in facts.of(Checkpoint)]
    saves = [save for save, row in rows if row is not None and _stores_layers(row)]
    if not saves:
        return
    grouped = programs_of(facts)
    written = {id(save): architecture_of(save.run, save.event.stored) for save in saves}
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Loaded) or not event.into.value.atoms or _is_partial(facts, run, event):
                continue
            pattern = path_pattern(event.path)
            built = architecture_of(run, event.into)
            if pattern is None or built is None:
                continue
            group = grouped.get(run.key.path)
            others = [s for s in saves if grouped.get(s.run.key.path) == group]
            found = _differing(pattern, built, others, written)
            if found is not None:
                yield RebuiltModel(event, *found, "".join(pattern), _assumptions(pattern))


def _stores_layers(row: Api) -> bool:
    return row.options.get("stores") in ("weights", "training")


def _is_partial(facts: Facts, run: Run, load: Loaded) -> bool:
    """Whether the call says that the model need not be the same."""
    row = facts.program.catalog.api(load.api)
    if row is None:
        return True
    for _, held in run.objects(load.made):
        for value in row.given("partial", dict(held.arguments)) if held is not None else ():
            if value.single != Const("bool", False):
                return True
    return False


def _differing(
    pattern: tuple[str, ...],
    built: tuple[Layer, ...],
    saves: list[Checkpoint],
    written: dict[int, tuple[Layer, ...] | None],
) -> tuple[Checkpoint, Difference] | None:
    """The first save of the file with how it differs; None when one of them may be of the same model."""
    found: list[tuple[Checkpoint, Difference]] = []
    for save in saves:
        is_same_file = save.pattern == pattern
        if not is_same_file and is_literal_path(save.pattern) and is_literal_path(pattern):
            continue
        layers = written[id(save)]
        differs = difference(layers, built) if layers is not None else None
        if differs is None:
            return None
        if is_same_file:
            found.append((save, differs))
    return found[0] if found else None


def _assumptions(pattern: tuple[str, ...]) -> frozenset[Assumption]:
    return frozenset() if is_literal_path(pattern) else frozenset({Assumption.PATH_PATTERN})
