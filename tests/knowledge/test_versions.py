"""Rows of one version, and frameworks that come with another."""

from __future__ import annotations

import pytest

from ckptlint.knowledge.catalog import default_catalog

CATALOG = default_catalog()


@pytest.mark.parametrize(
    ("versions", "has_endings"),
    [
        ({}, True),
        ({"keras": "2.15"}, False),
        ({"tensorflow": "2.15"}, False),
        ({"tensorflow": "2.16.1"}, True),
        ({"tensorflow": "2.3", "keras": "3"}, True),
    ],
)
def test_bundled_version(versions: dict[str, str], has_endings: bool) -> None:
    api = CATALOG.with_versions(versions).api("keras.Model.save_weights")
    assert api is not None
    assert ("endings" in api.options) is has_endings


def test_retired() -> None:
    found = CATALOG.retired("keras")
    assert b".fit_generator(" in found
    assert b".save_weights(" not in found
    assert CATALOG.with_versions({"keras": "3.1"}).retired("keras") == frozenset()
