"""Every secret that a run could meet, by value, so that none of them is ever stored."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from app_manager.models import App
from halo_site.datadir.config import site_config
from halo_site.datadir.notification_targets import hidden_parts
from halo_site.datadir.secrets import SecretMissing, resolve, secret_values


def known_values() -> list[str]:
    """The values in secrets.json, and of every ``env:NAME`` in config.json and in specs of MCP servers.

    Of the addresses of notification targets also each part that can be a token.
    """
    servers = App.objects.installed().filter(spec__type="mcp").values_list("spec", flat=True)
    referring = (site_config().model_dump(mode="json"), *map(dict, servers))
    named = [value for each in referring for value in _variables(each)]
    return [*secret_values(), *named, *_parts_of_targets()]


def _parts_of_targets() -> Iterator[str]:
    for target in site_config().notifications.targets:
        with suppress(SecretMissing):
            yield from hidden_parts(resolve(target.url))


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _variables(item)
    elif isinstance(value, list):
        for item in value:
            yield from _variables(item)
    elif isinstance(value, str) and value.startswith("env:"):
        try:
            yield resolve(value)
        except SecretMissing:
            return
