"""The comparing part of scripts/ecosystem.py; nothing here touches the network."""

from __future__ import annotations

import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "ecosystem.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ecosystem", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ecosystem"] = module
    spec.loader.exec_module(module)
    return module


ecosystem = load()
PACKAGE = ecosystem.Package("toy", "1.0")


def entry(**changes: Any) -> Any:
    known: dict[str, Any] = {
        "path": "toy/train.py",
        "row": 7,
        "code": "CKP401",
        "fingerprint": "f1",
        "confidence": "high",
        "verdict": "right",
        "reason": "no eval() before the loop",
    }
    return ecosystem.Entry(**{**known, **changes})


def listing(*entries: Any, version: str = "1.0", low: dict[str, int] | None = None) -> Any:
    return ecosystem.Listing(ecosystem.Package("toy", version), list(entries), low or {})


def diagnostic(**changes: Any) -> dict[str, Any]:
    known = {"path": "toy/train.py", "row": 7, "code": "CKP401", "fingerprint": "f1", "confidence": "high"}
    return {**known, "message": "`net` is in train mode", **changes}


class TestCompare:
    def test_a_list_that_holds_has_no_change(self) -> None:
        assert ecosystem.compare(listing(entry()), listing(entry(verdict="unreviewed"))) == []

    def test_a_diagnostic_that_no_list_holds(self) -> None:
        (change,) = ecosystem.compare(listing(), listing(entry(message="`net` is in train mode")))
        assert change == "+ toy/train.py:7 CKP401 high  `net` is in train mode"

    def test_a_listed_one_that_vanished_says_its_verdict(self) -> None:
        (change,) = ecosystem.compare(listing(entry()), listing())
        assert change.startswith("- toy/train.py:7 CKP401 high")
        assert "was right: no eval() before the loop" in change

    def test_another_confidence(self) -> None:
        (change,) = ecosystem.compare(listing(entry()), listing(entry(confidence="medium")))
        assert change.startswith("~ toy/train.py:7 CKP401 medium  (was high)")

    def test_another_row(self) -> None:
        (change,) = ecosystem.compare(listing(entry()), listing(entry(row=9)))
        assert change == "~ toy/train.py:9 CKP401 high  (was row 7)"

    def test_an_unreviewed_one(self) -> None:
        (change,) = ecosystem.compare(listing(entry(verdict="unreviewed", reason="")), listing(entry()))
        assert change.startswith("? toy/train.py:7 CKP401 high  unreviewed")

    def test_a_wrong_one_that_is_still_there_is_no_change(self) -> None:
        assert ecosystem.compare(listing(entry(verdict="wrong", reason="frozen")), listing(entry())) == []

    def test_equal_fingerprints_are_counted(self) -> None:
        twice = listing(entry(), entry(row=20))
        (change,) = ecosystem.compare(listing(entry()), twice)
        assert change.startswith("+ toy/train.py:20")
        assert ecosystem.compare(twice, twice) == []

    def test_a_list_of_another_version(self) -> None:
        changes = ecosystem.compare(listing(entry(), version="0.9"), listing(entry()))
        assert changes == ["! the list is of 0.9, the pin says 1.0: run --update"]


class TestMerged:
    def test_verdicts_survive_a_changed_row_and_confidence(self) -> None:
        result = ecosystem.merged(listing(entry()), listing(entry(row=9, confidence="medium", verdict="unreviewed")))
        assert result.entries == [entry(row=9, confidence="medium")]

    def test_new_ones_are_unreviewed_and_vanished_ones_leave(self) -> None:
        new = entry(fingerprint="f2", verdict="unreviewed", reason="")
        assert ecosystem.merged(listing(entry()), listing(new)).entries == [new]

    def test_another_version_is_to_be_reviewed_again(self) -> None:
        (result,) = ecosystem.merged(listing(entry(), version="0.9"), listing(entry())).entries
        assert (result.verdict, result.reason) == ("unreviewed", "no eval() before the loop")


class TestFound:
    def test_low_ones_are_counted_not_listed(self) -> None:
        items = [diagnostic(), diagnostic(confidence="low"), diagnostic(confidence="low", code="CKP101")]
        now = ecosystem.found(PACKAGE, items, Path("/cache/toy-1.0"))
        assert [e.code for e in now.entries] == ["CKP401"]
        assert now.low == {"CKP401": 1, "CKP101": 1}

    def test_paths_are_those_inside_the_package(self, tmp_path: Path) -> None:
        items = [diagnostic(path=str(tmp_path / "toy" / "a.py")), diagnostic(path="./toy/b.py")]
        now = ecosystem.found(PACKAGE, items, tmp_path)
        assert [e.path for e in now.entries] == ["toy/a.py", "toy/b.py"]


