"""Overrides of the methods that switch the mode which do not switch what the model is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import methods_of, module_classes_where, name_of_class, registers_attributes_only
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import REFERENCE_WORDS, TRAINING_ONLY_WORDS
from ckptlint.flow.domain import ClassKey, FunctionKey, Site
from ckptlint.flow.events import Switched
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import last_word, operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Record

SWITCHES = frozenset({"train", "eval"})
REACHING = frozenset("children named_children modules named_modules _modules apply __dict__ getattr setattr".split())
"""Names that say a method goes to the model's parts by itself."""
FREEZING = frozenset("requires_grad requires_grad_ freeze freezing eval".split())
"""Names that say, elsewhere in a class, that its mode is fixed on purpose."""
FREEZING_WORDS = REFERENCE_WORDS | frozenset("freeze frozen freezing pretrained wrapper".split())
TRAINING_CALLS = frozenset("backward step zero_grad fit epoch epochs optimizer loader dataloader".split())
"""Names that say a method is a whole training or evaluation."""
MODE_WORDS = frozenset("mode training".split())
"""Words of a parameter that is the mode."""
ROUTINE_WORDS = frozenset(
    (
        "epoch epochs loader dataloader data dataset x y batch batches optimizer optim steps iterations criterion loss "
        "config args lr env path dir device num n"
    ).split()
)
"""Words of parameters that no mode is given by."""
MAX_CALLS = 3
"""Own methods followed from an override, one from another."""


@dataclass(frozen=True, slots=True)
class ModeOverride:
    """A method of a model that takes the place of the framework's own switch, and does not do its work."""

    model: str
    method: FunctionKey
    name: str
    """"train" or "eval"."""
    fault: str
    """"parts": the parts are not reached; "default": always train mode; "routine": it trains; "result": gives None."""
    layer: str
    """A part whose mode goes wrong."""
    is_seen: bool
    """Such a part is known to be there, or the result to be used."""
    is_partial: bool
    """The override puts some parts into eval mode itself."""
    used: Site | None
    """A place that calls `eval()` and relies on it."""


@derives(ModeOverride)
def mode_overrides(facts: Facts) -> Iterator[ModeOverride]:
    """Every such method, once."""
    for record, key in module_classes_where(facts, _OVERRIDES.search):
        methods = facts.program.class_model(key).methods
        if SWITCHES.isdisjoint(methods) or not registers_attributes_only(facts, key):
            continue
        for name in sorted(SWITCHES & methods.keys()):
            found = _Override(facts, key, record, name).judged()
            if found is not None:
                yield found


_OVERRIDES = re.compile(rb"def (?:train|eval)\(")


