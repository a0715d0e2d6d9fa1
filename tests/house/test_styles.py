"""Style sheets keep to the tokens, reach the contrast of WCAG AA in both themes, and are all loaded."""

import re

import pytest

from tests.house.styles import CSS, DECLARATION, contrast, sheets, themed_colours
from tests.house.templates import TAG, sources

COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)a?\("
    r"|(?<![\w-])(?:white|black|red|green|blue|gray|grey|orange|yellow|purple|pink|silver|navy|teal)(?![\w-])",
    re.IGNORECASE,
)
HALF_A_NAME = re.compile(r"[\w-]+-\{% if .*?endif %\}")
PIXELS = re.compile(r"(?<![\w-])\d*\.?\d+px\b")
GROUNDS = ("bg", "surface", "raised", "sunken", "hover")
TEXTS = ("text", "muted", "faint", "brand", "brand-hover", "ok", "bad", "wait", "run")
STATES = ("ok", "bad", "wait", "run")
TEXT_PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    *((text, f"{state}-soft") for state in STATES for text in (state, "text", "muted")),
    *((text, "brand-soft") for text in ("brand", "text", "muted")),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("on-bad", "bad"),
]
MARK_PAIRS = [
    *((f"{state}-mark", "surface") for state in STATES),
    *((f"series-{series}", "surface") for series in ("1", "2", "3", "4", "5", "others")),
    ("control-line", "surface"),
    ("control-line", "bg"),
]


def raw_values(sheet: str) -> list[str]:
    """Colours and pixels that are not tokens."""
    values = [value for _, value in DECLARATION.findall(sheet)]
    return PIXELS.findall(sheet) + [found for value in values for found in COLOUR.findall(value)]


def test_colours_and_pixels_stand_in_the_tokens_only():
    assert {
        name: found
        for name, sheet in sheets().items()
        if name != "tokens.css" and (found := raw_values(sheet))
    } == {}


@pytest.mark.parametrize(
    "planted",
    ["a { color: #fff }", "a { color: oklch(50% 0 0); }", "a { border: 1px solid; }", "a { color: red; }",
     "@media (max-width: 800px) { a { margin: 0; } }"],
)  # fmt: skip
def test_a_raw_value_would_be_seen(planted):
    assert raw_values(planted)


def test_selectors_and_tokens_are_no_raw_values():
    assert (
        raw_values(
            "#add a:hover { color: var(--red); white-space: nowrap; width: 1rem; fill: currentColor; }"
        )
        == []
    )


def test_every_colour_token_names_both_themes():
    declared = dict(DECLARATION.findall(sheets()["tokens.css"]))
    assert [name for name, value in declared.items() if "oklch" in value and "light-dark" not in value] == []


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0)], ids=["text", "marks"])
def test_what_one_reads_stands_out(pairs, least, theme):
    colours = themed_colours(sheets()["tokens.css"])
    ratios = {pair: contrast(colours[pair[0]][theme], colours[pair[1]][theme]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least} == {}


def test_contrast_is_measured_as_wcag_does():
    assert round(contrast((100, 0, 0), (0, 0, 0)), 1) == 21.0
    assert contrast((62, 0.018, 262), (100, 0, 0)) < 4.5


def unloaded(site: str, names: set[str]) -> set[str]:
    """Style sheets that the entry does not import, and imports of sheets that are not there."""
    return names ^ set(re.findall(r"@import url\(\"([^\"]+)\"\) layer\(\w+\);", site))


def test_every_sheet_is_imported_into_a_layer():
    entries = {"site.css", "admin.css"}
    assert unloaded((CSS / "site.css").read_text(), sheets().keys() - entries) == set()


def test_an_unloaded_sheet_would_be_seen():
    assert unloaded('@import url("a.css") layer(base);', {"a.css", "b.css"}) == {"b.css"}


def test_the_entry_holds_layers_and_imports_only():
    lines = [line for line in sheets()["site.css"].splitlines() if line]
    assert [line for line in lines if not line.startswith(("@layer ", "@import "))] == []


def loose_tokens(all_sheets: dict[str, str]) -> tuple[set[str], set[str]]:
    """Custom properties that are read but never set, and tokens that are never read."""
    text = "\n".join(all_sheets.values())
    read = set(re.findall(r"var\((--[\w-]+)", text))
    is_set = set(re.findall(r"(--[\w-]+)\s*:", text))
    tokens = set(re.findall(r"(--[\w-]+)\s*:", all_sheets["tokens.css"]))
    return read - is_set, tokens - read


def test_every_token_is_set_and_read():
    assert loose_tokens(sheets()) == (set(), set())


def test_loose_tokens_would_be_seen():
    assert loose_tokens({"tokens.css": ":root { --a: 1; }", "b.css": "p { top: var(--b); }"}) == (
        {"--b"},
        {"--a"},
    )


def unstyled(template: str, sheet: str) -> set[str]:
    """Classes that a template gives and no style sheet knows."""
    values = re.findall(r"\bclass=\"([^\"]*)\"", template)
    # "tone-{% if … %}bad{% else %}ok{% endif %}" is half a name: only the whole page knows the rest
    whole = (TAG.sub(" ", HALF_A_NAME.sub(" ", value)) for value in values)
    used = {name for value in whole for name in value.split() if not name.endswith("-")}
    return used - set(re.findall(r"\.(-?[a-z_][\w-]*)", sheet, re.IGNORECASE))


def test_every_class_of_a_template_has_a_style():
    sheet = "\n".join(sheets().values())
    # the administration's pages wear Django's classes
    ours = {name: source for name, source in sources().items() if not name.startswith("admin/")}
    assert {name: found for name, source in ours.items() if (found := unstyled(source, sheet))} == {}


def test_an_unstyled_class_would_be_seen():
    assert unstyled('<p class="a tone-{{ x }}{% if y %} b{% endif %} c">', ".a {} .c {}") == {"b"}


def test_half_a_class_name_is_not_judged():
    assert unstyled('<p class="a tone-{% if x %}bad{% else %}ok{% endif %}">', ".a {}") == set()
