"""What becomes of an object after it was made: attributes set on a dataset, steps added to a pipeline."""

from __future__ import annotations

from dataclasses import replace

from ckptlint.flow.domain import NOTHING, Items, Location, Ref, Value, of_atom
from ckptlint.flow.events import Built, Stored
from ckptlint.flow.frame import Frame
from ckptlint.knowledge.roles import Role


def children_of(frame: Frame, ref: Ref, name: str) -> Value | None:
    """The steps of a pipeline when they are read as its attribute (`compose.transforms`)."""
    held = frame.object_at(ref.location)
    if held is None or held.role is not Role.TRANSFORM or held.api is None:
        return None
    if held.api.options.get("children") != name:
        return None
    for event in frame.events.values():
        if isinstance(event, Built) and event.made.refs() == [ref]:
            return event.parts.value
    return None


def children_changed(frame: Frame, location: Location) -> None:
    """A list grew: what was made with it holds the new steps too."""
    for key, event in frame.events.items():
        if isinstance(event, Built) and any(ref.location == location for ref in event.parts.value.refs()):
            frame.events[key] = replace(event, parts=frame.stored(event.parts.value))
            frame.grown.add(location)


def attribute_set(frame: Frame, ref: Ref, name: str, value: Value) -> None:
    """A dataset made before gets another attribute: it counts as made with it."""
    if frame.role_of(ref) is not Role.DATASET:
        return
    for key, event in frame.events.items():
        if isinstance(event, Built) and any(made.location == ref.location for made in event.made.refs()):
            items = event.parts.items or Items("dict")
            frame.events[key] = replace(event, parts=replace(event.parts, items=items.put(name, value)))


def dataset_parts(frame: Frame, ref: Ref) -> Stored:
    """The attributes that the constructor of a project's dataset set to objects."""
    fields = {name: value for name, value in frame.state.fields.of(ref.location).items() if value.refs()}
    return Stored(of_atom(ref) if fields else NOTHING, Items("dict", tuple(fields.items())))
