"""Where a dict that is saved takes one entry more, and how that entry is written in the project's own style."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.missing_state import MissingState
from ckptlint.facts.places import display_at
from ckptlint.facts.project import Facts
from ckptlint.facts.resumptions import Resumption
from ckptlint.flow.domain import Site
from ckptlint.flow.written import words_of
from ckptlint.text import Span

MODEL_WORDS = ("model", "net", "network")


@dataclass(frozen=True, slots=True)
class NewEntries:
    """Text to put behind the last entry of a dict display."""

    span: Span
    """An empty span."""
    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavingEdits:
    """What makes a checkpoint hold the state that it lacks, and the training that goes on from it restore it."""

    entries: NewEntries
    title: str
    restoring: tuple[Span, list[str]] | None
    """Statements, and the one they belong behind; None where they cannot be written or nothing goes on from it."""

    @property
    def parts(self) -> tuple[Span, str, tuple[Span, list[str]] | None, str]:
        """Where the entries go, their text, what restores them, and the title."""
        return self.entries.span, self.entries.text, self.restoring, self.title


def edits_for(facts: Facts, missing: MissingState) -> SavingEdits | None:
    """How a checkpoint gets the state it lacks; None when it is no dict display or an object has no name there."""
    schema = missing.checkpoint.schema
    if schema is None or not all(lost.is_alone for lost in missing.lost):
        return None
    sites = tuple(lost.built.site for lost in missing.lost)
    entries = new_entries(facts, missing.at, schema.keys, sites)
    if entries is None:
        return None
    named = " and ".join(f"'{key}'" for key in entries.keys)
    resumption = missing.resumption
    restoring = restoring_lines(facts, resumption, sites, entries.keys) if resumption is not None else None
    return SavingEdits(entries, f"save {named} too, and restore it where training goes on", restoring)


def new_entries(facts: Facts, display: Site, keys: tuple[str, ...], objects: tuple[Site, ...]) -> NewEntries | None:
    """Entries for the states of objects made elsewhere; None when one has no name where the display stands.

    `keys` are those that the dict has already.
    """
    found = display_at(facts.program, display.path, display.at)
    if found is None or not found.items or any(item.key is None for item in found.items):
        return None
    names = [_name_in(facts, made, display) for made in objects]
    if not names or any(name is None for name in names):
        return None
    first, last = found.items[0], found.items[-1]
    assert first.key is not None
    quote = facts.text(facts.span(display.path, first.key.at))[0]
    if quote not in "'\"":
        return None
    # The value of an item may stand in brackets: what follows it is looked at, not only where it ends.
    row, column = last.value.at[2], last.value.at[3]
    closing = facts.text(Span(display.path, row, column, display.at[2], display.at[3]))
    if closing.strip().rstrip("}").strip() not in ("", ","):
        return None
    is_spread = first.key.at[0] != last.value.at[2] and closing.count("\n") > 0
    separator = f",\n{' ' * (first.key.at[1] - 1)}" if is_spread else ", "
    written: list[str] = []
    added: list[str] = []
    for name in names:
        assert name is not None
        key = key_for(name.rpartition(".")[2], keys)
        if key in (*keys, *added):
            return None
        added.append(key)
        written.append(f"{separator}{quote}{key}{quote}: {name}.state_dict()")
    return NewEntries(Span(display.path, row, column, row, column), "".join(written), tuple(added))


def key_for(name: str, keys: tuple[str, ...]) -> str:
    """A key for the state of what is called `name`, as the other keys are written."""
    for key in keys:
        words = words_of(key)
        for ending in ("_state_dict", "_state"):
            if key.endswith(ending) and words & set(MODEL_WORDS):
                return f"{name}{ending}"
    return name


def _name_in(facts: Facts, made: Site, place: Site) -> str | None:
    """The name by which what is made at one place is known at another."""
    name = facts.name_at(made)
    if name is None or made.path != place.path:
        return None
    there, here = facts.function_at(made.path, made.at), facts.function_at(place.path, place.at)
    if "." not in name:
        is_seen = here is there or (there is None and here is not None and name not in here.bound)
        return name if is_seen else None
    receiver = name.partition(".")[0]
    if there is None or here is None or not there.parameters or not here.parameters:
        return None
    is_own = there.model is not None and there.model == here.model
    return name if is_own and there.parameters[0].name == here.parameters[0].name == receiver else None


def restoring_lines(
    facts: Facts, resumption: Resumption, objects: tuple[Site, ...], keys: tuple[str, ...]
) -> tuple[Span, list[str]] | None:
    """Statements that restore states from these keys, and the one they belong behind.

    None when an object or the loaded value has no name there, or is made later.
    """
    restored, load = resumption.restored.site, resumption.load.site
    statement, loaded = facts.statement_span(restored), facts.name_at(load)
    same = facts.function_at(restored.path, restored.at) is facts.function_at(load.path, load.at)
    if statement is None or loaded is None or "." in loaded or not same or load.path != restored.path:
        return None
    lines: list[str] = []
    for made, key in zip(objects, keys, strict=True):
        name = _name_in(facts, made, restored)
        here = facts.function_at(made.path, made.at) is facts.function_at(restored.path, restored.at)
        if name is None or (here and made.at > restored.at):
            return None
        lines.append(f'{name}.load_state_dict({loaded}["{key}"])')
    return statement, lines
