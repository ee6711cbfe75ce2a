"""The prefixes that wrappers put before the keys of a state dict: where a state is saved, and where it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.tried import is_tried
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Field, Made, Ref, Site, Value
from ckptlint.flow.events import Restored
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Attribute, Name
from ckptlint.text import Span

REWRITING = re.compile(
    rb"removeprefix|consume_prefix|strip_prefix|remove_prefix|remove_module|strip_module|clean_state|fix_state|convert_state"
    rb"|replace\(\s*['\"](?:module|_orig_mod)|startswith\(\s*['\"](?:module|_orig_mod)|['\"](?:module\.|_orig_mod)|\[7:\]|\[10:\]"
    rb"|\.split\(\s*['\"]\.['\"]\s*\)|re\.sub\("
)
"""Text of code that takes a wrapper's prefix off keys, or puts it on."""

_MODELS = MODULE_ROLES | {Role.AVERAGE}


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the keys of one model's state dict start with."""

    texts: frozenset[str]
    """One of these; "" where the model is not wrapped."""

    @property
    def sure(self) -> str | None:
        """The only one it can be."""
        return next(iter(self.texts)) if len(self.texts) == 1 else None


@dataclass(frozen=True, slots=True)
class WrappedState:
    """A state dict is saved with one prefix and loaded where the keys have another."""

    link: Link
    use: LoadedUse
    restored: Restored
    snapshot: Site
    """The call that gives the state which is saved."""
    saved: str
    loaded: str
    assumptions: frozenset[Assumption]
    is_conditional: bool
    """Only some executions wrap the model."""


def prefix_at(facts: Facts, run: Run, owner: Value, call: Site) -> Prefix | None:
    """What wrappers put before the keys of a model at a call of one of its methods; None when that is not seen."""
    if owner.open or not owner.atoms or any(not isinstance(atom, Ref) for atom in owner.atoms):
        return None
    texts: set[str] = set()
    known = {f"{name}." for name in facts.analyzer.inner_names}
    for ref, held in run.objects(owner):
        if held is None or not isinstance(ref.location, Made) or not set(ref.view) <= known:
            return None
        if held.model is None and (held.role not in _MODELS or "class-unseen" in held.assumed):
            return None
        text = "".join(reversed(ref.view))  # The outermost wrapper comes first in the keys.
        if held.role in (Role.WRAPPER, Role.AVERAGE):
            own = str(held.api.options.get("prefix", "")) if held.api is not None else ""
            if own not in known or _takes_inner(facts, call):
                return None
            text += own
        texts.add(text)
    return Prefix(frozenset(texts))


def _takes_inner(facts: Facts, call: Site) -> bool:
    """Whether the function around a call takes the model out of what wraps it."""
    record = facts.program.record(call.path)
    function = facts.function_at(*call.base) or (record.module_body if record is not None else None)
    return function is None or bool(function.mentions & facts.analyzer.inner_names)


def saved_states(link: Link, value: Value) -> list[Value] | None:
    """What a save put where a loaded value was taken from; None when that is not seen."""
    save, places = link.save, {ref.location for ref in link.load.made.refs()}
    if value.open or not value.atoms:
        return None
    found: list[Value] = []
    for atom in value.atoms:
        if not isinstance(atom, Ref):
            return None
        if atom.location in places:
            # Of `saved["model"] if "model" in saved else saved` only what is there counts.
            if save.is_plain_state:
                found.append(save.event.stored.value)
            continue
        if not isinstance(atom.location, Field) or atom.location.base not in places:
            return None
        entry = save.schema.entry(atom.location.name[2:-2]) if save.schema is not None else None
        if entry is None or not entry.is_certain:
            return None
        found.append(entry.value)
    return found or None


def snapshot_in(run: Run, value: Value) -> tuple[Site, Value] | None:
    """The call that gives a state dict, and whose it is."""
    atom = value.single
    if not isinstance(atom, Ref) or not isinstance(atom.location, Made):
        return None
    held = run.object_at(atom.location)
    if held is None or held.role is not Role.SNAPSHOT or held.api is None or held.api.options.get("unwraps"):
        return None
    owner = held.argument("of")
    if held.api.options.get("kind") != "state_dict" or owner is None:
        return None
    return atom.location.site, owner


@derives(WrappedState)
def wrapped_states(facts: Facts) -> Iterator[WrappedState]:
    """Every restored value all of whose linked saves have another prefix than the model it is put into."""
    links: dict[int, list[Link]] = {}
    for link in facts.of(Link):
        links.setdefault(id(link.load), []).append(link)
    for use in facts.of(LoadedUse):
        linked = links.get(id(use.load))
        if not linked or use.is_opened or use.load.outside:
            continue
        for restored in use.restored:
            found = [_mismatch(facts, use, link, restored) for link in linked]
            first = found[0]
            if first is not None and all(one is not None for one in found) and not _is_handled(facts, use, restored):
                yield first


def _mismatch(facts: Facts, use: LoadedUse, link: Link, restored: Restored) -> WrappedState | None:
    target = prefix_at(facts, use.run, restored.target, restored.site)
    values = saved_states(link, restored.value)
    if target is None or target.sure is None or values is None or len(values) != 1:
        return None
    found = snapshot_in(link.save.run, values[0])
    if found is None:
        return None
    site, owner = found
    source = prefix_at(facts, link.save.run, owner, site)
    if source is None or target.sure in source.texts:
        return None
    if not _same_models(use.run, restored.target, link.save.run, owner):
        return None
    assumptions = link.assumptions
    if source.sure is None:
        assumptions |= {Assumption.BRANCH_CORRELATION}
    return WrappedState(
        link, use, restored, site, sorted(source.texts)[-1], target.sure, assumptions, source.sure is None
    )


def _same_models(run: Run, target: Value, other: Run, owner: Value) -> bool:
    """Whether the model that is loaded is of the class, or of the library's factory, that was saved."""
    return bool(_kinds(run, target) & _kinds(other, owner))


def _kinds(run: Run, value: Value) -> set[object]:
    found: set[object] = set()
    for _, held in run.objects(value):
        is_around = held is not None and held.role in (Role.AVERAGE, Role.WRAPPER)
        inner = held.argument(str(held.api.options.get("of"))) if is_around and held is not None and held.api else None
        if inner is not None:
            found |= _kinds(run, inner)
        elif held is not None and (held.model is not None or held.api is not None):
            found.add(held.model or (held.api.name if held.api is not None else None))
    return found


def _is_handled(facts: Facts, use: LoadedUse, restored: Restored) -> bool:
    """Whether code takes prefixes off, or is ready for a load that fails."""
    if is_tried(facts.program, restored.site):
        return True
    paths = {restored.site.path, use.load.site.path, use.run.key.path}
    return any(rewrites_keys(facts, path) for path in paths)


def rewrites_keys(facts: Facts, path: str) -> bool:
    """Whether a file holds code that takes a wrapper's prefix off keys, or puts it on."""
    return REWRITING.search(facts.program.data(path)) is not None


def receiver_of(facts: Facts, call: Site) -> Span | None:
    """Where the receiver of a method call stands, when it is a name or an attribute."""
    found = call_at(facts.program, *call.base)
    func = found.func if found is not None else None
    if not isinstance(func, Attribute) or not isinstance(func.value, Name | Attribute):
        return None
    return facts.span(call.path, func.value.at)


def named(texts: Iterable[str]) -> str:
    """Prefixes as a message names them."""
    return " or ".join(f"'{text}'" for text in sorted(texts) if text)
