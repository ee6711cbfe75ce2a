"""Proofs are run by `make proofs`; here, that each belongs to a rule whose page quotes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.rules import all_rules

ROOT = Path(__file__).parent.parent
PROOFS = sorted((ROOT / "proofs").glob("CKP*.py"))


@pytest.mark.parametrize("proof", PROOFS, ids=lambda path: path.stem)
def test_a_proof_is_named_by_its_rule_and_quoted_on_its_page(proof: Path) -> None:
    code, _, name = proof.stem.partition("_")
    (rule,) = (rule for rule in all_rules() if rule.code == code)
    assert rule.name == name.replace("_", "-")
    page = ROOT / "src" / "ckptlint" / "rules" / rule.topic / name / "rule.md"
    measured = page.read_text(encoding="utf-8").partition("## Measured")[2]
    assert f"`proofs/{proof.name}`" in measured


def test_there_are_proofs() -> None:
    assert PROOFS
