from __future__ import annotations

import os
from pathlib import Path

import pytest

from ckptlint.config import Exclusion, Overrides, Settings
from ckptlint.engine.files import discover
from ckptlint.engine.root import Root
from ckptlint.patterns import Patterns
from tests.support import found, names, settings, write


def test_default_folders_are_skipped(tmp_path: Path) -> None:
    skipped = [
        "build/a.py", ".venv/lib/a.py", "node_modules/x/a.py", "x.egg-info/a.py", "pkg/__pycache__/a.py",
        "lib/site-packages/a.py",
    ]  # fmt: skip
    root = write(tmp_path, dict.fromkeys([*skipped, "a.py", "pkg/b.py", "pkg/readme.txt", "pkg/c.pyc"], ""))
    assert names(found(root)) == ["a.py", "pkg/b.py"]


def test_a_virtual_environment_is_known_by_its_file(tmp_path: Path) -> None:
    root = write(tmp_path, {"odd-name/pyvenv.cfg": "", "odd-name/lib/a.py": "", "a.py": ""})
    assert names(found(root)) == ["a.py"]


def test_nested_ignore_files_and_those_between_root_and_folder(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            ".gitignore": "gen_*.py\nout/\n",
            "pkg/.gitignore": "!gen_kept.py\n/local.py\n",
            "pkg/gen_a.py": "", "pkg/gen_kept.py": "", "pkg/local.py": "", "pkg/sub/local.py": "",
            "pkg/out/a.py": "", "gen_kept.py": "",
        },
    )  # fmt: skip
    assert names(found(root)) == ["pkg/gen_kept.py", "pkg/sub/local.py"]
    assert names(found(root, ["pkg/sub"])) == ["pkg/sub/local.py"]
    everything = Overrides(respect_gitignore=False)
    assert len(names(found(root, overrides=everything))) == 6


def test_the_excludes_of_the_clone_count(tmp_path: Path) -> None:
    root = write(tmp_path, {".git/info/exclude": "mine.py\n", "mine.py": "", "a.py": ""})
    assert names(found(root)) == ["a.py"]


def test_the_rest_of_the_project_supplies_facts(tmp_path: Path) -> None:
    root = write(tmp_path, {"train.py": "", "lib/model.py": "", "build/x.py": ""})
    files = found(root, ["train.py"])
    assert names(files) == names(files, "named") == ["train.py"]
    assert names(files, "everything") == ["lib/model.py", "train.py"]


def test_a_named_file_is_always_read_unless_exclusion_is_forced(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {".gitignore": "ignored.py\n", "ignored.py": "", "build/x.py": "", "out/y.py": "", "z.py": ""},
    )
    given = ["ignored.py", "build/x.py", "out/y.py", "z.py"]
    exclude = ("out",)
    assert names(found(root, given, Overrides(extend_exclude=exclude))) == sorted(given)
    forced = Overrides(extend_exclude=exclude, force_exclude=True)
    assert names(found(root, given, forced)) == ["z.py"]
    assert names(found(root, given, forced), "everything") == ["z.py"]


def test_a_given_folder_is_walked_even_when_ignored(tmp_path: Path) -> None:
    root = write(tmp_path, {".gitignore": "out/\n", "out/a.py": "", "build/b.py": "", "c.py": ""})
    assert names(found(root, ["out", "build"])) == ["build/b.py", "out/a.py"]
    assert names(found(root, ["out", "build"]), "everything") == ["build/b.py", "c.py", "out/a.py"]
    assert names(found(root, ["out", "build"], Overrides(force_exclude=True))) == []


def test_exclude_replaces_the_default_folders_and_extend_adds(tmp_path: Path) -> None:
    root = write(tmp_path, {"build/a.py": "", "pkg/a.py": "", "pkg/gen/b.py": ""})
    assert names(found(root, overrides=Overrides(exclude=("pkg/gen",)))) == ["build/a.py", "pkg/a.py"]
    assert names(found(root, overrides=Overrides(extend_exclude=("gen/",)))) == ["pkg/a.py"]


