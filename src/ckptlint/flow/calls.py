"""What calls do: methods of objects, project functions and classes, library APIs, and what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field

from ckptlint.flow.assemblies import CHAIN, chain_of_given, is_symbolic, symbolic_call
from ckptlint.flow.built import dataset_parts
from ckptlint.flow.builtin_calls import call_builtin
from ckptlint.flow.captures import captured
from ckptlint.flow.class_methods import maker_of_class, of_class, switches_itself
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.containers import container_method
from ckptlint.flow.differentiated import differentiated_call
from ckptlint.flow.domain import (
    NONE,
    NOTHING,
    UNKNOWN,
    UNKNOWN_MODE,
    ApiAtom,
    Atom,
    Cell,
    ClassAtom,
    ClassKey,
    Const,
    Field,
    FunctionAtom,
    Items,
    Location,
    Made,
    MethodAtom,
    ModuleAtom,
    Object,
    Others,
    Parameter,
    Ran,
    Ref,
    Text,
    Value,
    derived,
    is_below,
    join,
    join_all,
    keeping,
    limited,
    of_atom,
    ordered,
    root_of,
)
from ckptlint.flow.effects import ROLES, seeds_unasked
from ckptlint.flow.events import Built, Forward, KeyRead, Opened
from ckptlint.flow.mode_arguments import told
from ckptlint.flow.operands import Operands, of_text
from ckptlint.flow.order import TEXT_METHODS, told_by_method
from ckptlint.flow.program import UNRESOLVED
from ckptlint.flow.records import attributes_of
from ckptlint.flow.results import without_results
from ckptlint.flow.sharing import method_of_share, of_named
from ckptlint.flow.written import last_word, words_of, written
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

MODE_WORDS = frozenset(
    (
        "eval evaluate evaluation evaluator valid validate validation val test testing predict prediction "
        "infer inference generate fit train training trainer"
    ).split()
)
"""Words in the name of an unseen callee that let it switch the mode of what it is given."""
RUNNING_WORDS = MODE_WORDS | frozenset("run learn launch".split())
"""Words in the name of a method that let an object that is not seen switch the models it was made from."""
MODEL_WORDS = frozenset(
    ("model net network module generator discriminator encoder decoder backbone classifier").split()
)
"""Words of names that mean a model when nothing else is known (assumption role-by-name)."""
OPTIMIZER_WORDS = frozenset({"optimizer", "optim", "opt"})
"""Words of names whose methods do what an optimizer's do: a step of one switches no mode."""


