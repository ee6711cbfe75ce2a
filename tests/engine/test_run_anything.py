"""The analysis as a whole: the same answer whatever the order, and no program that it cannot take."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckptlint.config import FileConfig, Overrides, join
from ckptlint.diagnostic import Diagnostic
from ckptlint.engine.check import check_paths
from ckptlint.engine.files import discover
from ckptlint.engine.root import analysis_root, common_parent
from ckptlint.engine.run import Outcome, run
from ckptlint.facts.runs import RunBuilder
from ckptlint.facts.slices import Slices
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.frame import Context
from ckptlint.flow.program import Program
from ckptlint.knowledge.catalog import default_catalog
from ckptlint.semantics.lower import lower
from ckptlint.syntax.tree import Unreadable
from tests.support import write

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROJECTS = sorted(path for rule in FIXTURES.iterdir() for path in rule.iterdir() if path.is_dir())


def analysed(root: Path, given_files: Sequence[Path] = ()) -> Outcome:
    """What the engine says of a project, of every confidence."""
    wanted = list(given_files) or [root]
    options = join(FileConfig(), Overrides(), root)
    return run(discover(wanted, analysis_root(common_parent(wanted)), options, here=root), options)


def copied(project: Path, to: Path) -> Path:
    """A fixture project with a root of its own."""
    files = {p.relative_to(project).as_posix(): p.read_text(encoding="utf-8") for p in project.rglob("*.py")}
    return write(to, files)


def said(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Diagnostics as text, in order."""
    return sorted(map(repr, diagnostics))


# --------------------------------------------------------------------------------------------- the same answer


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_fixtures_are_analysed_without_failure(project: Path, tmp_path: Path) -> None:
    outcome = analysed(copied(project, tmp_path))
    assert not outcome.failures
    codes = {"forward_in_train_mode": "CKP401", "training_left_in_eval_mode": "CKP402"}
    codes |= {"key_never_saved": "CKP301", "parameters_saved": "CKP101"}
    if project.parent.name in codes:
        assert codes[project.parent.name] in {one.code for one in outcome.diagnostics}


PROGRAM = """
import json, sys
from pathlib import Path
from ckptlint.engine.check import check_paths
for project in sys.argv[1:]:
    result = check_paths([Path(project)])
    assert not result.failures, result.failures
    print(project, *map(repr, result.diagnostics), sep="\\n")
"""


def test_diagnostics_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    roots = [copied(p, tmp_path / str(i)) for i, p in enumerate(PROJECTS) if p.parent.name != "clean"]
    outputs = set()
    for seed in range(4):
        env = {**os.environ, "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", PROGRAM, *map(str, roots)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=tmp_path)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "CKP401" in outputs.pop()


SEVERAL = [p for p in PROJECTS if p.name in ("several_files", "trainer") and p.parent.name != "clean"]