class _Override:
    def __init__(self, facts: Facts, key: ClassKey, record: Record, name: str) -> None:
        self.facts = facts
        self.key = key
        self.name = name
        number = facts.program.class_model(key).methods[name]
        self.method = FunctionKey(key.path, number)
        self.function = record.functions[number]
        self.receiver = self.function.parameters[0].name if self.function.parameters else ""

    def judged(self) -> ModeOverride | None:
        if not self.receiver or self.function.decorators or self.function.is_generator:
            return None
        if self.name == "train" and self.facts.analyzer.classes.method(self.key, "eval") is not None:
            return None  # What `eval()` does is its own business then.
        if any(isinstance(s, model.Raise) for s in statements_of(self.function.body)):
            return None
        is_handed_on = self._hands_on(self.function, MAX_CALLS)
        if is_handed_on is None:
            return None
        if self.name == "train" and not self._takes_mode():
            uses = self._uses()
            if is_handed_on or self._is_meant() or not uses:
                return None
            return self._found("routine", "", True, uses[0])
        if is_handed_on:
            return self._default() or self._result()
        if self._is_routine() or self._is_meant():
            return None
        trait = self.facts.modules.of_class(self.key, "sensitive")
        if trait.holds is False:
            return None
        is_seen = trait.holds is True and trait.at is not None and not trait.is_mild and trait.layer != _OWN_FLAG
        return self._found("parts", trait.layer if is_seen else "", is_seen, None)

    def _found(self, fault: str, layer: str, is_seen: bool, used: Site | None) -> ModeOverride:
        name = name_of_class(self.facts, self.key)
        return ModeOverride(name, self.method, self.name, fault, layer, is_seen, "eval" in self.function.mentions, used)

    # ----------------------------------------------------------------------------------------------- what it does

    def _hands_on(self, function: Function, depth: int) -> bool | None:
        """Whether it switches anything but itself; None when it calls what is not seen with itself."""
        if function.mentions & REACHING:
            return True
        answer: bool | None = False
        for part in _operands(function):
            if isinstance(part, model.Attribute) and part.name == "training" and not self._is_self(part.value):
                return True
            if not isinstance(part, model.CallSite):
                continue
            if any(root_is(argument.value, self.receiver) for argument in part.args) and not _is_super(part):
                return True
            if not isinstance(part.func, model.Attribute):
                continue
            if part.func.name in SWITCHES:
                if not (self._is_self(part.func.value) and part.func.name == self.name):
                    return True
            elif self._is_self(part.func.value):
                inner = self.facts.analyzer.classes.method(self.key, part.func.name)
                if inner is None or not depth:
                    known = self.facts.program.catalog.method(Role.MODEL, part.func.name)
                    answer = answer if known is not None and inner is None else None
                elif self._hands_on(self.facts.program.function(inner), depth - 1) is not False:
                    return True
        return answer

    def _default(self) -> ModeOverride | None:
        """`super().train()` without the mode, whatever the caller asked for."""
        if self.name != "train" or not self._takes_mode():
            return None
        own = self.function.parameters[1].name
        parts = list(_operands(self.function))
        if self.function.parameters[1].kind == "args":
            return None
        if any(isinstance(part, model.Name) and part.id == own for part in parts):
            return None
        calls = [p for p in parts if isinstance(p, model.CallSite)]
        switches = [c for c in calls if isinstance(c.func, model.Attribute) and c.func.name == "train"]
        evals = [c.func.value for c in calls if isinstance(c.func, model.Attribute) and c.func.name == "eval"]
        if not switches or any(self._is_self(held) or _is_super(held) for held in evals):
            return None
        if self.function.mentions & REACHING and "isinstance" not in self.function.mentions:
            return None
        if any(c.args or not isinstance(c.func, model.Attribute) or not _is_super(c.func.value) for c in switches):
            return None
        if any(isinstance(p, model.Attribute) and p.name == "training" for p in parts) or self._is_meant():
            return None
        trait = self.facts.modules.of_class(self.key, "sensitive")
        if trait.holds is False:
            return None
        return self._found("default", trait.layer, trait.holds is True, None)

    def _result(self) -> ModeOverride | None:
        """It gives nothing back, where the framework's own gives the model."""
        returns = [s for s in statements_of(self.function.body) if isinstance(s, model.Return)]
        if any(s.value is not None and not _is_none(s.value) for s in returns):
            return None
        used = next((site for site in self._uses() if self._relies_on(site)), None)
        return self._found("result", "", used is not None, used)

    # -------------------------------------------------------------------------------------------- what is meant

    def _takes_mode(self) -> bool:
        """Whether one argument, the mode, is all it needs."""
        others = [p for p in self.function.parameters[1:] if p.kind != "kwargs"]
        if not others or any(p.default is None and p.kind not in ("args",) for p in others[1:]):
            return False
        first = others[0]
        if first.kind == "args":
            return True
        if first.kind != "keyword" and words_of(first.name) & MODE_WORDS:
            return True
        return first.kind != "keyword" and not words_of(first.name) & ROUTINE_WORDS and not self._is_routine()

    def _is_routine(self) -> bool:
        function = self.function
        if function.mentions & TRAINING_CALLS:
            return True
        if self.name == "eval" and len(function.parameters) > 1:
            return True
        returned = [
            s.value for s in statements_of(function.body) if isinstance(s, model.Return) and s.value is not None
        ]
        is_own = all(self._is_self(value) or _is_none(value) for value in returned)
        return not is_own or any(isinstance(s, model.Loop) for s in statements_of(function.body))

    def _is_meant(self) -> bool:
        """Whether the class says that its parts are to stay as they are."""
        if words_of(name_of_class(self.facts, self.key)) & FREEZING_WORDS:
            return True
        if last_word(name_of_class(self.facts, self.key)) in TRAINING_ONLY_WORDS:
            return True
        for method in methods_of(self.facts, self.key):
            function = self.facts.program.function(method)
            if function.name in SWITCHES:
                continue
            if function.mentions & FREEZING or words_of(function.name) & FREEZING_WORDS:
                return True
        return False

    # ------------------------------------------------------------------------------------------------ where it is used

    def _uses(self) -> list[Site]:
        """Calls of `eval()` on instances of the class, or of those below it that inherit the method."""
        found: dict[Site, None] = {}
        for run in self.facts.runs:
            for event in run.events:
                if not isinstance(event, Switched) or event.mode != "eval":
                    continue
                for _, held in run.objects(event.operand):
                    if held is not None and held.model is not None and self._is_method_of(held.model):
                        found.setdefault(Site(event.site.path, event.site.at))
        return [site for site in found if self._calls_eval(site)]

    def _is_method_of(self, key: ClassKey) -> bool:
        return self.facts.analyzer.classes.method(key, self.name) == self.method

    def _calls_eval(self, site: Site) -> bool:
        call = call_at(self.facts.program, site.path, site.at)
        return call is not None and isinstance(call.func, model.Attribute) and call.func.name == "eval"

    def _relies_on(self, site: Site) -> bool:
        statement = statement_at(self.facts.program, site.path, site.at)
        if statement is None or isinstance(statement, model.Return):
            return False
        return not (isinstance(statement, model.Evaluate) and statement.value.at == site.at)

    def _is_self(self, operand: Operand) -> bool:
        return isinstance(operand, model.Name) and operand.id == self.receiver


_OWN_FLAG = "self.training"


def root_is(operand: Operand, name: str) -> bool:
    """Whether an operand is a name, or an attribute or item of what it holds."""
    while isinstance(operand, model.Attribute | model.Index | model.Star):
        operand = operand.value
    return isinstance(operand, model.Name) and operand.id == name


def _operands(function: Function) -> Iterator[Operand]:
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            yield from walk(top)


def _is_super(operand: Operand) -> bool:
    return isinstance(operand, model.CallSite) and written(operand.func) == "super"


def _is_none(operand: Operand) -> bool:
    return isinstance(operand, model.Literal) and operand.value is None
