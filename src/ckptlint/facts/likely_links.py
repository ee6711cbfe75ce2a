"""Links that only the map shows: likely enough to be told as likely, too weak to report anything by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import is_outside
from ckptlint.facts.links import Link, LoadedUse, classes_of, may_be_named, purpose_of_link
from ckptlint.facts.project import Facts
from ckptlint.flow.events import Fitted, Forward, Loaded, Update

_LIKELY = frozenset({Assumption.PATH_PATTERN})
_PERHAPS = frozenset({Assumption.PATH_PATTERN, Assumption.BRANCH_CORRELATION})


def likely_links(facts: Facts, use: LoadedUse, saves: Iterable[Checkpoint]) -> Iterator[Link]:
    """The saves of a program that may have written what a load reads, though nothing names the file."""
    if use.load.outside or is_outside(use.load) or is_of_bytes(facts, use.load):
        return
    places = use.places
    direct = [read for read in use.reads if places & {ref.location for ref in read.holder.refs()}]
    keys = {read.key for read in direct if isinstance(read.key, str) and not read.guarded}
    for save in saves:
        if save.run is use.run and _is_same_keeper(facts, use.load, save):
            if may_be_named(use.load, save):
                yield Link(save, use.load, use.run, _purpose_of_all(use), _LIKELY)
        elif keys and save.schema is not None and keys <= set(save.schema.keys) and _may_hold(use, save):
            yield Link(save, use.load, use.run, purpose_of_link(facts, use, save), _PERHAPS)


def restores_training(facts: Facts, load: Loaded) -> bool:
    """Whether the library puts back all of the training's state."""
    row = facts.program.catalog.api(load.api)
    return row is not None and row.options.get("restores") == "training"


def is_of_bytes(facts: Facts, load: Loaded) -> bool:
    """Whether a call takes apart bytes in memory, of a message rather than of a file."""
    row = facts.program.catalog.api(load.api)
    return row is not None and "path" not in row.options and row.options.get("format") == "pickle"


def _is_same_keeper(facts: Facts, load: Loaded, save: Checkpoint) -> bool:
    """Whether methods of one class of a library write and read the file: all of the training, or where it says."""
    if load.api.rpartition(".")[0] != save.event.api.rpartition(".")[0]:
        return False
    rows = [facts.program.catalog.api(api) for api in (load.api, save.event.api)]
    is_placed = any(row is not None and "path" in row.options for row in rows)
    return (save.event.stores == "training" and restores_training(facts, load)) or not is_placed


def _may_hold(use: LoadedUse, save: Checkpoint) -> bool:
    """Whether nothing says that it is another file: its name, or the class of the model it is for."""
    classes = classes_of(use.run, use.models)
    return may_be_named(use.load, save) and not (classes and save.models and classes.isdisjoint(save.models))


def _purpose_of_all(use: LoadedUse) -> str:
    """What follows in the run once all of its state is put back."""
    events = use.run.events
    later = events[events.index(use.load) + 1 :] if use.load in events else ()
    if any(isinstance(e, Update) or (isinstance(e, Fitted) and e.kind == "fit") for e in later):
        return "resume"
    return "evaluate" if any(isinstance(e, Forward | Fitted) for e in later) else "unknown"