@dataclass(slots=True)
class Arguments:
    """Evaluated arguments of a call; `open` when `*x` or `**x` of unknown content is among them."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    open: bool = False

    def values(self) -> list[Value]:
        """All of them."""
        return [*self.positional, *self.keywords.values()]


class Calls(Operands):
    """Evaluation of calls."""

    def call(self, operand: model.CallSite) -> Value:
        """What a call gives; its effects are done on the state."""
        func = operand.func
        if isinstance(func, model.Attribute):
            inner = func.value
            if isinstance(inner, model.CallSite) and isinstance(inner.func, model.Name) and inner.func.id == "super":
                return self._call_super(func.name, self._arguments(operand), operand)
            receiver = self.evaluate(inner)
            arguments = self._arguments(operand)
            found = self._call_attribute(receiver, func, arguments, operand)
            if self.state.shares:
                of_named(self.state, receiver, found)
            return keeping(found, receiver)
        callee = self.evaluate(func)
        arguments = self._arguments(operand)
        return self._call_any(callee, arguments, operand)

    def call_known(self, callee: Value, arguments: Arguments, operand: model.CallSite) -> Value:
        """A call of a value with the arguments of a call of another."""
        return self._call_any(callee, arguments, operand)

    def call_value(self, callee: Value, positional: list[Value], at: model.Place) -> Value:
        """A call that stands nowhere as such in the source."""
        site = model.CallSite(at, model.Name(at, "<call>"), [])
        return self._call_any(callee, Arguments(positional), site)

    def _arguments(self, operand: model.CallSite) -> Arguments:
        arguments = Arguments()
        for argument in operand.args:
            value = self.evaluate(argument.value)
            if argument.star == 1:
                atom = value.single
                content = self.state.items.get(atom.location) if isinstance(atom, Ref) else None
                if content is not None and not content.open and content.element is None:
                    arguments.positional.extend(v for _, v in content.entries)
                else:
                    arguments.open = True
                    arguments.positional.extend(self._spread(value))
            elif argument.star == 2:
                atom = value.single
                content = self.state.items.get(atom.location) if isinstance(atom, Ref) else None
                if content is not None and not content.open:
                    arguments.keywords.update((str(k), v) for k, v in content.entries)
                else:
                    arguments.open = True
                    arguments.keywords.setdefault("**", derived([value]))
            elif argument.keyword is not None:
                arguments.keywords[argument.keyword] = value
            else:
                arguments.positional.append(value)
        return arguments

    def _spread(self, value: Value) -> list[Value]:
        return [join(self.any_of(r), UNKNOWN) for r in value.refs()] or [derived([value])]

    # ----------------------------------------------------------------------------------------------- dispatch

    def _call_any(self, callee: Value, arguments: Arguments, operand: model.CallSite) -> Value:
        callee = without_results(self, callee, operand)
        if not callee.atoms:
            return self._call_unknown(arguments, operand, [callee], written(operand.func))
        atoms = [atom for atom in ordered(callee.atoms) if not isinstance(atom, Others)]
        if len(atoms) == 1 and not callee.open:
            return self._call_atom(atoms[0], arguments, operand)
        before = self.state
        results: list[Value] = []
        states = []
        markers = self.markers
        for index, atom in enumerate(atoms):
            self.state = before.copy()
            if index and not isinstance(atom, Ref | FunctionAtom):
                # What two classes make at one place are two objects.
                self.markers = (*markers, ("", (operand.at[0], operand.at[1], index, 1)))
            results.append(self._call_atom(atom, arguments, operand))
            self.markers = markers
            states.append(self.state)
        if callee.open:
            self.state = before.copy()
            results.append(self._call_unknown(arguments, operand, [callee], written(operand.func)))
            states.append(self.state)
        self.state = states[0]
        for state in states[1:]:
            self.state = self.state.join(state)
        result = join_all(results)
        if len(atoms) == len(callee.atoms) or not result.atoms:
            return result
        return limited(result.atoms | {Others()}, result.open, result.origins)

    def _call_atom(self, atom: Atom, arguments: Arguments, operand: model.CallSite) -> Value:
        if isinstance(atom, FunctionAtom):
            return self.call_function(atom, arguments, operand)
        if isinstance(atom, ClassAtom):
            return self._construct(atom.key, arguments, operand)
        if isinstance(atom, ApiAtom):
            return self.call_api(atom.name, arguments, operand)
        if isinstance(atom, MethodAtom):
            return self._call_method(atom.receiver, atom.name, arguments, operand)
        if isinstance(atom, Ref):
            return self._call_object(atom, arguments, operand)
        if isinstance(atom, ModuleAtom):
            return self._made_by_table(operand)
        return self._call_unknown(arguments, operand, [], written(operand.func))

    def _made_by_table(self, operand: model.CallSite) -> Value:
        """`models.__dict__[name](…)`: one of the classes or factories of a module, which gives a fresh object."""
        role = self.outline.uses.get(written(operand)) or Role.MODEL
        ref = self.make(operand.at, held=Object(role, assumed=frozenset({"class-unseen"})))
        self.state.switch_mode(ref.location, self.built(operand.at))
        return of_atom(ref)

    def _call_attribute(
        self, receiver: Value, func: model.Attribute, arguments: Arguments, operand: model.CallSite
    ) -> Value:
        if not receiver.atoms or (receiver.open and all(isinstance(a, Const | Text) for a in receiver.atoms)):
            shown = self._shown_row(func.name, arguments)
            if shown is not None:
                return self._apply(shown, receiver, arguments, operand)
            # `loss = 0`, added to in a loop, is a tensor where its methods are called.
            return self._call_method_of_unknown(receiver, func.name, arguments, operand)
        receiver = without_results(self, receiver, operand, func.name)
        row = self._row_of_all(receiver, func.name, arguments)
        if row is not None:
            # One of the objects it is, whichever: taken one by one, each would be switched only perhaps.
            return self._apply(row, receiver, arguments, operand)
        atoms = [atom for atom in ordered(receiver.atoms) if not isinstance(atom, Others)]
        before = self.state
        results: list[Value] = []
        states = []
        for atom in atoms:
            if len(atoms) > 1:
                self.state = before.copy()
            results.append(self._call_attribute_of(atom, func, arguments, operand))
            states.append(self.state)
        self.state = states[0]
        for state in states[1:]:
            self.state = self.state.join(state)
        return join_all(results)

    def _row_of_all(self, receiver: Value, name: str, arguments: Arguments) -> Api | None:
        """What a method does when all alternatives of its receiver are objects for which it does the same."""
        refs = receiver.refs()
        if len(refs) < 2 or any(
            not isinstance(a, Ref | Others) and a != Const("NoneType", None) for a in receiver.atoms
        ):
            return None
        rows: set[Api | None] = set()
        for ref in refs:
            held = self.object_at(ref.location)
            is_own = held is not None and held.model is not None and self.classes.method(held.model, name) is not None
            if is_own or self.state.fields.get(ref.location, name) is not None or ref.location in self.state.items:
                return None
            rows.add(self._method_row(ref, held, name, arguments))
        return rows.pop() if len(rows) == 1 else None

    def _call_attribute_of(
        self, atom: Atom, func: model.Attribute, arguments: Arguments, operand: model.CallSite
    ) -> Value:
        if isinstance(atom, Ref):
            return self._call_method(atom, func.name, arguments, operand, func)
        if isinstance(atom, Text) or (isinstance(atom, Const) and isinstance(atom.value, str)):
            row = self.catalog.method(Role.PATH_JOIN, func.name)
            if row is not None:
                return self._apply(row, of_atom(atom), arguments, operand)
        if isinstance(atom, Const) and isinstance(atom.value, str):
            return self._text_method(atom, func.name, arguments, operand)
        if isinstance(atom, Text) and func.name in TEXT_METHODS:
            return told_by_method(func.name, derived(arguments.values()))
        if isinstance(atom, ClassAtom) and func.name not in ("__init__",):
            found = self._attribute_of_class(atom, func.name)
            row = maker_of_class(self, atom.key, func.name, found)
            if row is not None:
                return of_class(self, atom.key, self._apply(row, None, arguments, operand))
            return self._call_any(found, arguments, operand)
        callee = self._attribute(atom, func.name, func)
        return self._call_any(callee, arguments, operand)

    # ------------------------------------------------------------------------------------------------ methods

    def _call_super(self, name: str, arguments: Arguments, operand: model.CallSite) -> Value:
        owner = self.analyzer.owner_of(self.context.key)
        receiver_class = self.self_class or owner
        if owner is None or receiver_class is None or self.self_location is None:
            return self._call_unknown(arguments, operand, [], name)
        receiver = Ref(self.self_location)
        key = self.classes.method(receiver_class, name, after=owner)
        if key is not None:
            return self.call_function(FunctionAtom(key, receiver, receiver_class), arguments, operand)
        if name in _INERT_METHODS:
            return NONE
        api = self.catalog.method(Role.MODEL, name)
        if api is not None and self.classes.hierarchy(receiver_class).is_module:
            return self._apply(api, of_atom(receiver), arguments, operand)
        return self._call_unknown(arguments, operand, [of_atom(receiver)], name, receiver=receiver)

    def _call_method(
        self,
        ref: Ref,
        name: str,
        arguments: Arguments,
        operand: model.CallSite,
        func: model.Attribute | None = None,
    ) -> Value:
        if ref.location in self.state.shares and (shared := method_of_share(self, ref, name, operand)) is not None:
            return shared
        held = self.object_at(ref.location)
        assigned = self.state.fields.get(ref.location, name)
        if name in ("forward", "__call__") and held is not None and held.role in MODULE_ROLES:
            return self.forward(ref, arguments, operand)
        if held is not None and held.model is not None:
            key = self.classes.method(held.model, name)
            if key is not None:
                function = self.program.function(key)
                if not function.decorators:
                    return self.call_function(FunctionAtom(key, ref, held.model), arguments, operand)
                if func is not None:
                    return self._call_any(self._method(ref, held.model, key, func), arguments, operand)
        if name == "_asdict" and held is not None and held.model is not None:
            return attributes_of([of_atom(ref)])
        # `model.eval = model.eval` leaves the method what it was.
        is_own = assigned is None or any(_is_method_of(ref, name, atom) for atom in assigned.atoms)
        if assigned is not None and len(assigned.atoms) != 0 and not is_own:
            return self._call_any(assigned, arguments, operand)
        content = self.state.items.get(ref.location)
        if content is None and name in ("update", "setdefault") and self._may_be_dict(ref, held):
            content = self._given_dict(ref, name, arguments)
        if content is None and name in ("append", "extend", "insert") and self._is_own_list(ref, held):
            content = Items("delta")
        if content is None and name in ("add", "pop"):
            chain_of_given(self, ref, held, arguments)
        if content is not None:
            found = container_method(self, ref, content, name, arguments, operand)
            if found is not None:
                return found
        api = self._method_row(ref, held, name, arguments)
        if api is not None:
            return self._apply(api, of_atom(ref), arguments, operand)
        if name in ("forward", "__call__") and (held is None or held.role in MODULE_ROLES):
            return self.forward(ref, arguments, operand)
        unwrapped = self._unwrapped(ref, name)
        if unwrapped is not None:  # `model.module(x)`
            return self._call_object(unwrapped, arguments, operand)
        if held is not None and held.model is not None:
            # An attribute that holds something callable: self.model(x), self.criterion(x).
            hierarchy = self.classes.hierarchy(held.model)
            part = self.state.read_field(ref.location, name)
            is_unseen = not hierarchy.is_complete and not self.analyzer.is_attribute(held.model, name)
            # Calling the attribute would come back to this method for ever.
            is_itself = is_own and self.catalog.evidence(name) is not None
            if is_unseen or is_itself:
                return self._call_unseen_method(ref, name, arguments, operand)
            return self._call_any(part, arguments, operand)
        if held is not None and held.role is not None:
            return self._call_known_object(ref, held, name, arguments, operand)
        if isinstance(root_of(ref.location), Made) and name != "forward":
            return self._call_unseen_method(ref, name, arguments, operand)
        # An attribute of something given: a model called as `self.net(x)`, or a method that is not seen.
        if last_word(name) in MODEL_WORDS or self._used_as_model(Field(ref.location, name)):
            return self._call_any(self.state.read_field(ref.location, name), arguments, operand)
        return self._call_unseen_method(ref, name, arguments, operand)

    def _may_be_dict(self, ref: Ref, held: Object | None) -> bool:
        """Whether an object that is not seen may be a dict: a loaded one, or one that the caller gave."""
        if held is not None and (held.model is not None or held.role not in (None, Role.LOAD)):
            return False
        is_loaded = held is not None and held.role is Role.LOAD
        return is_loaded or not isinstance(root_of(ref.location), Made)

    def _is_own_list(self, ref: Ref, held: Object | None) -> bool:
        """Whether an object is an attribute of the model this is a method of, which another method made."""
        if held is not None or self.self_class is None or not isinstance(ref.location, Field):
            return False
        return ref.location.base == self.self_location and self.classes.hierarchy(self.self_class).is_module

    def _given_dict(self, ref: Ref, name: str, arguments: Arguments) -> Items | None:
        """What is known of it, when the arguments are those of a dict's method; else it may hold anything."""
        given = [self.state.items.get(a.location) for v in arguments.positional for a in v.refs()]
        if name == "setdefault" or (not arguments.open and len(given) == len(arguments.positional) and all(given)):
            return Items("delta")
        self.state.items[ref.location] = Items("delta", open=True)
        return None

    def _used_as_model(self, location: Field) -> bool:
        return self.analyzer.use_of(self, location) in MODULE_ROLES

    def _method_row(self, ref: Ref, held: Object | None, name: str, arguments: Arguments) -> Api | None:
        if held is not None and held.role is not None:
            owner = held.api.name if held.api is not None else ""
            return self.catalog.method(held.role, name, owner)
        role = self.catalog.evidence(name)
        if role is not None:
            return self.catalog.method(role, name)
        used = self.analyzer.use_of(self, ref.location)
        if used is not None:
            return self.catalog.method(used, name)
        shown = self._shown_row(name, arguments) if held is None or held.model is None else None
        if shown is not None:
            return shown
        rows = self.catalog.methods(name)
        roles = {row.role for row in rows}
        if len(roles) == 1 and roles <= _TELLING:
            return rows[0]
        if roles == _FREEZING:
            return next(row for row in rows if row.role is Role.FREEZE)  # Parameter or model, it comes back.
        last = getattr(ref.location, "name", "")
        if last_word(last) in MODEL_WORDS and not arguments.positional[1:] and not arguments.keywords.keys() - {"mode"}:
            # `self.net.train()`: the name of the receiver and the shape of the call agree.
            return self.catalog.method(Role.MODEL, name)
        if last_word(last) in OPTIMIZER_WORDS:
            row = self.catalog.method(Role.OPTIMIZER, name)
            return row if row is not None and row.role is Role.STEP else None
        return None

    def _shown_row(self, name: str, arguments: Arguments) -> Api | None:
        """The row of a method that a keyword argument alone shows to be meant."""
        for row in self.catalog.methods(name) if arguments.keywords else ():
            keywords = row.options.get("shown_by")
            if isinstance(keywords, list) and not arguments.keywords.keys().isdisjoint(keywords):
                return row
        return None

    def _call_known_object(
        self, ref: Ref, held: Object, name: str, arguments: Arguments, operand: model.CallSite
    ) -> Value:
        """A method that has no row, of an object of known role."""
        if held.role is Role.LOAD:
            self._read_by_method(ref, name, arguments, operand)
        if held.role in MODULE_ROLES:
            if words_of(name) & MODE_WORDS:
                self.set_modes(of_atom(ref), UNKNOWN_MODE)
            self._hand_over(arguments, name)
            return derived([of_atom(ref), *arguments.values()])
        if held.role is Role.TENSOR and name in _SAME_TENSOR:
            return of_atom(ref)
        self._hand_over(arguments, name)
        self.taint(ref, derived(arguments.values()))
        return derived([of_atom(ref), *arguments.values()])

    def _read_by_method(self, ref: Ref, name: str, arguments: Arguments, operand: model.CallSite) -> None:
        """`loaded.get("key")` reads a key, `loaded.items()` every one of them."""
        key = arguments.positional[0].constant() if name in _ONE_KEY and arguments.positional else None
        if name in _ONE_KEY or name in _ALL_KEYS:
            read = key.value if key is not None else None
            guarded = name != "pop" or len(arguments.positional) > 1 or self.is_guarded(read)
            self.record(KeyRead(self.site(operand.at), self.within, self.state.tests, of_atom(ref), read, guarded))

    def _call_unseen_method(self, ref: Ref, name: str, arguments: Arguments, operand: model.CallSite) -> Value:
        """A method of an object whose class is not seen: it may do anything to what it holds and is given."""
        root = root_of(ref.location)
        is_part = words_of(name) & MODE_WORDS or not isinstance(root, Made)
        for location in list(self.state.modes):
            if location == ref.location or (is_part and is_below(location, ref.location)):
                self.state.modes[location] = self.state.modes[location] | UNKNOWN_MODE
        if ref.location not in self.state.modes and words_of(name) & MODE_WORDS:
            self.set_modes(of_atom(ref), UNKNOWN_MODE)
        self._hand_over(arguments, name, project=True)
        self.taint(ref, derived(arguments.values()))
        return told_by_method(name, derived([of_atom(ref), *arguments.values()]))

    def _call_method_of_unknown(
        self, receiver: Value, name: str, arguments: Arguments, operand: model.CallSite
    ) -> Value:
        rows = self.catalog.methods(name)
        for row in rows:
            if row.role in (Role.BACKWARD, Role.RESTORE, Role.SNAPSHOT, Role.FIT, Role.FREEZE):
                return self._apply(row, receiver, arguments, operand)
            if row.role is Role.LISTING:
                return self._apply(row, receiver, arguments, operand)
            if row.role is Role.MODE_SWITCH:
                self.set_modes(receiver, UNKNOWN_MODE)
        if words_of(name) & RUNNING_WORDS:
            self.set_modes(receiver, UNKNOWN_MODE)
        self._hand_over(arguments, name, project=not rows and bool(words_of(name) & MODE_WORDS))
        return told_by_method(name, derived([receiver, *arguments.values()]))

    def _text_method(self, atom: Const, name: str, arguments: Arguments, operand: model.CallSite) -> Value:
        if name == "format":
            return of_text((*self.pieces_of(of_atom(atom), ""), (written(operand), True)))
        if name == "join" and arguments.positional:
            return of_text(((written(operand), True),))
        return told_by_method(name, derived(arguments.values()))

    # ---------------------------------------------------------------------------------------- project functions

    def call_function(self, atom: FunctionAtom, arguments: Arguments, operand: model.CallSite) -> Value:
        """A call of a project function: its summary with this call's arguments put in."""
        positional = [*atom.arguments, *arguments.positional]
        keywords = {**dict(atom.keywords), **arguments.keywords}
        return self.analyzer.apply_function(self, atom, Arguments(positional, keywords, arguments.open), operand)

    def _construct(self, key: ClassKey, arguments: Arguments, operand: model.CallSite) -> Value:
        hierarchy = self.classes.hierarchy(key)
        role = Role.MODEL if hierarchy.is_module else None
        api = hierarchy.apis[0] if hierarchy.apis else None
        if api is not None and role is None:
            role = api.role if api.role in _CLASS_ROLES else None
        given = tuple(
            (name, value)
            for name, value in self.analyzer.bound_arguments(key, arguments).items()
            if value.constant() is not None or value.refs()
        )
        ref = self.make(operand.at, held=Object(role, api, key, given))
        if role is Role.DATASET:
            self.taint(ref, derived(arguments.values()))
        self.analyzer.constructed.add(key)
        if api is not None and role is Role.TRAINER:
            seeds_unasked(self, api, operand)
        mode = str(api.options.get("mode", "train")) if api is not None else "train"
        is_unknown = (api is not None and is_symbolic(api)) or (role is Role.MODEL and switches_itself(self, key))
        built = UNKNOWN_MODE if is_unknown else self.built(operand.at, mode)
        if role is Role.MODEL:
            self.state.switch_mode(ref.location, built)
        init = self.classes.method(key, "__init__")
        if init is not None and (role is not Role.MODEL or self._gives_objects(arguments)):
            self.call_function(FunctionAtom(init, ref, key), arguments, operand)
            if role is Role.MODEL:
                self.state.switch_mode(ref.location, built)
        elif init is None:
            for name, value in self.analyzer.declared_fields(key, arguments).items():
                self.state.write_field(ref.location, name, value, True)
            if hierarchy.external and not hierarchy.is_module:
                self._hand_over(arguments, written(operand.func))
        if role is Role.DATASET:
            parts = dataset_parts(self, ref)
            self.record(Built(self.site(operand.at), self.within, self.state.tests, of_atom(ref), role, "", parts))
        return of_atom(ref)

    def _gives_objects(self, arguments: Arguments) -> bool:
        return any(
            self.is_model(r) or not isinstance(r.location, Made) or r.location in self.state.items
            for v in arguments.values()
            for r in v.refs()
        )

    # -------------------------------------------------------------------------------------------------- forward

    def _call_object(self, ref: Ref, arguments: Arguments, operand: model.CallSite) -> Value:
        held = self.object_at(ref.location)
        if held is not None and held.api is not None and "symbolic" in held.api.options:
            symbolic = symbolic_call(self, ref, held, arguments, operand)
            if symbolic is not None:
                return symbolic
        if held is None and isinstance(ref.location, Field) and self.catalog.evidence(ref.location.name) is not None:
            # `getattr(model, "eval")()`, `off = model.eval; off()`.
            return self._call_method(Ref(ref.location.base), ref.location.name, arguments, operand)
        if held is not None and held.model is not None and held.role not in MODULE_ROLES:
            key = self.classes.method(held.model, "__call__")
            if key is not None:
                return self.call_function(FunctionAtom(key, ref, held.model), arguments, operand)
        # What was loaded and is called is a model.
        called = (None, Role.AVERAGE, Role.LOAD)
        if held is None or held.role in called or held.role in MODULE_ROLES:
            return self.forward(ref, arguments, operand)
        if held.role is Role.BACKWARD:
            return differentiated_call(self, held, arguments, operand)
        self._hand_over(arguments, written(operand.func))
        return derived([of_atom(ref), *arguments.values()])

    def forward(self, ref: Ref, arguments: Arguments, operand: model.CallSite, method: str = "") -> Value:
        """A model runs on data."""
        evidence: set[str] = set()
        name = written(operand.func)
        if self.is_model(ref):
            evidence.add("type")
        elif self.analyzer.use_of(self, ref.location) in MODULE_ROLES:
            evidence.add("use")
        elif (
            isinstance(operand.func, model.Name | model.Attribute) and last_word(name.rsplit(".", 1)[-1]) in MODEL_WORDS
        ):
            evidence.add("name")
        elif any(self._is_model_like(v) for v in arguments.values()):
            # A callable given by the caller, called on a model: it may do anything to it.
            self._hand_over(arguments, name, project=True)
        site = self.site(operand.at)
        # A method that is given the weights is given the mode, too.
        modes = UNKNOWN_MODE if method else self.state.mode_of(ref.location)
        own = self.self_location
        if own is not None and root_of(ref.location) == own and self._is_whole(own):
            if ref.location != own:
                # Inside a model all of its parts' calls are one: which part it is makes no difference outside.
                site = self.site(self.function.at)
            ref, evidence = Ref(own), {"type"}
        result = derived([*arguments.values()])
        told(self, ref, arguments, operand, method)
        self.record(
            Forward(
                site,
                self.within,
                self.state.tests,
                of_atom(ref),
                modes,
                tuple(self.loops),
                self.quiet == 0,
                self.is_synthetic(arguments),
                name,
                self.statement,
                self.loop_places[0] if self.loop_places else self.statement,
                evidence=frozenset(evidence),
                inputs=self.expanded(result),
                weights=self.expanded(derived([of_atom(ref)])),
            )
        )
        return Value(frozenset(), True, result.origins | {Ran(site)})

    def _is_model_like(self, value: Value) -> bool:
        return any(self.is_model(r) or self.analyzer.use_of(self, r.location) in MODULE_ROLES for r in value.refs())

    def is_synthetic(self, arguments: Arguments) -> bool:
        """Whether all that a call is given is random, constant or literal."""
        values = arguments.values()
        return bool(values) and all(self._is_synthetic(v) for v in values)

    def _is_synthetic(self, value: Value) -> bool:
        if value.constant() is not None:
            return True
        refs = value.refs()
        if not refs or value.open or len(refs) != len(value.atoms):
            return False
        for ref in refs:
            content = self.state.items.get(ref.location)
            if content is not None and not content.open and content.entries:
                if not all(self._is_synthetic(v) for v in content.values()):
                    return False
                continue
            held = self.object_at(ref.location)
            if held is None or held.role is not Role.TENSOR or held.api is None:
                return False
            if held.api.options.get("values") not in ("random", "constant"):
                return False
        return True

    # ------------------------------------------------------------------------------------------------ libraries

    def call_api(self, name: str, arguments: Arguments, operand: model.CallSite) -> Value:
        """A call of a library function or class."""
        if name.startswith("builtins."):
            found = call_builtin(self, name[len("builtins.") :], arguments, operand)
            if found is not None:
                return found
        if name in _ENDS:
            self.state = self.state.copy()
            self.state.reachable = False
            return NOTHING
        if name == "functools.partial" and arguments.positional:
            return self._partial(arguments)
        api = self.catalog.api(name)
        if api is not None:
            return self._apply(api, None, arguments, operand)
        last = name.rsplit(".", 1)[-1]
        unresolved = name.startswith(UNRESOLVED)
        if unresolved:
            self.not_followed(name, project=True)
        top = name.partition(".")[0]
        is_own = unresolved or not (top == "builtins" or self.catalog.is_known_library(top))
        self._hand_over(arguments, last, project=unresolved, is_own=is_own)
        return told_by_method(last, derived(arguments.values()))

    def _partial(self, arguments: Arguments) -> Value:
        atoms = [
            a._replace(
                arguments=(*a.arguments, *arguments.positional[1:]),
                keywords=(*a.keywords, *arguments.keywords.items()),
            )
            for a in arguments.positional[0].atoms
            if isinstance(a, FunctionAtom)
        ]
        return Value(frozenset(atoms), not atoms)

    def _apply(self, api: Api, receiver: Value | None, arguments: Arguments, operand: model.CallSite) -> Value:
        """What an API of a known role does."""
        bound = api.bind(arguments.positional, arguments.keywords)
        if api.role is Role.HARMLESS:
            self.not_followed(api.name, known=True)
        if "captures_mode" in api.options:
            captured(self, api, bound, operand)
        handler = ROLES.get(api.role)
        if handler is None:
            self._hand_over(arguments, api.name.rsplit(".", 1)[-1])
            return derived([*([receiver] if receiver is not None else []), *arguments.values()])
        return handler(self, api, receiver, bound, arguments, operand)

    def _call_unknown(
        self,
        arguments: Arguments,
        operand: model.CallSite,
        also: list[Value],
        name: str,
        receiver: Ref | None = None,
    ) -> Value:
        if receiver is not None:
            return self._call_unseen_method(receiver, name, arguments, operand)
        self._hand_over(arguments, name, project=True)
        return derived([*also, *arguments.values()])

    def hand_over(self, arguments: Arguments, name: str) -> Value:
        """What a call gives of which only the name is known."""
        self._hand_over(arguments, name)
        return derived(arguments.values())

    def _hand_over(self, arguments: Arguments, name: str, project: bool = False, is_own: bool | None = None) -> None:
        """Arguments go to code that is not seen: containers open, modes rest on an assumption or are unknown.

        `is_own` says that it may be the project's own after all, where its name is that of no library known.
        """
        loses_mode = project or bool(words_of(name) & MODE_WORDS)
        self.not_followed(name)
        for value in arguments.values():
            is_entered = not loses_mode and any(self.is_manager(ref) for ref in value.refs())
            self._let_go(value, loses_mode or is_entered, set())
            self._open(value, name, project if is_own is None else is_own)
            for atom in ordered(value.atoms):
                if isinstance(atom, FunctionAtom) and atom.frame == self.number:
                    self.perhaps_call(atom, derived(v for v in arguments.values() if v is not value))

    def is_manager(self, ref: Ref) -> bool:
        """Whether an object is a context manager that the project defines."""
        held = self.object_at(ref.location)
        if held is None or held.model is None or held.role in MODULE_ROLES:
            return False
        return self.classes.method(held.model, "__enter__") is not None

    def perhaps_call(self, atom: FunctionAtom, given_to: Value = UNKNOWN) -> None:
        """Follow a callable that code which is not seen may call."""
        before = self.state.copy()
        at = self.program.function(atom.key).at
        parameters = self.program.function(atom.key).parameters
        given = Arguments([given_to for p in parameters if p.default is None and p.kind in ("positional", "any")])
        self.call_function(atom, given, model.CallSite(at, model.Name(at, "<callback>"), []))
        self.state = before.join(self.state)

    def _lose_mode(self, location: Location, seen: set[object]) -> None:
        """An object went where its mode, or that of what it holds, may be switched."""
        held = self.object_at(location)
        is_model = held is not None and held.role in MODULE_ROLES
        if is_model:
            self.set_modes(of_atom(Ref(location)), UNKNOWN_MODE)
        elif location in self.state.modes or is_entry_like(location):
            # What hangs on an entry location follows it; what was made here is switched one by one.
            self.state.switch_mode(location, UNKNOWN_MODE)
        for part in self.parts_of(location):
            if part not in seen and not is_model:
                seen.add(part)
                self._lose_mode(part, seen)

    def _let_go(self, value: Value, loses_mode: bool, seen: set[object]) -> None:
        for ref in value.refs():
            location = ref.location
            if location in seen:
                continue
            seen.add(location)
            content = self.state.items.get(location)
            if content is not None:
                if content.kind in ("dict", "delta", CHAIN):
                    self.state.items[location] = content._replace(open=True)
                for inner in content.values():
                    self._let_go(inner, loses_mode, seen)
            held = self.object_at(location)
            if loses_mode:
                self._lose_mode(location, seen)
            elif held is not None and held.role in MODULE_ROLES:
                self.assume(of_atom(ref), "external-callee")

    def _open(self, value: Value, name: str, project: bool) -> None:
        """Loaded values, optimizers and their states that code which is not seen gets hold of."""
        work = [(ref, 0) for ref in value.refs()]
        seen: set[Location] = set()
        while work:
            ref, depth = work.pop()
            if ref.location in seen:
                continue
            seen.add(ref.location)
            held = self.object_at(ref.location)
            if held is not None and held.role in _WATCHED:
                site = self.site(self.statement)
                self.record(Opened(site, self.within, self.state.tests, of_atom(ref), name, project))
            elif depth < 2 and (held is None or held.role not in MODULE_ROLES):
                content = self.state.items.get(ref.location)
                parts = [*(content.values() if content is not None else ())]
                parts.extend(self.state.fields.of(ref.location).values())
                work.extend((part, depth + 1) for value in parts for part in value.refs())


