"""A good spec to start from."""

from typing import Any

from app_manager.spec import SpecError, parse_spec

GOOD = """\
name: Kettle Watch
version: "1.0"
author: someone
description: Watches the price of a kettle.
type: automation
system_prompt: Look at the page and report the price.
"""  # six lines: what a test adds starts on line 7

FULL: dict[str, Any] = {
    "spec_version": "1",
    "name": "Kettle Watch",
    "version": "1.0",
    "author": "someone",
    "description": "Watches the price of a kettle.",
    "type": "automation",
    "icon": "shopping",
    "system_prompt": "Look at the page and report the price.",
    "permissions": ["web_fetch", "memory.space"],
    "requires": {
        "mcps": [{"id": "shop", "reason": "prices"}],
        "skills": ["tea", {"id": "milk", "files": ["a.md"]}],
    },
    "config_schema": [
        {"key": "page", "label": "Page", "type": "url", "required": True, "default": "https://example.org/"},
        {"key": "limit", "label": "Limit", "type": "number", "default": 20},
        {
            "key": "tone",
            "label": "Tone",
            "type": "select",
            "default": "short",
            "options": [{"label": "Short", "value": "short"}, {"label": "Two", "value": 2}],
        },
    ],
    "subscriptions": [
        {
            "id": "morning",
            "source": {"type": "schedule", "config": {"cron": "0 9 * * *"}},
            "frequency": {"default": "1d", "min": "1h", "max": "7d"},
            "timezone": "Europe/Berlin",
            "missed": "skip",
            "overlap": "queue_one",
            "prompt": "Be brief.",
        },
        {"source": {"type": "file", "config": {"pattern": "**/*.csv"}}, "config_key": "page"},
    ],
    "filters": [{"field": "payload.size", "op": "gt", "value": 3}],
    "memory_schema": {"prices": {"type": "array", "description": "seen"}},
    "output": {"notify": {"system": True, "channels": ["email"]}, "format": "markdown"},
    "escalation": {"enabled": True, "timeout_hours": 24},
    "recommended_model": "any",
    "browser_login": [{"url": "https://example.org/", "label": "Shop"}],
    "store": {"slug": "kettle-watch", "tags": ["tea", "12306"]},
    "i18n": {"de-DE": {"name": "Kessel"}},
}


def problems(text: str) -> list[tuple[int, int, str, str]]:
    """(line, column, path, sentence) of everything wrong with a spec; empty if it is legal."""
    try:
        parse_spec(text)
    except SpecError as error:
        return [(p.line, p.column, p.path, p.sentence) for p in error.problems]
    return []
