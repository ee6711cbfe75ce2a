"""What an API of each role does to the state, and what its call gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.assemblies import assembled, is_symbolic, settled
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.dicts import arguments_as_dict, value_made
from ckptlint.flow.differentiated import differentiated
from ckptlint.flow.domain import (
    CODE,
    NONE,
    NOTHING,
    UNKNOWN,
    UNKNOWN_MODE,
    FunctionAtom,
    Items,
    Location,
    ModeDef,
    Object,
    Ref,
    Value,
    derived,
    join_all,
    of_atom,
    ordered,
)
from ckptlint.flow.events import Applied, Built, Drew, Loaded, Restored, Saved, Seeded, Stored, Switched, Update
from ckptlint.flow.fits import fitted, keep_handler
from ckptlint.flow.freezing import kept_from_training
from ckptlint.flow.kept_modes import given_flag, read_modes
from ckptlint.flow.mode_arguments import mode_of_attributes
from ckptlint.flow.numbering import divided
from ckptlint.flow.operands import of_text, truth_of
from ckptlint.flow.order import listing
from ckptlint.flow.processes import joined, joins
from ckptlint.flow.results import result_of
from ckptlint.flow.sharing import copied, reused, share_of, snapshot_taken, weights_changed
from ckptlint.flow.treatments import treated_by_api
from ckptlint.flow.written import written
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls

Bound = dict[str, Value]


def _targets(api: Api, key: str, receiver: Value | None, bound: Bound, default: str = "self") -> Value:
    wanted = api.options.get(key, default)
    if wanted == "self":
        return receiver if receiver is not None else UNKNOWN
    found = api.given(key, bound)
    return join_all(found) if found else UNKNOWN


def _module(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    if is_symbolic(api):
        return assembled(c, api, bound, a, op)
    ref = c.make(op.at, held=Object(api.role, api, None, tuple(bound.items())))
    c.state.switch_mode(ref.location, c.built(op.at, str(api.options.get("mode", "train"))))
    return of_atom(ref)


def _object(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    if is_symbolic(api):
        return assembled(c, api, bound, a, op)
    return of_atom(c.make(op.at, held=Object(api.role, api, None, settled(c, bound, a))))


def _built(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """An object that facts ask for by itself."""
    made = _object(c, api, receiver, bound, a, op)
    if api.role in (Role.DATASET, Role.LOADER):
        _taint(c, made, a)
    given = [*api.given("of", bound), *api.given("wraps", bound)]
    parts, inputs = _parts(c, api, bound), c.expanded(derived(given))
    c.record(Built(c.site(op.at), c.within, c.state.tests, made, api.role, api.name, parts, inputs, tuple(c.loops)))
    return made


def _taint(c: Calls, made: Value, a: Arguments) -> None:
    for ref in made.refs():
        c.taint(ref, derived(a.values()))


def _parts(c: Calls, api: Api, bound: Bound) -> Stored:
    """What the parameters that the row calls children were given, in order."""
    given = api.given("children", bound)
    if len(given) == 1:
        return c.stored(given[0])
    return Stored(NOTHING, Items("list", tuple(enumerate(given)))) if given else Stored(NOTHING)


def _trainer(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    seeds_unasked(c, api, op)
    joins(c, api, op)
    if api.options.get("returns") == "arguments":
        return _in_order(c, a, op)
    return _object(c, api, receiver, bound, a, op)


def seeds_unasked(c: Calls, api: Api, op: model.CallSite) -> None:
    """A trainer that is made may set seeds by itself."""
    sources = _sources(api, "seeds")
    if sources:
        c.record(Seeded(c.site(op.at), c.within, c.state.tests, NOTHING, sources, UNKNOWN))


def _sources(api: Api, key: str) -> tuple[str, ...]:
    wanted = api.options.get(key, ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted) if isinstance(wanted, list) else ()


def _in_order(c: Calls, a: Arguments, op: model.CallSite) -> Value:
    if len(a.positional) == 1 and not a.open:
        return a.positional[0]
    if a.open:
        return derived(a.values())
    return of_atom(c.make(op.at, items=Items("tuple", tuple(enumerate(a.positional)))))


def _wrapper(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    joins(c, api, op)
    returns = api.options.get("returns", "wrapper")
    if returns == "arguments":
        return _in_order(c, a, op)
    inner = _targets(api, "of", receiver, bound)
    prefix = str(api.options.get("prefix", ""))
    if returns == "argument" or not inner.refs():
        return inner if inner.atoms else _module(c, api, receiver, bound, a, op)
    if "mode" in api.options:
        c.set_modes(inner, c.built(op.at, str(api.options["mode"])))
    atoms = frozenset(
        Ref(x.location, (*x.view, prefix)[:4]) if isinstance(x, Ref) and prefix else x for x in inner.atoms
    )
    origins = inner.origins | {CODE} if api.options.get("carries_code") is True else inner.origins
    return Value(atoms, inner.open, origins)


def _average(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """A copy of a model, in the mode the model was in unless its class switches the copy."""
    made = _module(c, api, receiver, bound, a, op)
    atom = _targets(api, "of", receiver, bound).single
    if "mode" not in api.options and isinstance(atom, Ref):
        for ref in made.refs():
            c.state.switch_mode(ref.location, c.state.mode_of(atom.location))
    return made


def _identity(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    value = _targets(api, "of", receiver, bound)
    returns = api.options.get("returns", "argument")
    if returns == "nothing":
        return NONE
    if returns == "iterable":
        return value
    if api.options.get("unwraps"):
        return Value(
            frozenset(Ref(x.location) if isinstance(x, Ref) else x for x in value.atoms),
            value.open,
            value.origins,
        )
    return value


def _save(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    if api.options.get("returns") == "writer":
        return _built(c, api, receiver, bound, a, op)
    value = _targets(api, "value", receiver, bound)
    if "entries" in api.options:
        value = of_atom(c.make(op.at, items=arguments_as_dict(c, api, a, op)))
    path = _targets(api, "path", None, bound, default="")
    holds = c.expanded(derived([value]), fields=True)
    stored = c.stored(value)
    stores = str(api.options.get("stores", "value"))
    reused(c, op.at, "saved", stored, NOTHING)
    c.record(Saved(c.site(op.at), c.within, c.state.tests, stored, path, api.name, holds, stores, tuple(c.loops)))
    return NONE


def _load(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    path = _targets(api, "path", None, bound, default="")
    returns = api.options.get("returns", "value")
    outside = api.role is Role.OUTSIDE_LOAD
    if returns == "model":
        ref = c.make(op.at, held=Object(Role.MODEL, api, None, tuple(bound.items())))
        c.state.switch_mode(ref.location, c.built(op.at, str(api.options.get("mode", "unknown"))))
    else:
        ref = c.make(op.at, held=Object(Role.LOAD, api, None, tuple(bound.items())))
    into = c.stored(_targets(api, "into", receiver, bound, default="")) if "into" in api.options else Stored(NOTHING)
    c.record(
        Loaded(c.site(op.at), c.within, c.state.tests, of_atom(ref), path, api.name, outside, tuple(c.loops), into)
    )
    return NONE if returns == "nothing" else of_atom(ref)


def _mode_switch(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    target = _targets(api, "of", receiver, bound)
    if "off" in api.options:
        return _set_attributes(c, api, target, bound, a, op)
    mode = api.options.get("mode")
    flag = api.options.get("flag")
    site = c.site(op.at)
    switched: str | None = str(mode) if mode is not None else None
    given: Location | None = None
    if isinstance(flag, str):
        value = bound.get(flag)
        if value is None:
            switched = "unknown" if a.open else "train"
        else:
            truth = truth_of(value, c.catalog)
            read = read_modes(value)
            if read is not None:
                c.set_modes(target, read)
                return receiver if receiver is not None else NONE
            if truth is None and op.args:
                truth = c.truth(op.args[0].value)
            switched = ("train" if truth else "eval") if truth is not None else "unknown"
            given = given_flag(value)
    if switched in ("train", "eval"):
        c.set_modes(target, frozenset({ModeDef(switched, site, flag=given)}))
        c.record(Switched(site, c.within, c.state.tests, target, switched))
    else:
        c.set_modes(target, frozenset({ModeDef("unknown", flag=given)}))
    if api.options.get("returns") == "nothing":
        return result_of(c, api, target, op)
    return receiver if receiver is not None else NONE


def _set_attributes(c: Calls, api: Api, target: Value, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """Flags of layers are set, in the model itself or in a copy that shares its weights."""
    mode = mode_of_attributes(c, api, bound, op)
    if api.options.get("returns") == "copy":
        target = _copy(c, api, target, {**bound, "self": target}, a, op)
    if mode is None or a.open:
        return target if api.options.get("returns") == "copy" else NONE
    c.set_modes(target, frozenset({mode}) if mode.site is not None else UNKNOWN_MODE)
    if mode.site is not None:
        c.record(Switched(mode.site, c.within, c.state.tests, target, mode.kind))
    return target if api.options.get("returns") == "copy" else NONE


def _call(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """A method that runs a model, with its weights given beside it or not."""
    refs = receiver.refs() if receiver is not None else []
    method = op.func.name if isinstance(op.func, model.Attribute) else ""
    if not refs and not c.catalog.mode_flags.keys().isdisjoint(a.keywords) and isinstance(op.func, model.Attribute):
        refs = [c.make(op.func.value.at, held=Object())]  # What it is of is not seen; what it is told is.
    return join_all([c.forward(ref, a, op, method) for ref in refs]) if refs else derived(a.values())


def _transparent(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    found = api.given("of", bound)
    if api.options.get("kind", "same") == "same" and len(found) == 1 and found[0].atoms:
        return found[0]
    return c.hand_over(a, api.name.rsplit(".", 1)[-1])


def _snapshot(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    of = _targets(api, "of", receiver, bound)
    attached = tuple(("attached", value) for value in api.given("attached", bound))
    copied(c, op.at, None)
    ref = c.make(op.at, held=Object(Role.SNAPSHOT, api, None, (("of", of), *attached)))
    snapshot_taken(c, api, ref, of)
    return of_atom(ref)


def _restore(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    target = _targets(api, "of", receiver, bound)
    value = _targets(api, "value", None, bound, default="")
    if receiver is not None and not api.given("value", bound) and a.positional:
        value = a.positional[0]  # Of a function the first argument is what the state goes into.
    reused(c, op.at, "restored", Stored(value), target)
    value = c.expanded(Value(value.atoms, value.open, derived([value]).origins))
    weights_changed(c, c.site(op.at))
    c.record(Restored(c.site(op.at), c.within, c.state.tests, target, value))
    for ref in target.refs():
        c.taint(ref, value)
    return result_of(c, api, target, op)


def _backward(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    value = _targets(api, "of", receiver, bound)
    if api.options.get("returns") == "function":
        return differentiated(c, value, api, op.at)
    functions = [of_atom(atom) for atom in ordered(value.atoms) if isinstance(atom, FunctionAtom)]
    if functions:  # A loss that is given as a function.
        value = join_all([c.call_value(function, [], op.at) for function in functions])
    operand = c.expanded(derived([value, *a.values()]))
    weights_changed(c, c.site(op.at))
    c.record(Update(c.site(op.at), c.within, c.state.tests, operand, tuple(c.loops)))
    return derived([value])


def _step(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    for value in a.values():
        for atom in ordered(value.atoms):
            if isinstance(atom, FunctionAtom):
                c.perhaps_call(atom)
    return derived(a.values())


def _harmless(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    returns = api.options.get("returns", "data")
    if api.options.get("treats") and a.positional:
        return treated_by_api(c, api, bound, a, op)
    if returns == "nothing":
        return NONE
    if returns in ("argument", "items"):
        found = api.given("of", bound)
        if found:
            return found[0]
    return derived([v for v in (receiver, *a.values()) if v is not None])


def _copy(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    value = _targets(api, "of", receiver, bound)
    atom = value.single
    if not isinstance(atom, Ref):
        return derived([value])
    held = c.object_at(atom.location) or Object()
    if held.role is None and atom.location not in c.state.items and not c.state.modes.get(atom.location):
        used = c.analyzer.use_of(c, atom.location)
        held = Object(used)
    is_deep = api.holds("deep", {n: v.value for n, g in bound.items() if (v := g.constant()) is not None}) is not False
    copied(c, op.at, None if is_deep else share_of(c.state, value))
    ref = c.make(op.at, held=held, items=c.state.items.get(atom.location))
    if held.role in MODULE_ROLES:
        c.state.switch_mode(ref.location, c.state.mode_of(atom.location))
    for name, part in c.state.fields.of(atom.location).items():
        c.state.fields.put(ref.location, name, part)
    before = c.state.origins.get(atom.location) or frozenset()
    c.state.origins[ref.location] = before | value.origins | {atom.location}
    return of_atom(ref)


def _path_join(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    pieces: list[object] = []
    given = [x.value for x in op.args if x.keyword is None]
    for index, (value, operand) in enumerate(zip(a.positional, given, strict=False)):
        if index:
            pieces.append(("/", False))
        pieces.extend(c.pieces_of(value, written(operand)))
    return of_text(tuple(pieces))


def _no_effect(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    return derived([v for v in (receiver, *a.values()) if v is not None])


def _functional(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    rate = api.options.get("rate")
    if rate is not None:
        kept = {name: value for name, value in bound.items() if name in (rate, api.options.get("flag"))}
        made = of_atom(c.make(op.at, held=Object(api.role, api, None, settled(c, kept, a))))
        c.record(Applied(c.site(op.at), c.within, c.state.tests, made, c.state.gates))
    return _no_effect(c, api, receiver, bound, a, op)


def _seed(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    seed = _targets(api, "seed", None, bound, default="")
    sources = _sources(api, "sources")
    c.record(Seeded(c.site(op.at), c.within, c.state.tests, receiver or NOTHING, sources, seed))
    return _no_effect(c, api, receiver, bound, a, op) if receiver is None else receiver


def _random(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """A draw gives data of which the drawing is an origin; a generator is an object."""
    kind = api.options.get("kind", "draw")
    if kind == "generator":
        return _built(c, api, receiver, bound, a, op)
    if kind == "state":
        return _no_effect(c, api, receiver, bound, a, op)
    made = _object(c, api, receiver, bound, a, op)
    _drew(c, api, receiver, bound, op, made)
    for ref in (r for value in api.given("of", bound) for r in value.refs()):
        content = c.state.items.get(ref.location)
        if content is not None and content.order is not None:
            c.state.items[ref.location] = content._replace(order=content.order._replace(is_shuffled=True))
    return derived([made, *([receiver] if receiver is not None else []), *a.values()])


def _split(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    made = _built(c, api, receiver, bound, a, op)
    _drew(c, api, receiver, bound, op, made, is_split=True)
    if api.given("seed", bound):
        for value in api.given("of", bound):
            divided(c, op, value)
    for ref in made.refs():
        c.state.origins[ref.location] = derived(a.values()).origins
    return made


def _drew(
    c: Calls, api: Api, receiver: Value | None, bound: Bound, op: model.CallSite, made: Value, is_split: bool = False
) -> None:
    operand = join_all(api.given("of", bound)) if api.given("of", bound) else NOTHING
    given = [*api.given("seed", bound), *api.given("generator", bound)]
    generator = join_all(given) if given else receiver if receiver is not None else NOTHING
    source = str(api.options.get("source", ""))
    c.record(Drew(c.site(op.at), c.within, c.state.tests, operand, source, generator, made, api.name, is_split))


def _tensor(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """A tensor made of others comes from what they come from."""
    made = _object(c, api, receiver, bound, a, op)
    if api.options.get("values") == "data":
        _taint(c, made, a)
    return made


def _listing(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    given = [v for v in (receiver, *a.values()) if v is not None]
    return listing(c, given, op.at, is_tree=api.options.get("kind") == "tree")


def _receiver(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    return receiver if receiver is not None else derived(a.values())


def _freeze(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    flag = str(api.options.get("flag", ""))
    given = bound.get(flag)
    if a.open or (given is not None and truth_of(given, c.catalog) is not True):
        kept_from_training(c, op.at, _targets(api, "of", receiver, bound))
    return _receiver(c, api, receiver, bound, a, op)


def _entry(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    if receiver is not None and api.options.get("kind") == "handler":
        for value in api.given("of", bound):
            keep_handler(c, receiver, value, op.at)
        return UNKNOWN
    for value in a.positional:
        for atom in ordered(value.atoms):
            if isinstance(atom, FunctionAtom):
                c.perhaps_call(atom)
    return UNKNOWN


ROLES = {
    Role.MODULE_BASE: _module,
    Role.LAYER: _module,
    Role.CONTAINER: _module,
    Role.MODEL: _module,
    Role.WRAPPER: _wrapper,
    Role.IDENTITY: _identity,
    Role.OPTIMIZER: _built,
    Role.SCHEDULER: _built,
    Role.SCALER: _built,
    Role.AVERAGE: _average,
    Role.LOADER: _built,
    Role.DATASET: _built,
    Role.SAVE: _save,
    Role.LOAD: _load,
    Role.OUTSIDE_LOAD: _load,
    Role.MODE_SWITCH: _mode_switch,
    Role.SNAPSHOT: _snapshot,
    Role.RESTORE: _restore,
    Role.BACKWARD: _backward,
    Role.STEP: _step,
    Role.FIT: fitted,
    Role.TRAINER: _trainer,
    Role.HARMLESS: _harmless,
    Role.COPY: _copy,
    Role.PATH_JOIN: _path_join,
    Role.TENSOR: _tensor,
    Role.FREEZE: _freeze,
    Role.FUNCTIONAL: _functional,
    Role.SEED: _seed,
    Role.RANDOM: _random,
    Role.TRANSFORM: _built,
    Role.SPLIT: _split,
    Role.MODULE_STATE: _no_effect,
    Role.NO_GRAD: _object,
    Role.MODE_CONTEXT: _object,
    Role.LISTING: _listing,
    Role.ENTRY: _entry,
    Role.CALL: _call,
    Role.TRANSPARENT: _transparent,
    Role.VALUE: value_made,
    Role.PROCESSES: joined,
}
