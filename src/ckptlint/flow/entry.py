"""What a function starts from: its parameters, what is known of them, its receiver."""

from __future__ import annotations

from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import (
    ApiAtom,
    ClassAtom,
    Field,
    Items,
    Location,
    Object,
    Parameter,
    Ref,
    Value,
    of_atom,
)
from ckptlint.flow.interpret import Interpreter
from ckptlint.flow.written import written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model


def begin(frame: Interpreter) -> None:
    """Give parameters their entry values and what is known of them."""
    function, context = frame.function, frame.context
    for location, held in context.types:
        frame.objects[location] = held
    for location, value in context.known:
        if isinstance(location, Field):
            frame.state.fields.put(location.base, location.name, value)
    for location, content in context.lists:
        frame.state.items[location] = content
    is_method = (
        function.model is not None
        and function.parameters
        and not any(written(d) == "staticmethod" for d in function.decorators)
    )
    for index, parameter in enumerate(function.parameters):
        location = Parameter(parameter.name)
        frame.state.names[parameter.name] = frame.known.get(location) or of_atom(Ref(location))
        if parameter.kind == "args" and context.stars is not None:
            entries = tuple(
                (i, frame.known.get(Parameter(f"*{i}")) or of_atom(Ref(Parameter(f"*{i}"))))
                for i in range(context.stars[0])
            )
            frame.state.items[location] = Items("tuple", entries)
        elif parameter.kind == "kwargs" and context.stars is not None:
            entries_by_name: tuple[tuple[object, Value], ...] = tuple(
                (n, frame.known.get(Parameter(f"**{n}")) or of_atom(Ref(Parameter(f"**{n}")))) for n in context.stars[1]
            )
            frame.state.items[location] = Items("dict", entries_by_name)
        elif index == 0 and is_method:
            _begin_receiver(frame, location)
        elif parameter.annotation is not None and location not in frame.objects:
            annotated = _annotated(frame, parameter.annotation)
            if annotated is not None:
                frame.objects[location] = annotated
    if frame.analyzer.is_quiet(context.key):
        frame.quiet += 1


def _begin_receiver(frame: Interpreter, location: Location) -> None:
    if any(written(d) == "classmethod" for d in frame.function.decorators):
        return
    owner = frame.context.receiver_class or frame.analyzer.owner_of(frame.context.key)
    frame.self_location = location
    frame.self_class = owner
    if owner is None:
        return
    hierarchy = frame.classes.hierarchy(owner)
    api = hierarchy.apis[0] if hierarchy.apis else None
    frame.objects[location] = Object(Role.MODEL if hierarchy.is_module else None, api, owner)


def _annotated(frame: Interpreter, annotation: model.Operand) -> Object | None:
    if isinstance(annotation, model.Literal) and isinstance(annotation.value, str):
        name = annotation.value
        if not name.replace(".", "").isidentifier():
            return None
        annotation = model.Name(annotation.at, name) if "." not in name else annotation
    atom = frame.program.resolve(frame.path, annotation)
    if isinstance(atom, ApiAtom):
        api = frame.catalog.api(atom.name)
        if api is not None and api.role in MODULE_ROLES:
            return Object(Role.MODEL)
    elif isinstance(atom, ClassAtom):
        hierarchy = frame.classes.hierarchy(atom.key)
        role = Role.MODEL if hierarchy.is_module else None
        return Object(role, hierarchy.apis[0] if hierarchy.apis else None, atom.key)
    return None
