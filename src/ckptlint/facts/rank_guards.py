"""Whether what leads to a place lets only one of several processes come there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from ckptlint.facts.evaluations import Step, calls_to
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts
from ckptlint.facts.tests_before import Passed, tests_before
from ckptlint.flow.domain import ApiAtom, FunctionAtom, FunctionKey
from ckptlint.flow.events import Event
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Statement

RANK = re.compile(
    r"rank|master|primary|chief|leader|coordinator|global_?zero|local_?zero|world_?size|is_?main|is_?first|first_worker"
    r"|main_?proc|\bmain\b|proc(?:ess)?_?(?:id|index|idx|num|count)|num_proc|local_?process|logging_process|head_node"
    r"|(?:gpu|device|node|worker|local|cuda|proc|card)[\w.()\[\]'\"]*\s*(?:==|<=|!=|>|<|%| in | not in | is )"
    r"|should_save|is_saver",
    re.IGNORECASE,
)
"""Text of a test, or of what a name holds, that may tell one process from the others."""
TOGETHER = re.compile(r"distribut|ddp|parallel|multi|\bdist\b|n_?gpus?\b|num_gpus?|\bis_initialized", re.IGNORECASE)
"""Text that tells a program of several processes from one that runs alone."""
WRAPPER = re.compile(r"(?:^|\.)(?:\w*DataParallel|DDP|DP)$")
"""Classes that a model is wrapped in to run in parallel."""
TOGETHER_WRAPPER = re.compile(r"Distributed|DDP")
"""Those of them that run in several processes."""
MAX_NAMES = 3
"""Names followed from a test to what they hold."""


class RankGuards:
    """Answers for one project; what names hold is looked up once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._attributes: dict[str, bool] = {}
        self._classes: dict[str, bool] = {}

    def guards(self, event: Event, joined: Event) -> bool | None:
        """Whether only one process comes to an event; None when something that is not seen may decide it.

        `joined` is where the processes come together: what leads there, too, keeps none of them away.
        """
        program = self.facts.program
        steps = (*calls_to(event.site), event.site.base)
        functions = [program.function(key) for key in event.within]
        if len(steps) != len(functions):
            return None  # Of a longer way the calls between are not known.
        is_open = False
        for function, key in zip(functions, event.within, strict=True):
            if any(RANK.search(written(decorator)) for decorator in function.decorators):
                return True
            if function.model is not None and self._is_built_by_one(key):
                return True
        for depth, (_, at) in enumerate(steps):
            function = functions[depth]
            if is_handed_on(self.facts, event, depth):
                continue
            tests = tests_before(function.body, at)
            if tests is None:
                is_open = True  # A lambda's body or the like: what stands around it is not known.
                continue
            shared = _passed_by_all(function, steps, (*calls_to(joined.site), joined.site.base), depth)
            for passed in tests:
                if (passed.test.at, passed.side) in shared:
                    continue
                found = self._is_guard(passed, event.within, steps, depth)
                if found:
                    return True
                is_open |= found is None
        call = call_at(program, *event.site.base)
        if call is not None and any(RANK.search(f"{a.keyword or ''} {written(a.value)}") for a in call.args):
            return True  # `save_pretrained(…, is_main_process=…)`
        return None if is_open else False

    def holds_rank(self, operand: Operand, event: Event) -> bool:
        """Whether a value that stands in the call of an event may differ between processes."""
        steps = (*calls_to(event.site), event.site.base)
        return any(
            self._tells(part, event.within, steps, len(event.within) - 1, 0)
            for part in walk(operand)
            if isinstance(part, model.Name | model.Attribute | model.CallSite)
        )

    def _is_guard(
        self, passed: Passed, within: tuple[FunctionKey, ...], steps: tuple[Step, ...], depth: int
    ) -> bool | None:
        is_among_several = asks_for_wrapper(passed.test)
        if is_among_several is not None and passed.side is not None:
            return passed.side is not is_among_several  # Every process comes to one side, and no other to the other.
        text = written(passed.test)
        if RANK.search(text):
            return True
        if TOGETHER.search(text):
            # Where the program runs alone there is one process; `if args.distributed:` leaves them all.
            is_plain = isinstance(passed.test, model.Name | model.Attribute) and passed.side is True
            return not is_plain
        is_open = False
        owners = {id(part.value) for part in walk(passed.test) if self._is_seen_set(part)}
        for part in walk(passed.test):
            if isinstance(part, model.Name | model.Attribute):
                if id(part) not in owners and self._tells(part, within, steps, depth, 0):
                    return True
            elif isinstance(part, model.CallSite):
                found = self._call_tells(part, within[depth])
                if found:
                    return True
                is_open |= found is None
            elif isinstance(part, model.Comprehension | model.Format):
                continue
        return None if is_open else False

    def _call_tells(self, call: model.CallSite, key: FunctionKey) -> bool | None:
        """Whether a function that a test calls asks for the rank; None when it is not seen."""
        program = self.facts.program
        atom = program.resolve(key.path, call.func)
        if isinstance(atom, FunctionAtom):
            return bool(RANK.search(" ".join(program.function(atom.key).mentions)))
        if isinstance(atom, ApiAtom):
            return None if atom.name.startswith("?") else False
        return False  # A method: its name was looked at.

    def _tells(
        self, part: Operand, within: tuple[FunctionKey, ...], steps: tuple[Step, ...], depth: int, followed: int
    ) -> bool:
        """Whether what a name or attribute holds may differ between processes."""
        if RANK.search(written(part)):
            return True
        if followed >= MAX_NAMES:
            return False
        if isinstance(part, model.Attribute):
            return self._attribute_tells(part.name)
        if not isinstance(part, model.Name):
            return False
        function = self.facts.program.function(within[depth])
        if self._is_told_in(function, part.id):
            return True
        if any(p.name == part.id for p in function.parameters):
            return depth > 0 and self._argument_tells(part.id, within, steps, depth, followed)
        if part.id not in function.bound:
            record = self.facts.program.record(within[depth].path)
            return record is not None and self._is_told_in(record.module_body, part.id)
        return False

    def _argument_tells(
        self, name: str, within: tuple[FunctionKey, ...], steps: tuple[Step, ...], depth: int, followed: int
    ) -> bool:
        path, at = steps[depth - 1]
        call = call_at(self.facts.program, path, at)
        given = _argument(self.facts.program.function(within[depth]), call, name) if call is not None else None
        if given is None:
            return False
        return any(
            self._tells(part, within, steps, depth - 1, followed + 1)
            for part in walk(given)
            if isinstance(part, model.Name | model.Attribute | model.CallSite | model.Compare)
        )

    def _is_told_in(self, function: Function, name: str) -> bool:
        """Whether a function assigns a name something of the rank, or for some ranks only."""
        for statement in statements_of(function.body):
            if any(name in _names(target) for target in _targets(statement)) and self._is_told(function, statement):
                return True
        return False

    def _is_told(self, function: Function, statement: Statement) -> bool:
        if any(RANK.search(_text(operand)) for operand in operands_of(statement)):
            return True
        return any(RANK.search(written(p.test)) for p in tests_before(function.body, statement.at) or ())

    def _attribute_tells(self, name: str) -> bool:
        found = self._attributes.get(name)
        if found is None:
            found = self._attributes[name] = self._looked_up(name)
        return found

    def _is_seen_set(self, part: Operand) -> TypeGuard[model.Attribute]:
        """Whether the program sets an attribute of this name, so that what sets it tells more than its object."""
        return isinstance(part, model.Attribute) and any(
            isinstance(target, model.Attribute) and target.name == part.name
            for record in self.facts.program.loaded()
            for function in record.functions
            if part.name in function.mentions
            for statement in statements_of(function.body)
            for target in _targets(statement)
        )

    def _looked_up(self, name: str) -> bool:
        """Whether some function of the program sets this attribute by rank."""
        for record in self.facts.program.loaded():
            for function in record.functions:
                if name not in function.mentions:
                    continue
                for statement in statements_of(function.body):
                    is_set = any(isinstance(t, model.Attribute) and t.name == name for t in _targets(statement))
                    if not is_set and self._is_rank_of(name, statement):
                        return True
                    is_given = any(
                        argument.keyword == name and RANK.search(_text(argument.value))
                        for operand in operands_of(statement)
                        for call in walk(operand)
                        if isinstance(call, model.CallSite)
                        for argument in call.args
                    )
                    if is_given or (is_set and self._is_told(function, statement)):
                        return True
        return False

    def _is_rank_of(self, name: str, statement: Statement) -> bool:
        """Whether a rank is computed from an attribute: `rank = args.node * args.per_node + local`."""
        values = [
            argument.value
            for operand in operands_of(statement)
            for call in walk(operand)
            if isinstance(call, model.CallSite)
            for argument in call.args
            if argument.keyword is not None and RANK.search(argument.keyword)
        ]
        if isinstance(statement, model.Bind) and any(RANK.search(_text(t)) for t in statement.targets):
            values += [statement.value] if statement.value is not None else []
        return any(
            isinstance(part, model.Attribute) and part.name == name
            for value in values
            if isinstance(value, model.Binary)
            for part in walk(value)
        )

    def _is_built_by_one(self, key: FunctionKey) -> bool:
        """Whether objects of a method's class are made by one process only."""
        program = self.facts.program
        function = program.function(key)
        record = program.record(key.path)
        if record is None or function.model is None:
            return False
        name = record.classes[function.model].name
        found = self._classes.get(name)
        if found is None:
            found = self._classes[name] = any(self._builds_by_rank(f, name) for f in self._mentioning(name))
        return found

    def _mentioning(self, name: str) -> Iterator[Function]:
        for record in self.facts.program.loaded():
            yield from (f for f in record.functions if name in f.mentions)

    def _builds_by_rank(self, function: Function, name: str) -> bool:
        for statement in statements_of(function.body):
            for operand in operands_of(statement):
                for call in walk(operand):
                    if isinstance(call, model.CallSite) and written(call.func).rpartition(".")[2] == name:
                        tests = tests_before(function.body, call.at) or ()
                        if any(RANK.search(written(p.test)) for p in tests):
                            return True
        return False


