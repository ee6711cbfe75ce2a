"""Parts that the code which makes a model puts into eval mode, for as long as nothing switches the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Function

_OWN = "self."


def made_off(analyzer: Analyzer, key: ClassKey) -> frozenset[str]:
    """Attributes (`self.net`) that a constructor, or a method that it calls, switches to eval mode."""
    found: set[str] = set()
    back: set[str] = set()
    seen: set[str] = set()
    left = [(base, "__init__") for base in analyzer.classes.hierarchy(key).order]
    while left:
        base, name = left.pop()
        record = analyzer.program.record(base.path)
        index = record.classes[base.number].methods.get(name) if record is not None else None
        if record is None or index is None:
            continue
        function = record.functions[index]
        on, off = _switches(function)
        found |= {part for part in off if part.startswith(_OWN)}
        back |= on
        called = set(function.calls) - seen
        seen |= called
        left.extend((other, name) for name in called for other in analyzer.classes.hierarchy(key).order)
    return frozenset(found - back)


def makers_of(function: Function, off: frozenset[str]) -> frozenset[str]:
    """Methods of its own that a constructor calls for nothing but parts that it switches to eval mode."""
    makers: set[str] = set()
    others: set[str] = set()
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
                    called = _named(operand.func, function)
                    if called is not None and called.startswith(_OWN):
                        (makers if is_off(statement, function, off) else others).add(called.removeprefix(_OWN))
    return frozenset(makers - others)


def switched_off(function: Function) -> frozenset[str]:
    """Names and attributes that a function switches to eval mode and not back."""
    on, off = _switches(function)
    return off - on


def is_off(statement: model.Statement, function: Function, off: frozenset[str]) -> bool:
    """Whether a statement makes nothing but parts that are put into eval mode."""
    return (
        isinstance(statement, model.Bind)
        and bool(statement.targets)
        and all(_named(target, function) in off for target in statement.targets)
    )


def operands_off(top: model.Operand, function: Function, off: frozenset[str]) -> Iterator[model.Operand]:
    """What stands before `.eval()` in an expression, and the names of parts that are in eval mode."""
    for operand in walk(top):
        if isinstance(operand, model.CallSite) and _mode_of(operand) == "eval":
            assert isinstance(operand.func, model.Attribute)
            yield from walk(operand.func.value)
        elif _named(operand, function) in off:
            yield operand


def _switches(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """What a function puts into train mode, and what into eval mode."""
    found: dict[str, set[str]] = {"train": set(), "eval": set()}
    if "eval" in function.mentions or "train" in function.mentions:
        for call in _calls(function):
            mode = _mode_of(call)
            if mode is not None and isinstance(call.func, model.Attribute):
                named = _named(call.func.value, function)
                if named is not None:
                    found[mode].add(named)
    return frozenset(found["train"]), frozenset(found["eval"])


def _calls(function: Function) -> Iterable[model.CallSite]:
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            yield from (operand for operand in walk(top) if isinstance(operand, model.CallSite))


def _mode_of(call: model.CallSite) -> str | None:
    """The mode that a call switches what stands before it to."""
    if not isinstance(call.func, model.Attribute) or call.func.name not in ("train", "eval"):
        return None
    if call.func.name == "eval":
        return "eval" if not call.args else None
    given = call.args[0].value if len(call.args) == 1 else None
    return "eval" if isinstance(given, model.Literal) and given.value is False else "train"


def _named(operand: model.Operand, function: Function) -> str | None:
    """A name, or an attribute of the object itself as `self.name`."""
    if isinstance(operand, model.Name):
        return operand.id
    if isinstance(operand, model.Attribute) and isinstance(operand.value, model.Name) and function.parameters:
        return f"{_OWN}{operand.name}" if operand.value.id == function.parameters[0].name else None
    return None