def is_entry_like(location: object) -> bool:
    """Whether a location may hold a model that the caller gave."""
    return isinstance(location, Parameter | Field | Cell) or getattr(location, "kind", "") == "global"


_WATCHED = frozenset({Role.LOAD, Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER, Role.SNAPSHOT})
"""Roles of what facts want to know it is handed to code that is not seen."""
_ENDS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort"})
"""Calls that do not come back."""
_TELLING = frozenset({Role.SNAPSHOT, Role.RESTORE, Role.BACKWARD, Role.LISTING})
_FREEZING = frozenset({Role.FREEZE, Role.IDENTITY})
_SAME_TENSOR = frozenset(
    ("to cuda cpu float half double unsqueeze squeeze view reshape requires_grad_ contiguous").split()
)
_ONE_KEY = frozenset({"get", "pop", "setdefault"})
_ALL_KEYS = frozenset({"items", "values", "popitem"})
_INERT_METHODS = frozenset({"__init__", "__init_subclass__", "__setattr__", "__enter__", "__exit__", "__del__"})
_CLASS_ROLES = frozenset(
    {Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER, Role.AVERAGE, Role.LOADER, Role.DATASET, Role.TRAINER}
)


def _is_method_of(ref: Ref, name: str, atom: Atom) -> bool:
    """Whether what an attribute holds is the object's own method of that name."""
    if isinstance(atom, MethodAtom):
        return atom.receiver == ref and atom.name == name
    return atom == Ref(Field(ref.location, name))
