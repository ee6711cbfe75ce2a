from __future__ import annotations

from pathlib import Path

from ckptlint.engine.check import check_paths
from tests.support import write

BROKEN = "torch.save(\n"
"""Not valid Python, and worth parsing: it saves something."""


def test_check_paths_obeys_the_nearest_configuration(tmp_path: Path) -> None:
    root = write(tmp_path, {"pkg/a.py": BROKEN, "pkg/b.py": "x = 1  # noqa: CKP001\n"})
    result = check_paths([root / "pkg"])
    assert [(one.code, one.span.row) for one in result.diagnostics] == [("CKP001", 1), ("CKP002", 1)]
    (root / "ckptlint.toml").write_text("ignore = ['CKP001']")
    assert check_paths([root / "pkg" / "a.py"]).diagnostics == []


def test_a_diagnostic_does_not_depend_on_what_else_is_given(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": BROKEN, "pkg/b.py": BROKEN})
    both = check_paths([root]).diagnostics
    alone = [*check_paths([root / "a.py"]).diagnostics, *check_paths([root / "pkg"]).diagnostics]
    assert len(both) == 2
    assert both == alone


def test_a_broken_file_is_reported_where_it_must_be_parsed(tmp_path: Path) -> None:
    """No rule looks at a file without a save, a load or a mode switch, unless such a file imports it."""
    root = write(tmp_path, {"a.py": "def f(:\n", "b.py": "def g(:\n", "c.py": BROKEN})
    assert paths(root, root) == ["c.py"]
    assert paths(root, root / "a.py") == ["a.py"]
    assert paths(root, root / "a.py", root / "c.py") == ["a.py", "c.py"]
    (root / "train.py").write_text("import torch\nfrom b import g\n\ntorch.save(g().state_dict(), 'g.pt')\n")
    assert paths(root, root) == ["b.py", "c.py"]


def paths(root: Path, *given: Path) -> list[str]:
    found = check_paths(given).diagnostics
    assert {one.code for one in found} == {"CKP001"}
    return [Path(one.span.path).relative_to(root).as_posix() for one in found]
