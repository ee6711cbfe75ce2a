"""Loads that put tensors back on the device they were saved from, in programs that may run without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import arms_of
from ckptlint.facts.links import LoadedUse
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.slices import is_test_file
from ckptlint.flow.domain import Const, FunctionKey, Site, root_of
from ckptlint.flow.events import Forward, Loaded, Switched

_EITHER = re.compile(rb"\b(?:cuda|mps|xpu|accelerator)\.is_available\s*\(")
"""What a program asks that runs with and without a device."""
_DEVICE_WORDS = ("cuda", "gpu", "device", "cpu")


@dataclass(frozen=True, slots=True)
class DeviceBoundLoad:
    """A load without a word on where its tensors go."""

    at: Site
    api: str
    parameter: str
    """The argument that would say it."""


@derives(DeviceBoundLoad)
def device_bound_loads(facts: Facts) -> Iterator[DeviceBoundLoad]:
    """Every such load once, in files that ask whether there is a device."""
    found: dict[object, DeviceBoundLoad] = {}
    asks: dict[str, bool] = {}
    told = _functions_that_tell(facts)
    for use in facts.of(LoadedUse):
        event = use.load
        parameter = _unbound(use.run, event)
        if parameter is None or event.within[-1:] in told or _is_decided(facts, event):
            continue
        path = event.site.path
        if path not in asks:
            is_test = is_test_file(facts.program.root, path)
            asks[path] = not is_test and _EITHER.search(facts.program.data(path)) is not None
        if asks[path] and _holds_weights(use):
            found.setdefault(event.site.base, DeviceBoundLoad(event.site, event.api, parameter))
    yield from found.values()


def _holds_weights(use: LoadedUse) -> bool:
    """Whether it is a model or a state: data that was made on a CPU goes back to one."""
    if use.restored or use.models:
        return True
    places = use.places
    return any(
        isinstance(event, Switched | Forward) and any(root_of(ref.location) in places for ref in event.operand.refs())
        for event in use.run.events
    )


def _functions_that_tell(facts: Facts) -> set[tuple[FunctionKey, ...]]:
    """Functions with a load that says where tensors go: their other loads run where that one does not."""
    return {
        event.within[-1:]
        for run in facts.runs
        for event in run.events
        if isinstance(event, Loaded) and event.within[-1:] and event.within[-1].number and _is_told(run, event)
    }


def _is_told(run: Run, load: Loaded) -> bool:
    return _takes_device(run, load) and _unbound(run, load) is None


def _takes_device(run: Run, load: Loaded) -> bool:
    refs = load.made.refs()
    held = run.object_at(refs[0].location) if len(refs) == 1 else None
    return held is not None and held.api is not None and isinstance(held.api.options.get("device"), str)


def _unbound(run: Run, load: Loaded) -> str | None:
    """The parameter of the call that says where tensors go, when it is not given."""
    refs = load.made.refs()
    held = run.object_at(refs[0].location) if len(refs) == 1 else None
    parameter = held.api.options.get("device") if held is not None and held.api is not None else None
    if held is None or not isinstance(parameter, str) or "**" in dict(held.arguments):
        return None
    given = held.argument(parameter)
    if given is None:
        return parameter
    atom = given.single
    return parameter if isinstance(atom, Const) and atom.value is None else None


def _is_decided(facts: Facts, load: Loaded) -> bool:
    """Whether it runs only where a test of the device came out one way."""
    tests = {text for path, at in (*load.site.chain, load.site.base) for text, _ in arms_of(facts.program, path, at)}
    statement = facts.statement_span(load.site)
    if statement is not None and " if " in (written := facts.text(statement)):
        tests.add(written)
    return any(word in text.lower() for text in tests for word in _DEVICE_WORDS)
