"""The scaffold of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import new_rule as scaffold
from scripts.rule_list import rule_list
from tests.pages import read_page


def test_a_rule_is_scaffolded(tmp_path: Path) -> None:
    folder = scaffold.new_rule(tmp_path, "CKP499", "mode", "some-fault", "Something is wrong.")
    assert folder == tmp_path / "mode" / "some_fault"
    assert (tmp_path / "mode" / "__init__.py").exists()
    source = (folder / "__init__.py").read_text()
    compile(source, "rule", "exec")
    assert 'code="CKP499"' in source
    assert source.count("@RULE.check(") == 1
    for file in ("rule.md", "cases.md"):
        assert read_page(folder / file, file).code_and_name() == ("CKP499", "some-fault")
    page = read_page(folder / "rule.md", "rule.md")
    assert page.headings == ["Bad", "Good", "When it stays silent", "Limits", "Measured"]
    row = "| [CKP499](../src/ckptlint/rules/mode/some_fault/rule.md) | some-fault | mode |"
    assert row in rule_list(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CKP499", "mode", "other-fault", "S."), "CKP499 is taken by mode/some_fault"),
        (("CKP498", "mode", "some_fault", "S."), "some-fault is taken by mode/some_fault"),
        (("CKP498", "data", "other-fault", "S."), "belongs to the topic mode"),
        (("CKP4980", "mode", "other-fault", "S."), "a code is CKP and three digits"),
        (("CKP898", "mode", "other-fault", "S."), "a code is CKP and three digits"),
        (("CKP498", "mode", "Other Fault", "S."), "small words joined by dashes"),
        (("CKP498", "mode", "other-fault", 'S "x".'), "one sentence"),
    ],
)
def test_what_is_taken_or_malformed_is_refused(
    tmp_path: Path, arguments: tuple[str, str, str, str], message: str
) -> None:
    scaffold.new_rule(tmp_path, "CKP499", "mode", "some-fault", "Something is wrong.")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(scaffold.Refused, match=message):
        scaffold.new_rule(tmp_path, *arguments)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_tells_a_refusal_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "RULES", tmp_path)
    assert scaffold.main(["CKP499", "mode", "some-fault", "Something is wrong."]) == 0
    assert scaffold.main(["CKP499", "mode", "some-fault", "Something is wrong."]) == 2
    assert "CKP499 is taken" in capsys.readouterr().err
