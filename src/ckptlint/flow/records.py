"""The attributes of an object taken as a dict: `vars(x)`, `x.__dict__`, `asdict(x)`, `x._asdict()`.

Such a dict is a reference to the field `*` of the object; what it holds is looked up where it matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    UNKNOWN,
    ClassKey,
    Field,
    Items,
    Made,
    Ref,
    Value,
    constant,
    derived,
    join_items,
)
from ckptlint.flow.written import written
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.frame import Frame

ANY = "*"
"""Field that stands for all attributes of an object."""
_NO_FIELDS = frozenset({"ClassVar", "InitVar", "KW_ONLY"})


def attributes_of(given: list[Value]) -> Value:
    """The attributes of an object as a dict."""
    refs = [Ref(Field(ref.location, ANY)) for value in given for ref in value.refs()]
    return Value(frozenset(refs), not refs, derived(given).origins)


def content_of(frame: Frame, ref: Ref) -> Items | None:
    """What a container holds, or an object's attributes; None when that is not seen."""
    content = frame.state.items.get(ref.location)
    if content is not None or not isinstance(ref.location, Field) or ref.location.name != ANY:
        return content
    return _attributes(frame, ref.location.base) if isinstance(ref.location.base, Made) else None


def content_of_value(frame: Frame, value: Value) -> Items | None:
    """What a value holds, whichever of its alternatives it is; open where one of them is not seen."""
    refs = value.refs()
    contents = [content_of(frame, ref) for ref in refs]
    known = [content for content in contents if content is not None]
    if not known:
        return None
    found = known[0]
    for content in known[1:]:
        found = join_items(found, content)
    is_whole = len(known) == len(value.atoms) and not value.open
    return found if len(value.atoms) == 1 or is_whole else found._replace(open=True)


def changed_by_name(frame: Frame, value: Value) -> None:
    """An attribute is set whose name is not known: the object may hold any."""
    for ref in value.refs():
        held = frame.object_at(ref.location)
        if held is not None and held.role is not None and held.api is not None and held.api.options.get("kind"):
            frame.state.items[Field(ref.location, ANY)] = Items("delta", open=True)


def _attributes(frame: Frame, location: Made) -> Items | None:
    held = frame.object_at(location)
    if held is None:
        return None
    fields = frame.state.fields.of(location)
    if held.model is None:
        if held.api is None or held.api.options.get("kind") != "record":
            return None
        return Items("dict", tuple(fields.items()))
    if held.role is not None:
        return None
    declared = _declared(frame, held.model)
    content = Items("dict", open=not declared or set(fields) > set(declared))
    for name, value in {**declared, **fields}.items():
        content = content.put(name, value)
    return content


def _declared(frame: Frame, key: ClassKey) -> dict[str, Value]:
    """Fields that the body of a dataclass or named tuple declares, with literal defaults."""
    found: dict[str, Value] = {}
    order = frame.classes.hierarchy(key).order
    if frame.classes.method(key, "__init__") is not None:
        return found
    for base in reversed(order):
        for statement in frame.program.class_model(base).body:
            if not isinstance(statement, model.Bind) or statement.annotation is None:
                continue
            target = statement.targets[0]
            kind = written(statement.annotation).split("[")[0].rsplit(".", 1)[-1]
            if isinstance(target, model.Name) and kind not in _NO_FIELDS:
                default = statement.value
                found[target.id] = constant(default.value) if isinstance(default, model.Literal) else UNKNOWN
    return found
