"""Loads that put tensors back on the device they were saved from, in programs that may run without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.slices import is_test_file
from ckptlint.flow.domain import Const, Site
from ckptlint.flow.events import Loaded

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
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Loaded):
                continue
            parameter = _unbound(run, event)
            if parameter is None or _is_under_a_test(event):
                continue
            path = event.site.path
            if path not in asks:
                is_test = is_test_file(facts.program.root, path)
                asks[path] = not is_test and _EITHER.search(facts.program.data(path)) is not None
            if asks[path]:
                found.setdefault(event.site.base, DeviceBoundLoad(event.site, event.api, parameter))
    yield from found.values()


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


def _is_under_a_test(load: Loaded) -> bool:
    """Whether it runs only where a test of the device came out one way."""
    return any(word in text.lower() for text, _ in load.tests for word in _DEVICE_WORDS)
