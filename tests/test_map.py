"""`ckptlint map` as a command, and its page of documentation."""

from __future__ import annotations

import json
import re
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from ckptlint.cli import main
from tests.support import write

PAGE = (Path(__file__).parent.parent / "docs" / "map.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path / "project", EXAMPLE))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Path.cwd()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["map", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_documentation_shows_what_is_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys)
    shown = re.search(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert (code, out) == (0, shown.group(1))
    assert err == "1 checkpoint, 2 places that read them, 1 key never read, 1 key read but never written.\n"


def test_the_documentation_names_every_field(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            names.update(value)
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            collect(item)

    collect(json.loads(run(capsys, "--format", "json")[1]))
    assert len(names) > 25
    assert not {name for name in names if f"`{name}`" not in PAGE}


def test_formats_and_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--format", "mermaid", "-q")[1].startswith("flowchart LR\n")
    assert run(capsys, "--format", "html", "-q", "--output-file", "map.html") == (0, "", "")
    page = (project / "map.html").read_text(encoding="utf-8")
    assert "<title>Checkpoints of project</title>" in page
    assert 'href="train.py#L29"' in page
    (project / "out").mkdir()
    run(capsys, "--format", "html", "--output-file", "out/map.html")
    assert 'href="../train.py#L29"' in (project / "out/map.html").read_text(encoding="utf-8")


def test_links_of_an_editor(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "--format", "html", "--link-template", "vscode://file/{path}:{line}:{column}")[1]
    assert f'href="vscode://file/{project}/train.py:29:9"' in out
    out = run(capsys, "--format", "html", "--link-template", "https://x.org/{relative}?a=1&b=2#L{line}")[1]
    assert 'href="https://x.org/train.py?a=1&amp;b=2#L29"' in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--link-template", "{file}"], "--link-template: `{file}` is not known; there are {path}, {relative}"),
        (["--link-template", "{path"], "--link-template: expected '}'"),
        (["--link-template", "{path!x}"], "--link-template: "),
        (["--link-template", "{line:q}"], "--link-template: "),
        (["--link-template", "{}"], "--link-template: `{}` is not known"),
        (["nowhere"], "no such file or folder: nowhere"),
        (["--format", "pdf"], "Invalid value for '--format'"),
        (["--output-file", "no/such/folder/map.html"], "--output-file: no/such/folder/map.html cannot be written"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert message in err


def test_a_broken_file_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "broken.py").write_text("torch.save(1)\ndef f(:\n")
    code, out, err = run(capsys)
    assert code == 0
    assert out.startswith("last.pt\n")
    assert "warning: broken.py:2:7: CKP001 not valid Python: invalid syntax\n" in err
    assert err.endswith(" 1 file could not be read.\n")


def test_no_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(write(tmp_path, {"a.py": "print(1)\n"}))
    assert run(capsys, "-q") == (0, "No checkpoints: nothing is saved or loaded.\n", "")
    assert json.loads(run(capsys, "--format", "json")[1])["checkpoints"] == []


def test_given_files_and_exclusions(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "serve.py")[1].startswith("last.pt\n")
    code, out, _ = run(capsys, "--extend-exclude", "train.py")
    assert (code, out.splitlines()[2]) == (0, "read, writer not known")


def test_standard_input(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = b"import torch\nfrom torch import nn\ntorch.save(nn.Linear(1, 1).state_dict(), 'other.pt')\n"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text)))
    code, out, _ = run(capsys, "-", "--stdin-filename", "other.py")
    assert (code, out.splitlines()[0]) == (0, "other.pt")
