"""What a function goes on to do with something it shuffled or divided, as far as its text says."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.facts.vocabulary import EVALUATION_DATA_WORDS
from ckptlint.flow.events import Drew
from ckptlint.flow.program import statements_of
from ckptlint.flow.unseen import unseen_call
from ckptlint.flow.written import last_word, operands_of, root_name, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Statement

_WRITERS = frozenset(
    ("to_csv to_parquet to_json to_pickle to_feather to_excel to_hdf save savez savetxt savez_compressed").split()
    + ("dump dumps save_to_disk write writelines writerows write_text").split()
)

_CONTAINERS = frozenset("list tuple set sorted dict array asarray frame series concat concatenate stack tensor".split())
"""Last words of callees that give what they are given in another container."""


class Division(Enum):
    """How something shuffled is divided afterwards."""

    NONE = "not at all"
    PLAIN = "into two parts"
    NAMED = "into two parts, one of them named for evaluation"


def function_of(facts: Facts, event: Drew) -> Function:
    """The function that draws."""
    return facts.program.function(event.within[-1])


def passes_seed_by(facts: Facts, event: Drew) -> bool:
    """Whether the function is given a seed and leaves it unused: that is the fault then."""
    function = function_of(facts, event)
    read = {part.id for part in _names(function.body)}
    for parameter in function.parameters:
        found = unseen_call(parameter.name, False)
        if (found is not None and found.kind == "seeding") and parameter.name not in read:
            return True
    return False


def is_written_out(facts: Facts, event: Drew) -> bool:
    """Whether the parts are written to files: then the files fix them."""
    names = _with_derived(facts, event)
    for call in _calls(function_of(facts, event).body):
        func = call.func
        if not isinstance(func, model.Attribute) or func.name not in _WRITERS:
            continue
        if root_name(func.value) in names or any(_is_made_of(a.value, names) for a in call.args):
            return True
    return False


def division_of(facts: Facts, event: Drew) -> Division:
    """Whether what was shuffled is cut into two parts that fit together."""
    function = function_of(facts, event)
    names = _with_derived(facts, event)
    uppers: dict[tuple[str, str], list[Statement]] = {}
    lowers: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, model.Index) and len(part.items) == 1 and isinstance(part.items[0], model.Slice):
                    cut, base = part.items[0], written(part.value)
                    if cut.step is not None or root_name(part.value) not in names:
                        continue
                    if cut.upper is not None:
                        uppers.setdefault((base, written(cut.upper)), []).append(statement)
                    if cut.lower is not None:
                        lowers.setdefault((base, written(cut.lower)), []).append(statement)
                elif _is_rest(part, names):
                    uppers.setdefault(("", ""), []).append(statement)
                    lowers.setdefault(("", ""), []).append(statement)
    found = Division.NONE
    for key in uppers.keys() & lowers.keys():
        found = Division.PLAIN if found is Division.NONE else found
        if any(_says_evaluation(statement) for statement in (*uppers[key], *lowers[key])):
            return Division.NAMED
    return found


def _is_rest(part: Operand, names: set[str]) -> bool:
    """`df.drop(train.index)`: what a sample leaves."""
    if not isinstance(part, model.CallSite) or not isinstance(part.func, model.Attribute) or part.func.name != "drop":
        return False
    return any(
        isinstance(a.value, model.Attribute) and a.value.name == "index" and root_name(a.value) in names
        for a in part.args
    )


def _says_evaluation(statement: Statement) -> bool:
    texts = [written(t) for t in statement.targets] if isinstance(statement, model.Bind) else []
    texts += [
        written(call.func) for top in operands_of(statement) for call in walk(top) if isinstance(call, model.CallSite)
    ]
    return any(words_of(text) & EVALUATION_DATA_WORDS for text in texts)


def bound_names(statement: Statement | None) -> list[str]:
    """The names that a statement binds, in order."""
    found: list[str] = []
    work: list[Operand] = []
    if isinstance(statement, model.Bind):
        work = list(statement.targets)
    elif isinstance(statement, model.Loop) and statement.target is not None:
        work = [statement.target]
    while work:
        target = work.pop(0)
        if isinstance(target, model.Sequence):
            work[:0] = target.items
        elif isinstance(target, model.Star):
            work.insert(0, target.value)
        else:
            found.append(written(target))
    return found


def _with_derived(facts: Facts, event: Drew) -> set[str]:
    """What holds the result of a draw, or items chosen by it."""
    path, at = event.site.base
    statement = statement_at(facts.program, path, at)
    names = {name for name in bound_names(statement) if name.isidentifier()}
    if isinstance(statement, model.Evaluate):
        call = call_at(facts.program, path, at)
        names |= {a.value.id for a in call.args if isinstance(a.value, model.Name)} if call is not None else set()
    for later in statements_of(function_of(facts, event).body):
        if later.at <= at:
            continue
        if isinstance(later, model.Loop) and names & set(_roots(later.iter)):
            names |= {name for name in bound_names(later) if name.isidentifier()}
        elif isinstance(later, model.Bind) and later.value is not None:
            if _is_made_of(later.value, names):
                names |= {name for name in bound_names(later) if name.isidentifier()}
            for target in later.targets:
                if isinstance(target, model.Index) and any(names & set(_roots(item)) for item in target.items):
                    names |= {root for root in [root_name(target)] if root is not None}
    return names


def _is_made_of(value: Operand, names: set[str]) -> bool:
    """Whether a value holds items of one of some names, or items chosen by one."""
    if isinstance(value, model.Name):
        return value.id in names
    if isinstance(value, model.Attribute):
        return _is_made_of(value.value, names)
    if isinstance(value, model.Index):
        return _is_made_of(value.value, names) or any(names & set(_roots(item)) for item in value.items)
    if isinstance(value, model.CallSite):
        if isinstance(value.func, model.Attribute) and _is_made_of(value.func.value, names):
            return True
        return last_word(written(value.func)) in _CONTAINERS and any(_is_made_of(a.value, names) for a in value.args)
    if isinstance(value, model.Comprehension):
        return any(_is_made_of(g.iter, names) for g in value.generators)
    if isinstance(value, model.Sequence):
        return any(_is_made_of(item, names) for item in value.items)
    if isinstance(value, model.Mapping):
        return any(_is_made_of(item.value, names) for item in value.items)
    return False


def _roots(operand: Operand) -> Iterator[str]:
    for part in walk(operand):
        if isinstance(part, model.Name):
            yield part.id


def _names(body: list[Statement]) -> Iterator[model.Name]:
    for statement in statements_of(body):
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, model.Name):
                    yield part


def _calls(body: list[Statement]) -> Iterator[model.CallSite]:
    for statement in statements_of(body):
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, model.CallSite):
                    yield part