def asks_for_wrapper(test: Operand) -> bool | None:
    """Whether a test whether a model is wrapped holds in a program of several processes; None when it is none."""
    if not isinstance(test, model.CallSite) or len(test.args) != 2:
        return None
    asked, given = written(test.func), test.args[1].value
    if asked == "hasattr":
        return True if isinstance(given, model.Literal) and given.value == "module" else None
    if asked != "isinstance":
        return None
    classes = [written(c) for c in (given.items if isinstance(given, model.Sequence) else [given])]
    if not classes or not all(WRAPPER.search(name) for name in classes):
        return None
    return any(TOGETHER_WRAPPER.search(name) for name in classes)


def _passed_by_all(
    function: Function, steps: tuple[Step, ...], joined: tuple[Step, ...], depth: int
) -> set[tuple[model.Place, bool | None]]:
    """The tests of a function that every process passes on its way to where they come together."""
    if steps[:depth] != joined[:depth] or depth >= len(joined):
        return set()
    return {(passed.test.at, passed.side) for passed in tests_before(function.body, joined[depth][1]) or ()}


def is_handed_on(facts: Facts, event: Event, depth: int) -> bool:
    """Whether the step from a function on the way to an event is no call: the next one is handed to be called."""
    steps = calls_to(event.site)
    inner = event.within[depth + 1 : depth + 2]
    return bool(inner) and depth < len(steps) and facts.program.function(inner[0]).at == steps[depth][1]


