"""Whether code belongs to a project that trains models."""

from __future__ import annotations

from functools import lru_cache

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.events import Built, Event, Fitted, Forward, Restored, Update
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Record

_LEARNING = frozenset(
    role.value
    for role in (
        Role.MODULE_BASE,
        Role.LAYER,
        Role.MODEL,
        Role.OPTIMIZER,
        Role.TRAINER,
        Role.LOADER,
        Role.DATASET,
        Role.TRANSFORM,
        Role.SPLIT,
    )
)


def learns(facts: Facts, run: Run, event: Event) -> bool:
    """Whether a run, or the code an event lies in, uses a library for machine learning."""
    if any(isinstance(e, Forward | Update | Fitted | Restored | Built) for e in run.events):
        return True
    libraries = learning_libraries(facts.program.catalog)
    paths = {run.key.path, event.site.path, *(key.path for key in event.within)}
    return any(record is not None and _imports(record) & libraries for record in map(facts.program.record, paths))


@lru_cache(maxsize=4)
def learning_libraries(catalog: Catalog) -> frozenset[str]:
    """Top-level packages with APIs that only a project which trains models uses."""
    return frozenset(
        name.partition(".")[0] for name, row in catalog if row["role"] in _LEARNING and "on" not in row and "." in name
    )


def _imports(record: Record) -> frozenset[str]:
    modules = [*(name.module for name in record.imports.values()), *record.stars]
    return frozenset(module.partition(".")[0] for module in modules)
