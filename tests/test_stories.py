"""A diagnostic tells both ends of its story, in the user's own names."""

from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.diagnostic import Diagnostic
from tests.linting import lint, relative
from tests.pages import read_project

FIXTURES = Path(__file__).parent / "fixtures"


def _only(project: str, tmp_path: Path) -> Diagnostic:
    found = lint(read_project(FIXTURES / project, project).files, tmp_path)
    assert len(found) == 1, [diagnostic.message for diagnostic in found]
    return found[0]


def _related_lines(diagnostic: Diagnostic, project: str, tmp_path: Path) -> list[str]:
    files = read_project(FIXTURES / project, project).files
    return [
        files[relative(related.span.path, tmp_path)].split("\n")[related.span.row - 1].strip()
        for related in diagnostic.related
    ]


def test_a_missing_key_is_told_with_the_save_and_the_nearest_key(tmp_path: Path) -> None:
    project = "key_never_saved/nearest_key"
    diagnostic = _only(project, tmp_path)
    assert relative(diagnostic.span.path, tmp_path) == "evaluate.py"
    assert {relative(related.span.path, tmp_path) for related in diagnostic.related} == {"checkpoint.py"}
    told = [diagnostic.message, *(related.message for related in diagnostic.related)]
    told += [diagnostic.fix.title] if diagnostic.fix else []
    assert any("val_accuracy" in text for text in told)


@pytest.mark.parametrize(
    ("project", "switch"),
    [
        ("single_script", "model.eval()"),
        ("several_files", "model.eval()"),
        ("trainer", "self.model.eval()"),
        ("phases", "model.eval()"),
    ],
)
def test_training_in_eval_mode_is_told_with_the_switch(project: str, switch: str, tmp_path: Path) -> None:
    project = f"training_left_in_eval_mode/{project}"
    diagnostic = _only(project, tmp_path)
    assert switch in _related_lines(diagnostic, project, tmp_path)