def _argument(function: Function, call: model.CallSite, name: str) -> Operand | None:
    """What a call gives for a parameter."""
    names = [p.name for p in function.parameters if p.kind in ("positional", "any")]
    for argument in call.args:
        if argument.keyword == name:
            return argument.value
    if name not in names or any(a.star for a in call.args):
        return None
    is_bound = function.model is not None and names[:1] in (["self"], ["cls"])
    index = names.index(name) - is_bound
    positional = [a.value for a in call.args if a.keyword is None]
    return positional[index] if 0 <= index < len(positional) else None


def _targets(statement: Statement) -> Iterable[Operand]:
    if isinstance(statement, model.Bind):
        return statement.targets
    if isinstance(statement, model.Augment):
        return (statement.target,)
    if isinstance(statement, model.Loop) and statement.target is not None:
        return (statement.target,)
    return ()


def _names(target: Operand) -> set[str]:
    if isinstance(target, model.Name):
        return {target.id}
    if isinstance(target, model.Sequence):
        return {name for item in target.items for name in _names(item)}
    return {target.value.id} if isinstance(target, model.Star) and isinstance(target.value, model.Name) else set()


def _text(operand: Operand) -> str:
    """The text of an operand and of the parts that `written` shortens."""
    return " ".join(written(part) for part in walk(operand))
