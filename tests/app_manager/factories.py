"""A spec with defaults, installed apps, and broken specs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from app_manager.install import install
from app_manager.models import App
from app_manager.states import Status
from halo_site import audit
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import Space, all_spaces

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TESTER = audit.system("tests")

SPEC: dict[str, Any] = {
    "name": "Kettle Watch",
    "version": "1.0",
    "author": "someone",
    "description": "Watches the price of a kettle.",
    "type": "automation",
    "system_prompt": "Look at the page and report the price.",
    "permissions": ["web", "memory.space"],
    "subscriptions": [{"id": "morning", "source": {"type": "schedule", "config": {"cron": "0 9 * * *"}}}],
}
PAGE = {"key": "page", "label": "Page", "type": "url", "required": True}
LIMIT = {"key": "limit", "label": "Limit", "type": "number", "default": 20}

GOOD = yaml.safe_dump(SPEC)
BROKEN = {
    "no name": "version: '1'\nauthor: a\ndescription: d\ntype: automation\nsystem_prompt: p\n",
    "empty": "",
    "a list": "- one\n- two\n",
    "bad indentation": "name: a\n   version: b\n",
    "a tab": "name: a\nstore:\n\tslug: b\n",
    "a duplicate key": GOOD + "name: Another\n",
    "an unknown type": GOOD.replace("type: automation", "type: robot"),
    "a short interval": GOOD.replace("cron: 0 9 * * *", "every: 5s"),
    "an impossible cron": GOOD.replace("0 9 * * *", "0 0 30 2 *"),
    "code": GOOD + "icon: !!python/object/apply:os.system ['true']\n",
    "an alias bomb": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{key}: &{key} [{', '.join([f'*{before}'] * 10)}]\n" for before, key in ("ab", "bc", "cd", "de")
    ),
    "filters that are no list": GOOD + "filters: 3\n",
}


def spec_text(**changes: Any) -> str:
    """The YAML of `SPEC` with other values; None takes a key out."""
    spec = {key: value for key, value in {**SPEC, **changes}.items() if value is not None}
    return yaml.safe_dump(spec, allow_unicode=True, sort_keys=False)


def space() -> Space:
    """The space that every test has."""
    return all_spaces()[0]


def install_app(
    text: str | None = None,
    *,
    configuration: dict[str, Any] | None = None,
    granted: tuple[str, ...] = (),
    denied: tuple[str, ...] = (),
    now: datetime = NINE,
    **changes: Any,
) -> App:
    """An app with defaults for everything."""
    return install(
        spec_text(**changes) if text is None else text,
        space=space(),
        configuration=configuration or {},
        permissions={"granted": granted, "denied": denied},
        actor=TESTER,
        now=now,
    )


def uninstall(app: App) -> None:
    app.change_status(Status.UNINSTALLED, actor=TESTER, now=NINE, uninstalled_at=NINE)


def everything_below_spaces() -> list[Path]:
    """All files and folders of the spaces, to compare before and after."""
    return sorted(data_dir().spaces.rglob("*"))
