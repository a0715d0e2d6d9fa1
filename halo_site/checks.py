"""System checks of the platform, each with an id and a hint."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Warning, register
from django.db.migrations.loader import MigrationLoader

from halo_site.store.namespaces import NAMESPACES, NUMBER


@register()
def migrations_are_atomic(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A migration and its record are one transaction (DESIGN §3), so none of ours may opt out."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return [
        Error(
            f"{label}.{name} has atomic = False.",
            hint="Split it, so that each part can be one transaction with its record.",
            obj=apps.get_app_config(label),
            id="halo.E001",
        )
        for (label, name), migration in sorted(loader.disk_migrations.items())
        if label in NAMESPACES and not migration.atomic
    ]


@register()
def migrations_are_numbered(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A namespace's version is the leading number of its newest migration (DESIGN §3)."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return [
        Error(
            f"The migration {label}.{name} does not begin with a number.",
            hint="Name it 0002_what_it_does, with the next number of its app.",
            obj=apps.get_app_config(label),
            id="halo.E002",
        )
        for label, name in sorted(loader.disk_migrations)
        if label in NAMESPACES and not NUMBER.match(name)
    ]


@register()
def https_needs_a_trusted_proxy(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Our server speaks plain HTTP, so a public https address means that a proxy stands before it."""
    if not settings.HALO_URL.startswith("https://") or settings.HALO_TRUSTED_PROXY:
        return []
    return [
        Warning(
            "HALO_URL is an https address, but HALO_TRUSTED_PROXY is not set.",
            hint="Name the proxy's address in HALO_TRUSTED_PROXY; until then its headers are not believed.",
            id="halo.W001",
        )
    ]
