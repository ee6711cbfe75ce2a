from __future__ import annotations

from pathlib import Path

from ckptlint.engine.check import check_paths
from tests.support import write


def test_check_paths_obeys_the_nearest_configuration(tmp_path: Path) -> None:
    root = write(tmp_path, {"pkg/a.py": "def f(:\n", "pkg/b.py": "x = 1  # noqa: CKP001\n"})
    result = check_paths([root / "pkg"])
    assert [(one.code, one.span.row) for one in result.diagnostics] == [("CKP001", 1), ("CKP002", 1)]
    (root / "ckptlint.toml").write_text("ignore = ['CKP001']")
    assert check_paths([root / "pkg" / "a.py"]).diagnostics == []


def test_a_diagnostic_does_not_depend_on_what_else_is_given(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "def f(:\n", "pkg/b.py": "def g(:\n"})
    both = check_paths([root]).diagnostics
    alone = [*check_paths([root / "a.py"]).diagnostics, *check_paths([root / "pkg"]).diagnostics]
    assert len(both) == 2
    assert both == alone
