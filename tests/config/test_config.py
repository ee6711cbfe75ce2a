from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.config import ConfigError, FileConfig, Overrides, find_config, join, read_config
from ckptlint.config.catalog import catalog_of
from ckptlint.config.values import parse_size
from ckptlint.diagnostic import Confidence, Severity
from ckptlint.selectors import Selection, parse_selector


def config(folder: Path, text: str, name: str = "ckptlint.toml") -> FileConfig:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_config(path, name)


def test_every_key(tmp_path: Path) -> None:
    read = config(
        tmp_path,
        """
        [tool.other]
        select = ["E"]
        [tool.ckptlint]
        select = ["tool"]
        extend-select = ["CKP001"]
        ignore = ["unused-suppression"]
        exclude = ["gen/"]
        extend-exclude = ["*_pb2.py"]
        min-confidence = "low"
        evaluation-names = ["score_epoch"]
        max-file-size = "2 MB"
        [tool.ckptlint.per-file-ignores]
        "tests/" = ["CKP0"]
        [tool.ckptlint.severity]
        CKP0 = "note"
        CKP002 = "error"
        [tool.ckptlint.versions]
        torch = "2.4"
        """,
        "pyproject.toml",
    )
    settings = join(read, Overrides(), tmp_path)
    assert settings.codes == {"CKP001"}
    assert not settings.default_exclusions
    assert [one.base for one in settings.exclusions] == [tmp_path, tmp_path]
    assert settings.min_confidence is Confidence.LOW
    assert settings.evaluation_names == {"score_epoch"}
    assert settings.max_file_size == 2_000_000
    assert settings.ignored_in(str(tmp_path / "tests" / "deep" / "a.py")) == {"CKP001", "CKP002"}
    assert settings.ignored_in(str(tmp_path / "src" / "a.py")) == set()
    assert settings.severity == {"CKP001": Severity.NOTE, "CKP002": Severity.ERROR}
    assert settings.versions == {"torch": "2.4"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# comment\nslect = []", "ckptlint.toml:2: unknown key `slect` in the top level; did you mean `select`?"),
        ("min_confidence = 'low'", "ckptlint.toml:1: unknown key `min_confidence` in the top level; did you mean `min-confidence`?"),
        ("\nselect = ['CKP01x']", "ckptlint.toml:2: `select`: no rule, topic or prefix is called `CKP01x`; did you mean `CKP001`?"),
        ("ignore = ['unused-supression']", "`unused-supression`; did you mean `unused-suppression`?"),
        ("select = 'CKP001'", "ckptlint.toml:1: `select`: must be a list of strings"),
        ("select = [1]", "ckptlint.toml:1: `select`: must be a string, not 1"),
        ("min-confidence = 'hihg'", "`hihg` is no confidence: write low, medium or high; did you mean `high`?"),
        ("[severity]\n\nCKP001 = 'eror'", "ckptlint.toml:3: `severity.CKP001`: `eror` is no severity: write error, warning or note; did you mean `error`?"),
        ("severity = {CKP001 = 'off'}", "ckptlint.toml:1: `severity.CKP001`: `off` is no severity"),
        ("severity = 1", "ckptlint.toml:1: `severity`: must be a table"),
        ("[per-file-ignores]\n'a.py' = 'CKP001'", "ckptlint.toml:2: `per-file-ignores.a.py`: must be a list of strings"),
        ("[versions]\ntorch = '>=2.4'", "ckptlint.toml:2: `versions.torch`: `>=2.4` is no version: write one such as 2.4"),
        ("[versions]\ntorch = 2.4", "ckptlint.toml:2: `versions.torch`: must be a string, not 2.4"),
        ("evaluation-names = ['my eval']", "`my eval` is no Python name"),
        ("max-file-size = '5 XB'", "`5 XB` is no file size"),
        ("max-file-size = true", "`max-file-size`: must be a string or a number, not True"),
        ("max-file-size = 0", "`0` is no file size"),
        ("[api]\nname = 'x'", "ckptlint.toml:1: [api] must be an array of tables: write [[api]]"),
        ("select = [\n", "ckptlint.toml:2:1: not valid TOML: "),
        ("select = x\n", "ckptlint.toml:1:10: not valid TOML: Invalid value"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_place_and_cure(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        config(tmp_path, text)
    assert message in str(refused.value)


def test_keys_of_other_tools_are_not_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^pyproject.toml:4: unknown key `slect` in \[tool.ckptlint\]"):
        config(tmp_path, "[tool.ruff]\nslect = 1\n[tool.ckptlint]\nslect = 1\n", "pyproject.toml")


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "ckptlint.toml").write_bytes(b"# \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 2"):
        read_config(tmp_path / "ckptlint.toml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "ckptlint.toml")


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_config(deep) is None
    (tmp_path / "pyproject.toml").write_text("[tool.ckptlint]\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert find_config(deep) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "ckptlint.toml").touch()
    assert find_config(deep) == tmp_path / "a" / "ckptlint.toml"
    (deep / ".git").touch()
    assert find_config(deep) is None


def test_a_broken_pyproject_without_us_is_not_our_business(tmp_path: Path) -> None:
    (tmp_path / ".git").touch()
    (tmp_path / "pyproject.toml").write_text("[tool")
    assert find_config(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.ckptlint")
    with pytest.raises(ConfigError, match="not valid TOML"):
        find_config(tmp_path)


def test_two_files_side_by_side_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ckptlint]\n")
    (tmp_path / "ckptlint.toml").touch()
    with pytest.raises(ConfigError, match="keep one of the two"):
        find_config(tmp_path)


def selection(select: str | None = None, extend: str = "", ignore: str = "") -> Selection:
    def parsed(text: str) -> tuple[object, ...]:
        return tuple(parse_selector(word) for word in text.split())

    return Selection(None if select is None else parsed(select), parsed(extend), parsed(ignore))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("file", "line", "codes"),
    [
        (selection(), selection(), {"CKP001", "CKP002"}),
        (selection(ignore="CKP0", extend="CKP002"), selection(), {"CKP002"}),
        (selection(select="CKP0", ignore="CKP002"), selection(), {"CKP001"}),
        (selection(ignore="CKP002"), selection(select="CKP002"), {"CKP001", "CKP002"}),
        (selection(ignore="CKP001"), selection(select="CKP002"), {"CKP002"}),
        (selection(select="CKP002"), selection(ignore="ALL"), set()),
        (selection(), selection(select="", extend="unused-suppression"), {"CKP001", "CKP002"}),
        (selection(), selection(select="tool", ignore="unreadable-file"), {"CKP002"}),
    ],
)
def test_selection(file: Selection, line: Selection, codes: set[str], tmp_path: Path) -> None:
    settings = join(FileConfig(selection=file), Overrides(selection=line), tmp_path)
    assert {code for code in settings.codes if code.startswith("CKP00")} == codes


def test_patterns_of_file_and_command_line_have_their_own_folders(tmp_path: Path) -> None:
    read = config(tmp_path, "exclude = ['/a']\nextend-exclude = ['/b']")
    here = tmp_path / "sub"
    settings = join(read, Overrides(exclude=("/c",), extend_exclude=("/d",)), here)
    assert [one.base for one in settings.exclusions] == [tmp_path, here, here]


@pytest.mark.parametrize(("text", "size"), [("10", 10), (7, 7), ("1.5kB", 1500), ("2MiB", 2 << 20), ("1 gb", 10**9)])
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


def test_rows_of_knowledge_are_checked_with_their_place(tmp_path: Path) -> None:
    text = '[[api]]\nname = "my.save"\nrole = "optimizer"\n[[api]]\nname = "my.Adam"\nrole = "optimiser"\n'
    read = config(tmp_path, text)
    assert read.api is not None
    assert read.api.places == ("ckptlint.toml:1", "ckptlint.toml:4")
    with pytest.raises(ConfigError, match=r'^ckptlint.toml:4: .*unknown role "optimiser"'):
        catalog_of(join(read, Overrides(), tmp_path))
    right = config(tmp_path, text.replace("optimiser", "optimizer"))
    assert catalog_of(join(right, Overrides(), tmp_path)).api("my.Adam") is not None


def test_a_framework_that_nothing_is_known_of(tmp_path: Path) -> None:
    read = config(tmp_path, "[versions]\ntorhc = '2.4'\n")
    with pytest.raises(
        ConfigError, match=r"`versions`: nothing is known of a framework `torhc`; did you mean `torch`\?"
    ):
        catalog_of(join(read, Overrides(), tmp_path))
    with pytest.raises(ConfigError, match=r"`elsewhere`; known are .*\btorch\b"):
        catalog_of(join(config(tmp_path, "[versions]\nelsewhere = '1'\n"), Overrides(), tmp_path))
    own = "[versions]\nelsewhere = '1'\n[[api]]\nname = 'elsewhere.Adam'\nrole = 'optimizer'\nframework = 'elsewhere'\n"
    assert catalog_of(join(config(tmp_path, own), Overrides(), tmp_path)).api("elsewhere.Adam") is not None
