"""Legal specs of legal pieces, under every name that a spec may use for them."""

from typing import Any

from hypothesis import strategies as st

words = st.text("abcdefghijklmnop äöü价", min_size=1, max_size=12).filter(lambda text: text.strip())
lines = st.text("abc \n:#-ä价", max_size=20)
loose = words | st.integers(0, 99_999)
intervals = st.builds("{}{}".format, st.integers(1, 300), st.sampled_from("mhd")) | st.sampled_from(
    ["10s", "0090s", "36500d"]
)
crons = st.sampled_from(["0 9 * * *", "*/15 * * * *", "30 0 8 * * 1-5", " 0 9 1 * * "])
anything = st.none() | st.booleans() | st.integers(-99, 99) | words | st.lists(words, max_size=2)


def mapping(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings with these keys; the optional ones are there, empty or absent."""
    may_be_empty = {key: st.none() | value for key, value in optional.items()}
    return st.fixed_dictionaries(required, optional=may_be_empty)


CONFIGS = {
    "schedule": mapping({"every": intervals}, {"cron": crons}) | mapping({"cron": crons}, {}),
    "file": mapping({}, {"pattern": words, "path": words}),
    "webhook": mapping({}, {"path": loose, "secret": loose}),
    "webpage": mapping({}, {"watch": words, "selector": words, "url": words}),
    "rss": mapping({}, {"url": words}),
    "wecom": mapping({}, {"chatId": loose}),
    "custom": st.dictionaries(words, anything, max_size=2),
}
sources = st.one_of(
    *(st.fixed_dictionaries({"type": st.just(kind), "config": config}) for kind, config in CONFIGS.items())
)
OPTIONAL = {
    "frequency": mapping({"default": intervals}, {"min": intervals, "max": intervals}),
    "prompt": lines,
    "timezone": st.sampled_from(["Europe/Berlin", "UTC", "Asia/Shanghai"]),
    "missed": st.sampled_from(["run_once", "skip"]),
    "overlap": st.sampled_from(["skip", "queue_one"]),
}


@st.composite
def subscriptions(draw: st.DrawFn, keys: list[str]) -> list[dict[str, Any]]:
    """Up to three, each with its source inside or flat, its key under either name."""
    found = []
    for index in range(draw(st.integers(0, 3))):
        source = draw(sources)
        place = source if draw(st.booleans()) else {"source": source}
        more = draw(mapping({}, OPTIONAL))
        if keys and draw(st.booleans()):
            more[draw(st.sampled_from(["input", "config_key"]))] = draw(st.sampled_from(keys))
        if draw(st.booleans()):
            more["id"] = f"number {index}"
        found.append({**place, **more})
    return found


DEFAULTS = {
    "url": st.sampled_from(["", "https://example.org/", "HTTP://example.org"]),
    "text": lines,
    "string": lines,
    "number": st.integers(-9, 9) | st.floats(-9, 9),
    "boolean": st.booleans(),
    "email": st.sampled_from(["", "ada@example.org"]),
}


@st.composite
def form_items(draw: st.DrawFn, key: str) -> dict[str, Any]:
    """One field of the form."""
    facts = {"label": words}
    more = {"description": lines, "required": st.booleans(), "placeholder": loose}
    kind = draw(st.sampled_from([*DEFAULTS, "select"]))
    item = {"key": key, "type": kind, **draw(mapping(facts, more))}
    if kind == "select":
        values = draw(st.lists(words | st.integers(0, 9) | st.booleans(), min_size=1, max_size=3))
        item["options"] = [{"label": draw(loose), "value": value} for value in values]
        return {**item, "default": draw(st.sampled_from(values))} if draw(st.booleans()) else item
    return {**item, **draw(mapping({}, {"default": DEFAULTS[kind]}))}


required = st.lists(
    words | mapping({"id": words}, {"reason": lines, "bundled": st.booleans()}),
    max_size=2,
)
RULES = st.fixed_dictionaries(
    {"field": words, "op": st.sampled_from(["eq", "nin", "matches", "lte"]), "value": anything}
)
TEXTS = {"name": words, "version": words, "description": words}
COMMON = {
    "spec_version": words,
    "display_name": words,
    "icon": words,
    "permissions": st.lists(words, max_size=3),
    "recommended_model": words,
    "store": mapping(
        {}, {"slug": st.sampled_from(["a", "price-watch"]), "tags": st.lists(loose, max_size=2)}
    ),
    "i18n": st.dictionaries(words, st.dictionaries(words, anything, max_size=2), max_size=2),
}
OF_AUTOMATION = {
    "filters": st.lists(RULES, max_size=2),
    "memory_schema": st.dictionaries(words, mapping({"type": words}, {"description": lines}), max_size=2),
    "output": mapping(
        {}, {"notify": mapping({}, {"system": st.booleans(), "channels": st.lists(words)}), "format": words}
    ),
    "escalation": mapping({}, {"enabled": st.booleans(), "timeout_hours": st.floats(0.5, 87_600)}),
    "browser_login": st.lists(mapping({"url": words}, {"label": words}), max_size=2),
}
TRANSPORTED = {
    "args": st.lists(loose, max_size=2),
    "env": st.dictionaries(words, loose, max_size=2),
    "headers": st.dictionaries(words, loose, max_size=2),
}
reached = mapping(
    {"transport": st.sampled_from(["sse", "streamable-http"]), "url": words},
    {**TRANSPORTED, "command": words},
)
started = mapping({"command": words}, {**TRANSPORTED, "cwd": words, "transport": st.just("stdio")})
KINDS = {
    "automation": mapping({**TEXTS, "author": words, "system_prompt": words}, {**COMMON, **OF_AUTOMATION}),
    "mcp": mapping({**TEXTS, "author": words, "mcp_server": started | reached}, COMMON),
    "extension": mapping({**TEXTS, "author": words}, {**COMMON, "system_prompt": lines}),
    "skill": mapping({**TEXTS, "skill_content": words}, {**COMMON, "author": words, "skill_files": anything}),
}


@st.composite
def _specs(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    spec = {"type": kind, **draw(KINDS[kind])}
    keys = [f"key {number}" for number in range(draw(st.integers(0, 3)))]
    if keys or draw(st.booleans()):
        items = [draw(form_items(key)) for key in keys]
        spec[draw(st.sampled_from(["config_schema", "inputs"]))] = items
    if kind == "automation" and draw(st.booleans()):
        spec["subscriptions"] = draw(subscriptions(keys))
    for name in ("mcp", "skill"):
        place = draw(st.sampled_from(["", "top", name, f"{name}s"]))
        if place == "top":
            spec[f"required_{name}s"] = draw(required)
        elif place:
            spec.setdefault("requires", {})[place] = draw(required)
    if draw(st.booleans()):
        spec["x-unknown"] = draw(anything)
    return spec


specs = _specs()