@pytest.mark.parametrize("project", SEVERAL, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_file_has_the_same_diagnostics_whichever_files_are_given(project: Path, tmp_path: Path) -> None:
    root = copied(project, tmp_path)
    files = sorted(root.rglob("*.py"))
    whole = check_paths([root]).diagnostics
    assert whole
    for count in (1, 2):
        for some in itertools.combinations(files, count):
            names = {str(path) for path in some}
            expected = [
                one
                for one in whole
                if {str((Path.cwd() / span.path).resolve()) for span in (one.span, *(r.span for r in one.related))}
                & {str(Path(name).resolve()) for name in names}
            ]
            assert said(check_paths(some).diagnostics) == said(expected), names


@pytest.mark.parametrize("project", SEVERAL, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_diagnostics_do_not_depend_on_the_order_of_files(project: Path, tmp_path: Path) -> None:
    root = copied(project, tmp_path)
    options = join(FileConfig(), Overrides(), root)
    found = discover([root], analysis_root(root), options, here=root)
    expected = said(run(found, options).diagnostics)
    assert expected
    for order in (sorted(found.everything), sorted(found.everything, reverse=True)):
        reordered = replace(found, everything=order)
        assert said(run(reordered, options).diagnostics) == expected


# ----------------------------------------------------------------------------------------------- no program fails

LINES = [
    "net = Net()", "net.eval()", "net.train()", "net.train(flag)", "out = net(x)", "loss = crit(net(x), y)",
    "loss.backward()", "opt.step()", "opt.zero_grad", "net = nn.DataParallel(net)", "net = net.module",
    "ckpt = torch.load(path)", "net.load_state_dict(ckpt['model'])", "ckpt['model']['x'] = 1", "del ckpt['model']",
    "state = {'model': net.state_dict(), **extra}", "torch.save(state, f'{path}/{epoch}.pt')", "state |= ckpt",
    "torch.save(net, os.path.join(*parts))", "a, *b = net(x), net", "a, (b, c) = f(*args, **kwargs)", "x += net(x)",
    "net.a.b.c.d = net", "net['a']['b'] = net.eval", "nets = [net, *nets]", "nets.append(net)", "self.net = net",
    "return net", "yield net(x)", "raise ValueError(net)", "break", "continue", "global net", "pass",
    "[m.eval() for m in nets if m]", "f = lambda m, *a, k=net, **kw: m.eval()", "f(net, *nets, k=1, **state)",
    "was = net.training", "net.train(was)", "net.training = False", "assert (n := net(x)) is not None, n",
    "super().train(mode)", "setattr(net, name, net)", "getattr(net, name)(x)", "print(*map(f, nets))", "import other",
    "from helper import *", "from .missing import thing as net", "f(f)(f)", "x = net if net else (net or x)",
    "x = {k: net(v) for k, v in state.items()}", "x = not net(x) < 3 < y", "x[1:net(x), ...] = -x", "f = partial(f, net)",
    "sys.exit(net)", "x = await_(net)", "x: int", "net @ x", "x = f'{net!r:>{x}}'",
]  # fmt: skip
HEADERS = [
    "if net.training:", "if flag:", "if phase == 'train':", "if 'model' in ckpt:", "for x in loader:", "for m in nets:",
    "for phase in ['train', 'val']:", "while True:", "while flag:", "with torch.no_grad():", "with torch.no_grad:",
    "with evaluating(net) as net, open(path):", "try:", "def f(net, x=1, *args, k=None, **kwargs):", "class T(Net):",
    "def train(self, mode=True):", "@evaluating\ndef f(net):", "@property\ndef net(self):", "match phase:",
    "async def f(net):", "for i, (x, y) in enumerate(loader):", "@contextmanager\ndef evaluating(net):",
    "with suppress(KeyError):", "@staticmethod\ndef f(net):", "@torch.no_grad()\ndef validate(net, loader):",
]  # fmt: skip


def indented(lines: Sequence[str]) -> list[str]:
    """Lines one level further in."""
    return [f"    {line}" for text in lines for line in text.split("\n")]


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a block."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 5 if depth == 0 else 3))):
        if depth >= 4 or draw(st.integers(0, 2)):
            lines.append(draw(st.sampled_from(LINES)))
            continue
        header = draw(st.sampled_from(HEADERS))
        body = indented(draw(blocks(depth + 1)))
        if header == "match phase:":
            body = [
                "    case 'train':",
                *indented(body),
                "    case {'a': net, **rest} | [net, *rest]:",
                *indented(body),
            ]
        lines += [*header.split("\n"), *body]
        if header == "try:":
            end = draw(st.sampled_from(["except KeyError as e:", "except:", "finally:"]))
            lines += [end, *indented(draw(blocks(depth + 1)))]
        elif header.startswith(("if", "for", "while")) and draw(st.booleans()):
            lines += ["else:", *indented(draw(blocks(depth + 1)))]
    return lines


HEAD = """import os, sys, torch
from contextlib import contextmanager, suppress
from functools import partial
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
    def forward(self, x):
        return self.drop(x)
"""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(main=blocks(), helper=blocks())
def test_no_program_makes_it_fail(main: list[str], helper: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("generated")
    write(root, {"main.py": HEAD + "from helper import *\n" + "\n".join(main), "helper.py": HEAD + "\n".join(helper)})
    started = time.process_time()
    outcome = analysed(root)
    assert outcome.failures == []
    assert "CKP001" not in {one.code for one in outcome.diagnostics}, "the program itself is wrong"
    assert time.process_time() - started < 10


def library() -> list[str]:
    """Sixty files of the standard library, large and small."""
    folder = sysconfig.get_paths()["stdlib"]
    found = sorted(p.as_posix() for p in Path(folder).glob("*.py")) + sorted(
        p.as_posix()
        for name in ("asyncio", "email", "json", "unittest", "importlib")
        for p in Path(folder, name).glob("*.py")
    )
    return found[:: max(1, len(found) // 60)][:60]


def test_the_standard_library_is_taken_as_if_it_trained() -> None:
    failures: list[str] = []

    def lowered(path: str, data: bytes) -> object:
        try:
            return lower(path, data)
        except Unreadable:
            return None

    chosen = library()
    assert len(chosen) >= 50
    folder = sysconfig.get_paths()["stdlib"]
    program = Program(Path(folder).as_posix(), chosen, lambda p: Path(p).read_bytes(), lowered, default_catalog())  # type: ignore[arg-type]
    analyzer = Analyzer(program, lambda key, error: failures.append(f"{key}: {error!r}"))
    started = time.process_time()
    functions = 0
    for path in chosen:
        record = program.record(path)
        for function in record.functions if record is not None else ():
            owner = ClassKey(path, function.model) if function.model is not None else None
            analyzer.summary(Context(FunctionKey(path, function.index), owner))
            functions += 1
    assert failures == []
    assert functions > 1000
    assert time.process_time() - started < 40
    slices = Slices(program, analyzer.classes, frozenset({b"def "}), frozenset({"run", "close"}))
    assert RunBuilder(program, analyzer, slices).build()
    assert failures == []
