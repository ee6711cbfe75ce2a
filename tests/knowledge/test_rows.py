"""Every shipped row has the shape of its role; a wrong row gets a message that says what is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ckptlint.knowledge import table
from ckptlint.knowledge.catalog import CatalogError, default_catalog
from ckptlint.knowledge.roles import ROLE_KEYS, Kind, Role
from ckptlint.knowledge.rows import check_row, names_of, roles_on
from ckptlint.knowledge.table import build, documents, shipped

DOCUMENTS = documents()


def shipped_rows() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file, document in DOCUMENTS.items():
        for kind in ("api", "method"):
            for row in document.get(kind, []):
                yield file, kind, {"framework": document.get("framework", "any"), **row}


@pytest.mark.parametrize("file", sorted(DOCUMENTS))
def test_shape(file: str) -> None:
    assert set(DOCUMENTS[file]) <= {"framework", "libraries", "bundled", "aliases", "api", "method"}
    for source, kind, row in shipped_rows():
        if source == file:
            check_row(row, source)
            assert ("on" in row) == (kind == "method"), row


def test_no_name_twice() -> None:
    seen: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _, _, row in shipped_rows():
        for name in names_of(row):
            for role in roles_on(row) or ("",):
                seen.setdefault((role, name), []).append(row)
    for key, rows in seen.items():
        bounds = [(row.get("since"), row.get("until")) for row in rows]
        assert len(rows) == 1 or all(bound != (None, None) for bound in bounds), key
        assert len(set(bounds)) == len(bounds), key
        # A single row may be for what the newest version no longer has.
        in_newest = sum("until" not in row for row in rows)
        assert in_newest == 1 or len(rows) == 1, f"{key}: one row must hold for the newest version"


def test_instance_of_names_a_known_class() -> None:
    catalog = default_catalog()
    for _, _, row in shipped_rows():
        if "instance_of" in row:
            assert catalog.api(row["instance_of"]) is not None, row


def test_aliases_lead_to_something() -> None:
    rows = shipped()
    known = {*rows["names"], *(pattern for pairs in rows["patterns"].values() for pattern, _ in pairs)}
    for pairs in rows["aliases"].values():
        for other, usual in pairs:
            assert any(name == usual or name.startswith(f"{usual}.") for name in known), (other, usual)


def test_compiled_copy_is_fresh() -> None:
    """When this fails: python -m ckptlint.knowledge.table."""
    compiled = json.loads(Path(table.__file__).with_name("compiled.json").read_text())
    assert compiled["digest"] == table._digest(table._sources())
    assert compiled["table"] == json.loads(json.dumps(build(DOCUMENTS.values())))


def test_a_stale_copy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    row = b'[[api]]\nname = "own.save"\nrole = "save"\n'
    monkeypatch.setattr(table, "_sources", lambda: {"own.toml": row})
    assert list(table.shipped()["names"]) == ["own.save"]


def test_every_role_has_keys_with_choices_that_are_words() -> None:
    assert set(ROLE_KEYS) == set(Role)
    for keys in ROLE_KEYS.values():
        for key in keys.values():
            assert not key.choices or key.kind in (Kind.TEXT, Kind.TEXTS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"role": "save"}, "a row without a name: give the API as name"),
        ({"name": "own.save", "names": ["b"], "role": "save"}, "give the API as name"),
        ({"name": "own.save"}, 'row "own.save": role is missing'),
        ({"name": "own.Adam", "role": "optimiser"}, 'unknown role "optimiser"; did you mean "optimizer"?'),
        ({"name": "own.Adam", "role": "zzz"}, 'unknown role "zzz"; known are average,'),
        (
            {"name": "own.Adam", "role": "optimizer", "statefull": True},
            'role "optimizer" has no key "statefull"; did you mean "stateful"?',
        ),
        ({"name": "own.Drop", "role": "layer", "buffers": 3}, "buffers must be true, false or a condition"),
        ({"name": "own.Drop", "role": "layer", "sensitive": "p >"}, "sensitive: .* a value is missing"),
        (
            {"name": "own.Drop", "role": "layer", "params": ["rate"], "sensitive": "rte > 0"},
            'sensitive names "rte", which is not in params; did you mean "rate"?',
        ),
        ({"name": "own.save", "role": "save", "value": "obj"}, 'value names "obj", which is not in params$'),
        ({"name": "own.save", "role": "save", "stores": "weight"}, '"weight" is none .* "weights"?'),
        ({"name": "own.f", "role": "harmless", "params": "x"}, "params must be a list of parameter names"),
        ({"name": "own.f", "role": "harmless", "since": "2.x"}, 'since must be a version such as "2.6"'),
        ({"name": "own.f", "role": "harmless", "since": "2"}, "since and until need framework"),
        ({"name": "own.f", "role": "harmless", "evidence": True}, '"evidence" belongs to a method'),
        (
            {"name": "f", "on": "modle", "role": "harmless"},
            'unknown role "modle" in on; did you mean "model"?',
        ),
        (
            {"name": "f", "on": ["model", "tensor"], "role": "harmless", "evidence": True},
            "evidence needs exactly one role",
        ),
        ({"name": "f", "role": "harmless", "params": ["a"], "defaults": {"b": 1}}, 'defaults names "b"'),
        ({"name": "own.f", "role": "model", "families": {"true": "x"}}, "families.true must be a list"),
        ({"name": "own.f", "role": "model", "families": {"p > 0": ["x"]}}, 'families names "p"'),
        ({"name": "own.f", "role": "model", "families": {"p >": ["x"]}}, "families: .* a value is missing"),
    ],
)
def test_wrong_rows(row: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogError, match=message.replace("?", r"\?")) as caught:
        default_catalog().with_rows([row], "pyproject.toml")
    assert str(caught.value).startswith("pyproject.toml: ")
