from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ckptlint
from ckptlint.cli import main
from ckptlint.engine import check as engine
from ckptlint.engine.run import Failure, Outcome
from tests.support import diagnostic, write

BROKEN = "torch.save(1)\ndef f(:\n"
"""Not valid Python, and worth parsing: it saves something."""
LINE = "a.py:2:7: CKP001 not valid Python: invalid syntax\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path / "project", {"a.py": BROKEN, "pkg/b.py": "x = 1\n"}))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Path.cwd()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def command(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ckptlint", *arguments], capture_output=True, text=True, timeout=60, **more  # type: ignore[call-overload]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1), (["."], 1), (["check"], 1), (["check", "."], 1), (["a.py"], 1), (["pkg"], 0), (["pkg/b.py"], 0),
        (["--exit-zero"], 0), (["--ignore", "CKP001"], 0), (["--select", "CKP002"], 1), (["--extend-exclude", "a.py"], 0),
        (["--extend-exclude", "a.py", "a.py"], 1), (["--extend-exclude", "a.py", "--force-exclude", "a.py"], 0),
        (["--min-confidence", "high", "--no-cache", "--isolated"], 1), (["--max-file-size", "5"], 0),
    ],
)  # fmt: skip
def test_exit_codes(arguments: list[str], code: int, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *arguments)[0] == code


def test_what_goes_where(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--output-format", "concise")
    assert (code, out, err) == (1, LINE, "Found 1 diagnostic (1 error) in 1 file.\n")
    assert run(capsys, "--output-format", "concise", "--quiet")[1:] == (LINE, "")
    assert run(capsys, "--statistics", "-q")[1:] == ("1  CKP001  unreadable-file\n", "")
    assert run(capsys, "-q")[1].splitlines()[1:] == ["  1 | torch.save(1)", "  2 | def f(:", "    |       ^"]


def test_verbose_says_what_is_in_force(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "ckptlint.toml").write_text("ignore = ['CKP001']")
    code, out, err = run(capsys, "-v", "a.py")
    assert (code, out) == (0, "")
    assert f"configuration: {project / 'ckptlint.toml'}\n" in err
    assert f"analysis root: {project}\n" in err
    assert "files: 1 given, 2 read for facts\n" in err
    assert run(capsys, "--isolated")[0] == 1


def test_configuration_named_on_the_command_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "other.toml").write_text("[severity]\nCKP001 = 'note'")
    _, out, err = run(capsys, "--config", "other.toml", "--output-format", "json")
    assert json.loads(out)[0]["severity"] == "note"
    assert "(1 note)" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.py", "pkgg"], "no such file or folder: missing.py\nno such file or folder: pkgg; did you mean `pkg`?"),
        (["b.py", "pkg/bb.py"], "no such file or folder: b.py\nno such file or folder: pkg/bb.py; did you mean `pkg/b.py`?"),
        (["--quiet", "rules"], "(a command goes first: `ckptlint rules …`)"),
        (["--slect", "X"], "Did you mean"),
        (["--select", "CKP01"], "--select: no rule, topic or prefix is called `CKP01`; did you mean `CKP001`?"),
        (["--ignore", "CKP001,unusd-suppression"], "--ignore: no rule, topic or prefix is called `unusd-suppression`"),
        (["--min-confidence", "lo"], "--min-confidence: `lo` is no confidence: write low, medium or high; did you mean `low`?"),
        (["--max-file-size", "big"], "--max-file-size: `big` is no file size"),
        (["--config", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["--config", "x.toml", "--isolated"], "exclude each other"),
        (["--output-file", "no/where.txt"], "--output-file: no/where.txt cannot be written: No such file or directory"),
        (["--stdin-filename", "x.py"], "give `-` as the only path"),
        (["-", "a.py"], "must be the only path"),
        (["explain", "unused-supression"], "did you mean `unused-suppression`?"),
        (["explain"], "Missing argument"),
        (["", "a.py"], "one of the paths is empty"),
        (["--output-format", "xml"], "is not one of"),
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_wrong_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.ckptlint]\nselekt = []\n")
    code, _, err = run(capsys)
    assert code == 2
    assert err == "Error: pyproject.toml:2: unknown key `selekt` in [tool.ckptlint]; did you mean `select`?\n"
    (project / "pyproject.toml").write_text('[[tool.ckptlint.api]]\nname = "a.b"\nrole = "optimiser"\n')
    code, _, err = run(capsys)
    assert code == 2
    assert "pyproject.toml:1: " in err
    assert "optimiser" in err


def test_a_folder_without_python_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    assert run(capsys, "empty") == (0, "", "warning: no Python files in empty\n")


def test_per_file_ignores(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "ckptlint.toml").write_text('[per-file-ignores]\n"a.py" = ["unreadable-file"]\n')
    assert run(capsys)[0] == 0


def test_output_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "out.txt").write_text("old" * 100)
    code, out, _ = run(capsys, "--output-format", "concise", "--output-file", "out.txt")
    assert (code, out) == (1, "")
    assert (project / "out.txt").read_text() == LINE
    assert [path.name for path in project.iterdir() if path.name.startswith(".out")] == []


