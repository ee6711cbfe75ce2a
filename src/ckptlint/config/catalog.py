"""Library knowledge with the user's own rows."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from ckptlint.config.errors import ConfigError
from ckptlint.config.settings import Settings
from ckptlint.selectors import suggestion

if TYPE_CHECKING:
    from ckptlint.knowledge.catalog import Catalog


def catalog_of(settings: Settings) -> Catalog:
    """The catalog for the configured versions, with the configured rows. Raises `ConfigError`."""
    # Loaded here, for most commands need no knowledge.
    from ckptlint.knowledge.catalog import default_catalog
    from ckptlint.knowledge.rows import CatalogError, check_row

    catalog = default_catalog()
    if settings.versions:
        catalog = catalog.with_versions(settings.versions)
    if settings.api is not None:
        try:
            for row, place in zip(settings.api.rows, settings.api.places, strict=True):
                check_row(row, place)
            catalog = catalog.with_rows(settings.api.rows, settings.api.source)
        except CatalogError as error:
            raise ConfigError(str(error)) from error
    if settings.versions:
        _check_frameworks(settings, catalog.frameworks)
    return catalog


def _check_frameworks(settings: Settings, known: Set[str]) -> None:
    for name in settings.versions:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ConfigError(
                f"{settings.source}: `versions`: nothing is known of a framework `{name}`"
                f"{suggestion(name, known) or f'; known are {listed}'}"
            )