class TestLists:
    def test_what_is_written_is_read_back(self, tmp_path: Path) -> None:
        path = tmp_path / "toy.jsonl"
        whole = listing(entry(), entry(path="toy/a.py", reason="Maß"), low={"CKP101": 3})
        ecosystem.write_list(path, whole)
        again = ecosystem.read_list(path, PACKAGE)
        assert again.by_key() == whole.by_key()
        assert again.low == {"CKP101": 3}
        assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["version"] == "1.0"

    @pytest.mark.parametrize(
        ("row", "told"),
        [
            ("{", "not a JSON object"),
            (json.dumps({"path": "a.py"}), "missing"),
            (json.dumps({**diagnostic(), "verdict": "maybe", "reason": "x"}), "verdict is 'maybe'"),
            (json.dumps({**diagnostic(), "verdict": "right", "reason": " "}), "needs its reason"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, row: str, told: str) -> None:
        path = tmp_path / "toy.jsonl"
        path.write_text(json.dumps({"package": "toy", "version": "1.0"}) + "\n" + row + "\n", encoding="utf-8")
        with pytest.raises(ecosystem.EcosystemError, match=r"toy\.jsonl:2") as caught:
            ecosystem.read_list(path, PACKAGE)
        assert told in str(caught.value)

    def test_a_list_without_a_version_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "toy.jsonl"
        path.write_text(json.dumps(diagnostic()) + "\n", encoding="utf-8")
        with pytest.raises(ecosystem.EcosystemError, match=r"toy\.jsonl:1"):
            ecosystem.read_list(path, PACKAGE)

    def test_the_lists_of_this_repository_are_well_formed(self) -> None:
        pins = ecosystem.read_pins(ecosystem.LISTS / "packages.toml")
        assert "timm==1.0.31" in [package.pin for package in pins]
        for package in pins:
            ecosystem.read_list(ecosystem.LISTS / f"{package.name}.jsonl", package)
        orphans = {path.stem for path in ecosystem.LISTS.glob("*.jsonl")} - {package.name for package in pins}
        assert not orphans


def test_summary_counts_by_code_confidence_and_verdict() -> None:
    entries = [entry(), entry(row=8, fingerprint="f2"), entry(row=9, fingerprint="f3", verdict="wrong")]
    table = ecosystem.summary([listing(*entries, low={"CKP101": 4}), listing(version="2.0")])
    assert "| toy 1.0 | CKP401 | high | 2 | 1 | 0 |" in table
    assert "| toy 1.0 | CKP101 | low | 4 counted | | |" in table
    assert "| toy 2.0 | none | | | | |" in table
    assert "| all | all | high | 2 | 1 | 0 |" in table


def test_unpacking_a_wheel(tmp_path: Path) -> None:
    archive = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("toy/a.py", "x = 1\n")
    ecosystem.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out" / "toy" / "a.py").read_text(encoding="utf-8") == "x = 1\n"


class Reviews:
    """One unpacked package, a folder of lists, and a stand-in for ckptlint that prints what it is told."""

    def __init__(self, root: Path) -> None:
        self.lists, self.cache, self.command = root / "lists", root / "cache", root / "ckptlint"
        (self.cache / "toy-1.0").mkdir(parents=True)
        self.lists.mkdir()
        pin = '[[package]]\nname = "toy"\nversion = "1.0"\n'
        (self.lists / "packages.toml").write_text(pin, encoding="utf-8")

    def run(self, items: object, *options: str, code: int | None = None, stderr: str = "") -> int:
        status = code if code is not None else int(bool(items))
        out = items if isinstance(items, str) else json.dumps(items)
        body = f"import sys\nprint({out!r})\nprint({stderr!r}, file=sys.stderr)\nsys.exit({status})\n"
        self.command.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
        self.command.chmod(0o755)
        places = ["--lists", str(self.lists), "--cache", str(self.cache), "--command", str(self.command)]
        result = ecosystem.main([*places, *options])
        assert isinstance(result, int)
        return result


class TestMain:
    @pytest.fixture
    def reviews(self, tmp_path: Path) -> Reviews:
        return Reviews(tmp_path)

    def test_the_way_from_new_to_reviewed(self, reviews: Reviews, capsys: pytest.CaptureFixture[str]) -> None:
        assert reviews.run([diagnostic()]) == 1
        assert "+ toy/train.py:7 CKP401 high" in capsys.readouterr().out
        assert reviews.run([diagnostic()], "--update") == 0
        assert reviews.run([diagnostic()]) == 1
        assert "? toy/train.py:7" in capsys.readouterr().out
        path = reviews.lists / "toy.jsonl"
        text = path.read_text(encoding="utf-8").replace('"unreviewed", "reason": ""', '"right", "reason": "seen"')
        path.write_text(text, encoding="utf-8")
        assert reviews.run([diagnostic()]) == 0
        assert reviews.run([]) == 1

    @pytest.mark.parametrize(
        ("out", "code", "stderr"),
        [
            ([], 2, "internal error"),
            ([], 0, "Traceback (most recent call last):"),
            ("no json", 0, ""),
            ([], 1, ""),
        ],
    )
    def test_a_crash_is_never_taken_for_a_result(
        self, reviews: Reviews, out: object, code: int, stderr: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert reviews.run(out, "--update", code=code, stderr=stderr) == 2
        assert "toy-1.0" in capsys.readouterr().err
        assert not (reviews.lists / "toy.jsonl").exists()

    def test_an_unknown_package_is_named(self, reviews: Reviews, capsys: pytest.CaptureFixture[str]) -> None:
        assert reviews.run([], "tory") == 2
        assert "tory" in capsys.readouterr().err