def test_an_output_file_that_is_a_link_stays_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "real.txt").touch()
    (project / "link.txt").symlink_to("real.txt")
    run(capsys, "--output-format", "concise", "--output-file", "link.txt")
    assert (project / "link.txt").is_symlink()
    assert (project / "real.txt").read_text() == LINE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_standard_output_that_cannot_be_written(project: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ckptlint"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        2,
        "Error: standard output cannot be written: No space left on device\n",
    )
    closed = subprocess.run(
        f"{sys.executable} -m ckptlint >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (1, "Found 1 diagnostic (1 error) in 1 file.\n")


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    done = subprocess.run(
        f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m ckptlint",
        shell=True, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the current folder cannot be read" in done.stderr


def test_standard_input(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, name in ((["--stdin-filename", "pkg/b.py"], "pkg/b.py"), ([], "<stdin>")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"def f(:\n")))
        code, out, _ = run(capsys, "--output-format", "full", *arguments, "-")
        assert code == 1
        assert out == f"{name}:1:7: CKP001 not valid Python: invalid syntax\n  1 | def f(:\n    |       ^\n"


def test_color(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run(capsys)[1]
    assert "\x1b" in run(capsys, "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in run(capsys)[1]
    assert "\x1b" not in run(capsys, "--color", "never")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(capsys)[1]


def test_an_internal_error_of_a_rule_goes_before_what_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = Outcome([diagnostic((1, 1, 1, 2), path="a.py")], [Failure("rule CKP301 failed on a.py: KeyError: 'x'")])
    monkeypatch.setattr(engine, "run", lambda *_: outcome)
    code, out, err = run(capsys, "--output-format", "concise", "--exit-zero")
    assert (code, out) == (2, "a.py:1:1: CKP001 something is wrong\n")
    assert "internal error: rule CKP301 failed on a.py: KeyError: 'x'; please report it" in err


def test_what_is_printed(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from ckptlint.diagnostic import Confidence, Related
    from ckptlint.text import Span

    there = Span("a.py", 1, 1, 1, 2)
    outcome = Outcome(
        [
            diagnostic((9, 1, 9, 2), path="pkg/b.py", message="last"),
            diagnostic((1, 9, 1, 9), path="pkg/b.py", message="low", confidence=Confidence.LOW),
            diagnostic((1, 1, 1, 2), path="a.py", message="not given"),
            diagnostic((1, 1, 1, 2), path="a.py", message="related", related=(Related(Span("pkg/b.py", 1, 1, 1, 2), "r"),)),
            diagnostic((2, 1, 2, 2), path="pkg/b.py", message="first", related=(Related(there, "r"),)),
        ]
    )  # fmt: skip
    monkeypatch.setattr(engine, "run", lambda *_: outcome)
    _, out, err = run(capsys, "--output-format", "concise", "pkg")
    assert [line.rpartition("CKP001 ")[2] for line in out.splitlines()] == ["related", "first", "last"]
    assert err.endswith("1 less certain not shown (--min-confidence low).\n")
    _, out, _ = run(capsys, "--output-format", "concise", "--min-confidence", "low", "pkg")
    assert len(out.splitlines()) == 4


def test_the_last_resort(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Outcome:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(engine, "run", fail)
    code, _, err = run(capsys)
    assert code == 2
    assert err == (
        "ckptlint: internal error: ZeroDivisionError: oh; please report it\n(--verbose shows where it happened)\n"
    )
    assert "Traceback" in run(capsys, "--verbose")[2]


def test_explain_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("CKP002", "ckp002", "unused-suppression"):
        code, out, _ = run(capsys, "explain", name)
        assert code == 0
        assert out.startswith("# CKP002 unused-suppression\n")
    code, out, _ = run(capsys, "rules")
    assert code == 0
    assert out.splitlines()[1].split()[:4] == ["CKP001", "unreadable-file", "tool", "error"]
    listed = json.loads(run(capsys, "rules", "--output-format", "json")[1])
    assert set(listed[0]) == {"code", "name", "topic", "severity", "summary", "on_by_default"}


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[:2] == (0, f"ckptlint {ckptlint.__version__}\n")
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(name in out for name in ("check", "explain", "rules"))
    assert "there is no cache yet" in run(capsys, "check", "--help")[1]


def test_importing_the_command_loads_no_parser() -> None:
    code = "import sys, ckptlint.cli, ckptlint.check_command; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_closed_pipe(tmp_path: Path) -> None:
    root = write(tmp_path, {f"f{number}.py": BROKEN for number in range(2000)})
    process = subprocess.Popen(
        [sys.executable, "-m", "ckptlint", "."], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert err == "Found 2,000 diagnostics (2,000 errors) in 2,000 files.\n"


@pytest.mark.parametrize("waiting", ["check_command.check_files", "Analyzer._interpret"])
def test_interrupted(waiting: str, tmp_path: Path) -> None:
    os.mkfifo(write(tmp_path, {"a.py": "import torch\ntorch.save(1, 'a')\n"}) / "ready")
    code = (
        "import signal, sys, time\n"
        # A shell that starts the tests in the background has told its children to ignore the signal.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ckptlint import cli, check_command; from ckptlint.flow.analyzer import Analyzer\n"
        "def wait(*a): open('ready', 'w').close(); time.sleep(60)\n"
        f"{waiting} = wait; sys.exit(cli.main(['-q', '.']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    (tmp_path / "ready").read_text()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "ckptlint: interrupted"


def test_a_terminal_without_unicode(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "é = '日本\n"})
    done = command("a.py", cwd=root, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert r"\xe9 = '\u65e5\u672c" in done.stdout


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.py")).write_text(BROKEN)
    for form in ("full", "concise", "json"):
        done = command("--output-format", form, cwd=root)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