def test_links(tmp_path: Path) -> None:
    root = write(tmp_path / "project", {"pkg/a.py": ""})
    outside = write(tmp_path / "outside", {"b.py": ""})
    (root / "loop").symlink_to(root)
    (root / "pkg" / "self.py").symlink_to(root / "pkg" / "self.py")
    (root / "alias.py").symlink_to(root / "pkg" / "a.py")
    (root / "far.py").symlink_to(outside / "b.py")
    files = found(root)
    assert names(files) == ["far.py", "pkg/a.py"]
    assert [warning.partition(": ")[0] for warning in files.warnings] == [str(root / "pkg" / "self.py")]
    assert names(found(root, ["alias.py"])) == ["pkg/a.py"]
    assert names(found(root, ["loop"])) == ["far.py", "pkg/a.py"]


def test_huge_files_are_told(tmp_path: Path) -> None:
    root = write(tmp_path, {"big.py": "x = 1\n" * 100, "lib/big.py": "x = 1\n" * 100, "a.py": ""})
    files = found(root, ["big.py", "a.py"], Overrides(max_file_size=100))
    assert names(files) == names(files, "everything") == ["a.py"]
    assert len(files.warnings) == 1
    assert "600 bytes are more than the limit of 100 (--max-file-size)" in files.warnings[0]
    assert len(files.notes) >= 1


def test_what_is_no_python_file_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, {"nb.ipynb": "{}"})
    os.mkfifo(root / "pipe")
    files = found(root, ["nb.ipynb", "pipe"])
    assert names(files) == []
    assert "notebooks are not supported yet" in files.warnings[0]
    assert "no regular file" in files.warnings[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "", "closed/b.py": ""})
    (root / "a.py").chmod(0)
    (root / "closed").chmod(0)
    files = found(root)
    (root / "closed").chmod(0o700)
    assert names(files) == []
    assert len(files.warnings) == 2


def test_unreadable_by_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, {"a.py": "", "b.py": ""})
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("a.py"))
    files = found(root)
    assert names(files) == names(files, "everything") == ["b.py"]
    assert "Permission denied" in files.warnings[0]


def test_standard_input_stands_for_a_file(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "on disk", "b.py": ""})
    for name, expected in (("a.py", ["a.py", "b.py"]), ("new/c.py", ["a.py", "b.py", "new/c.py"])):
        path = root / name
        files = discover([], Root(root, True), settings(root), {path: b"typed"}, here=root)
        assert names(files) == [name]
        assert names(files, "everything") == expected
        assert files.read(path) == b"typed"


def test_without_a_project_only_the_given_is_read(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "", "b.py": "", "sub/c.py": ""})
    files = discover([root / "a.py", root / "sub"], Root(root, False), settings(root), here=root)
    assert names(files, "everything") == ["a.py", "sub/c.py"]


def test_order_is_that_of_paths(tmp_path: Path) -> None:
    root = write(tmp_path, dict.fromkeys(["b/z.py", "a.py", "b.py", "a/c.py"], ""))
    assert found(root).everything == sorted(found(root).everything, key=str)


def test_shown_paths(tmp_path: Path) -> None:
    root = write(tmp_path, {"pkg/a.py": ""})
    files = found(root)
    here = discover([root], Root(root, True), settings(root), here=root / "pkg")
    assert files.shown(root / "pkg" / "a.py") == os.path.join("pkg", "a.py")
    assert here.shown(root / "pkg" / "a.py") == "a.py"
    assert here.shown(root / "b.py") == str(root / "b.py")
    assert here.located("a.py") == root / "pkg" / "a.py"
    assert here.below_root("a.py") == "pkg/a.py"


def test_patterns_outside_their_folder_match_nothing() -> None:
    exclusion = Exclusion(Path("/proj/a"), Patterns(["*"]))
    assert exclusion.relative("/proj/ab/c.py") is None
    assert exclusion.relative("/proj/a/c.py") == "c.py"
    assert Exclusion(Path("/"), Patterns(["*"])).relative("/c.py") == "c.py"
    assert Settings(frozenset(), per_file_ignores=((exclusion, frozenset({"X"})),)).ignored_in("/proj/ab/c.py") == set()
