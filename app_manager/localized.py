"""A spec's own translations (`i18n`), for people who read another language (BEHAVIOUR, App spec)."""

from collections.abc import Mapping
from typing import Any

# Browsers and Django name Chinese by its script, specs by its country.
_SCRIPTS = {"zh-cn": "zh-hans", "zh-sg": "zh-hans", "zh-tw": "zh-hant", "zh-hk": "zh-hant"}


def translation(i18n: Any, language: str | None) -> Mapping[str, Any]:
    """The block of ``i18n`` that suits the language best: the same, else one of the same root, else none."""
    if not isinstance(i18n, Mapping) or not language:
        return {}
    blocks = {_normal(str(key)): block for key, block in i18n.items() if isinstance(block, Mapping)}
    wanted = _normal(language)
    if wanted in blocks:
        return blocks[wanted]
    return next((block for key, block in blocks.items() if _root(key) == _root(wanted)), {})


def text(block: Any, key: str, default: str) -> str:
    """The text under ``key`` of a translation, or the default where it has none."""
    value = block.get(key) if isinstance(block, Mapping) else None
    return value if isinstance(value, str) and value.strip() else default


def part(block: Any, *keys: str) -> Mapping[str, Any]:
    """The mapping below ``keys`` of a translation; empty where there is none."""
    for key in keys:
        block = block.get(key) if isinstance(block, Mapping) else None
    return block if isinstance(block, Mapping) else {}


def _normal(language: str) -> str:
    name = language.lower().replace("_", "-")
    return _SCRIPTS.get(name, name)


def _root(language: str) -> str:
    return language.partition("-")[0]
