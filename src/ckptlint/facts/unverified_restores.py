"""Checkpoints that are restored without a look at whether there was one, before the model is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import purpose_of
from ckptlint.facts.written_calls import (
    Written,
    api_of,
    argument,
    calls_where,
    is_before,
    made_by,
    named,
    source_of,
    span_of,
    statement_of,
    texts_of,
)
from ckptlint.flow.domain import ApiAtom
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand
from ckptlint.text import Span

LOOKING = frozenset("exists isdir isfile is_dir is_file listdir iterdir glob latest_step all_steps".split())
"""Calls that look at whether a folder holds anything."""
FOLDER_WORDS = frozenset("dir directory folder workdir logdir outdir savedir root".split())
TRAINING = frozenset(
    (
        "gradient value_and_grad grad apply_gradients minimize fit train_step train_epoch train_one_epoch train "
        "train_on_batch"
    ).split()
)
"""Names that say a function trains: there the first start has no checkpoint, and none is meant."""


@dataclass(frozen=True, slots=True)
class UnverifiedRestore:
    """A restore that does nothing, and says nothing, where there is no checkpoint."""

    name: str
    receiver: str
    kind: str
    """"folder" (the newest of a folder is restored), "target" (what is given comes back)."""
    cure: str
    at: Span
    statement: Span
    trains: bool
    """The same function goes on training: a fresh start may be meant."""
    evaluates: bool
    """Its name, or that of the file, says that it evaluates."""
    is_folder: bool
    """The path is sure to be that of a folder: a file that is not there is an error."""


@derives(UnverifiedRestore)
def unverified_restores(facts: Facts) -> Iterator[UnverifiedRestore]:
    """Every such call of the project, tests left out."""
    rows = [name for name, row in facts.program.catalog if row["role"] == Role.LOAD.value and row.get("unverified")]
    if not rows:
        return
    names = sorted({name.rpartition(".")[2] for name in rows})
    packages = sorted({name.partition(".")[0] for name in rows})
    wanted = re.compile(rf"^[ \t]*(?:import|from)[ \t]+(?:{'|'.join(packages)})\b".encode(), re.MULTILINE)
    for found in calls_where(facts, [f"{name}(" for name in names], wanted):
        api = api_of(facts, found.record, found.function, found.call.func)
        if api is None or not api.options.get("unverified"):
            continue
        yield from _of_restore(facts, found, api)


def _of_restore(facts: Facts, found: Written, api: Api) -> Iterator[UnverifiedRestore]:
    path = argument(api, found.call, "path")
    if path is None:
        return
    verifying = texts_of(api.options.get("verified_by"))
    if verifying:
        if not found.is_dropped or not _is_newest(facts, found, path):
            return
        kind, cure = "folder", f".{verifying[0]}()"
    else:
        if _step_is_given(found) or not _has_target(found):
            return
        kind, cure = "target", ""
    if _is_looked_at(found, path) or _is_tried(found):
        return
    receiver = found.call.func
    yield UnverifiedRestore(
        written(receiver),
        written(receiver.value) if isinstance(receiver, model.Attribute) else "",
        kind,
        cure,
        span_of(facts, found),
        statement_of(facts, found),
        _trains(facts, found),
        _evaluates(facts, found),
        kind == "folder" or _is_folder(path),
    )


def _is_folder(path: Operand) -> bool:
    """Whether a path is named as a folder, or a literal without an ending."""
    if isinstance(path, model.Literal):
        return isinstance(path.value, str) and "." not in path.value.rpartition("/")[2]
    words = words_of(written(path))
    return bool(words & FOLDER_WORDS) and not words & {"file", "filename"}


def _is_newest(facts: Facts, found: Written, path: Operand) -> bool:
    """Whether a path is the newest checkpoint of a folder, or None where it has none."""
    source: Operand | None = source_of(found.record, found.function, path) or path
    if isinstance(source, CallSite):
        api = api_of(facts, found.record, found.function, source.func)
        if api is not None and api.options.get("finds"):
            return True
        source = source.func if not source.args else None
    if isinstance(source, model.Attribute):
        made = made_by(found.record, found.function, source.value)
        atom = named(facts, found.record, found.function, made.func) if made is not None else None
        row = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        return row is not None and source.name in texts_of(row.options.get("finds_by"))
    return False


def _has_target(found: Written) -> bool:
    """Whether something is given that comes back where there is no file."""
    target = next((a.value for a in found.call.args if a.keyword == "target"), None)
    if target is None:
        positional = [a.value for a in found.call.args if a.keyword is None]
        target = positional[1] if len(positional) > 1 else None
    return target is not None and not (isinstance(target, model.Literal) and target.value is None)


def _step_is_given(found: Written) -> bool:
    """Whether one certain file is asked for, which fails where there is none."""
    return any(a.keyword == "step" for a in found.call.args) or len(found.call.args) > 2


def _is_tried(found: Written) -> bool:
    return any(isinstance(statement, model.Try) for statement in found.around)


def _is_looked_at(found: Written, path: Operand) -> bool:
    """Whether the function asks for the path, or for what was restored, in a test, or looks into the folder."""
    names = {written(path), *(_names_behind(found, path))}
    target = found.statement.targets[0] if isinstance(found.statement, model.Bind) else None
    restored = written(target) if target is not None else ""
    for statement in statements_of(found.function.body):
        tests: list[Operand] = []
        if isinstance(statement, model.Branch | model.Assert):
            tests.append(statement.test)
        elif isinstance(statement, model.Loop) and statement.target is None:
            tests.append(statement.iter)
        for top in operands_of(statement):
            for part in walk(top):
                if isinstance(part, CallSite) and _called(part) in LOOKING:
                    return True
                if isinstance(part, model.Choice):
                    tests.append(part.test)
        for test in tests:
            for part in walk(test):
                text = written(part)
                if text in names or (
                    restored and text.startswith(f"{restored}.") and is_before(found.call.at, part.at)
                ):
                    return True
                if isinstance(part, model.Name) and part.id == restored:
                    return True
    return False


def _names_behind(found: Written, path: Operand) -> Iterator[str]:
    source = source_of(found.record, found.function, path)
    if source is None:
        return
    yield written(source)
    for part in walk(source):
        if isinstance(part, model.Name | model.Attribute) and part is not source:
            yield written(part)


def _called(call: CallSite) -> str:
    return call.func.name if isinstance(call.func, model.Attribute) else getattr(call.func, "id", "")


def _evaluates(facts: Facts, found: Written) -> bool:
    """Whether the function, or else the script, is named for evaluating."""
    names = [found.function.name] if found.function.index else []
    if not names or words_of(found.function.name) <= {"main", "run"}:
        names.append(found.record.path.rpartition("/")[2].removesuffix(".py"))
    return any(purpose_of(name, facts.evaluation_names) in ("evaluation", "sampling") for name in names)


def _trains(facts: Facts, found: Written) -> bool:
    """Whether the function around a restore, or what it belongs to, trains."""
    function: Function | None = found.function
    named = False
    while function is not None:
        if function.index and purpose_of(function.name, facts.evaluation_names) == "evaluation":
            named = True
        if function.calls & TRAINING or any(
            purpose_of(name) == "training" for name in function.calls if words_of(name) & {"train", "training"}
        ):
            return True
        if function.index and words_of(function.name) & {"train", "training", "resume", "init", "restore", "load"}:
            return not named
        function = found.record.functions[function.outer or 0] if function.index and not named else None
    return False
