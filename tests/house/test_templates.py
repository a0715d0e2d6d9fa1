"""Templates keep the rules of DESIGN §9 and of style: nothing inline, words translated, no script needed."""

import re
from collections.abc import Callable
from pathlib import Path

import django.contrib.admin
import pytest

from halo_site.icons import BY_TONE, SHAPES
from tests.house.templates import COMMENT, ROOT, TAG, Markup, sources

PYTHON = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")
# Names that Django itself asks for
DJANGOS_OWN = {
    "400.html",
    "403.html",
    "404.html",
    "500.html",
    "registration/login.html",
    "admin/base_site.html",
}
DJANGOS_ADMIN = Path(django.contrib.admin.__file__).parent / "templates"
REFERENCE = re.compile(r"\{% (?:include|extends) \"([^\"]+)\"")


def inline_code(source: str) -> list[str]:
    """Anything that a strict content security policy would refuse, and code that htmx would evaluate."""
    found = []
    for element in Markup(source).elements:
        if element.name == "style" or (element.name == "script" and "src" not in element.attributes):
            found.append(f"<{element.name}>")
        for name, value in element.attributes.items():
            code = value.strip().lower().startswith(("javascript:", "js:"))
            if name == "style" or name.startswith(("on", "hx-on", "data-hx-on")) or code:
                found.append(f"<{element.name} {name}>")
    return found


def untranslated(source: str) -> list[str]:
    """Words of a person's language that stand outside a translate tag."""
    texts = (" ".join(text.split()) for text in Markup(source).texts)
    return [text for text in texts if re.search(r"[^\W\d_]{2}", re.sub(r"&\w+;", "", text))]


def needs_a_script(source: str) -> list[str]:
    """Requests of htmx that nothing stands for without a script."""
    found = []
    for element in Markup(source).elements:
        keys = element.attributes.keys()
        if "hx-get" in keys and element.name in {"a", "button"} and "href" not in keys:
            found.append(f"<{element.name} hx-get> without href")
        if "hx-post" in keys and not (element.name == "form" and "action" in keys):
            found.append(f"<{element.name} hx-post> is not a form with an action")
        found += [
            f"{name}: forms know GET and POST" for name in ("hx-put", "hx-patch", "hx-delete") if name in keys
        ]
    return found


def without_token(source: str) -> list[str]:
    """Forms that POST without Django's token."""
    forms = re.findall(r"<form\b.*?</form>", COMMENT.sub("", source), re.DOTALL)
    posts = [form for form in forms if re.search(r"method=\"post\"", form, re.IGNORECASE)]
    return [form.split(">")[0] for form in posts if "{% csrf_token %}" not in form]


def poor_polls(source: str) -> list[str]:
    """Polled elements that could not be replaced by themselves, or that htmx may not evaluate."""
    found = []
    for place, element in enumerate(Markup(source).elements):
        trigger = element.attributes.get("hx-trigger", "")
        if "[" in trigger:
            found.append(f"{trigger}: htmx runs with allowEval=false")
        if "every" in trigger:
            if place or not element.attributes.get("id"):
                found.append(f"{trigger}: not on the outer element with an id of its own")
            if "data-live" not in element.attributes:
                found.append(f"{trigger}: without data-live nobody is told when it stands still")
            if element.attributes.get("hx-swap") != "outerHTML":
                found.append(f"{trigger}: replaces itself with hx-swap=outerHTML")
    return found


def unknown_icons(source: str) -> list[str]:
    """Icons by a name that nobody has drawn."""
    code = COMMENT.sub("", source)
    names = re.findall(r"\{% icon \"([\w-]+)\"", code) + re.findall(
        r"\{% chip \S+ (?:\"[^\"]*\"|\S+) \"([\w-]+)\"", code
    )
    names += re.findall(r"\{% include [^%]*?\bicon=\"([\w-]+)\"", code)
    return [name for name in names if name not in SHAPES]


RULES = [
    (inline_code, "<p style='x'>"),
    (inline_code, "<style>p {}</style>"),
    (inline_code, "<script>alert(1)</script>"),
    (inline_code, "<p onclick='x'>"),
    (inline_code, "<p hx-on:click='x'>"),
    (inline_code, "<p hx-on--after-swap='x'>"),
    (inline_code, "<a href='javascript:x'>"),
    (inline_code, "<p hx-vals='js:{a: 1}'>"),
    (untranslated, "<p>Hello</p>"),
    (untranslated, "<p>{% translate 'Hello' %} there</p>"),
    (untranslated, "<p>{% if x %}你好{% endif %}</p>"),
    (untranslated, "<a title='Hello'>{{ name }}</a>"),
    (untranslated, '<b>{{ name|default:"nothing" }}</b>'),
    (untranslated, '{% chip "ok" "Finished" %}'),
    (untranslated, '{% when moment "never" %}'),
    (untranslated, '{% include "halo_site/_empty.html" with icon="apps" title="No apps" %}'),
    (needs_a_script, "<a hx-get='/x'>{{ x }}</a>"),
    (needs_a_script, "<button hx-post='/x'>{{ x }}</button>"),
    (needs_a_script, "<form hx-post='/x' method='post'>"),
    (needs_a_script, "<form hx-delete='/x' action='/x'>"),
    (without_token, '<form method="post" action="/"><button>x</button></form>'),
    (poor_polls, "<div><p id='a' data-live hx-trigger='every 2s' hx-swap='outerHTML'></p></div>"),
    (poor_polls, "<p data-live hx-trigger='every 2s' hx-swap='outerHTML'></p>"),
    (poor_polls, "<p id='a' hx-trigger='every 2s' hx-swap='outerHTML'></p>"),
    (poor_polls, "<p id='a' data-live hx-trigger='every 2s'></p>"),
    (poor_polls, "<p hx-trigger='click[ctrlKey]'></p>"),
    (unknown_icons, '{% icon "unicorn" %}'),
    (unknown_icons, '{% chip "ok" word "unicorn" %}'),
    (unknown_icons, '{% include "halo_site/_empty.html" with icon="unicorn" %}'),
]
FINE = """{% load i18n %}{# a word #}<!-- a word -->
<form hx-post="{% url 'x' %}" action="{% url 'x' %}" method="post">{% csrf_token %}
<label title="{% translate 'Name' %}">{% blocktranslate %}A name{% endblocktranslate %} {{ name }} · 3</label>
<code>spec.yaml</code>{% chip tone text "check" %}{% chip "ok" _("Finished") "check" %}{% icon "play" %}
</form>"""


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _ in RULES), ids=lambda rule: rule.__name__)
def test_every_template_keeps_the_rule(rule: Callable[[str], list[str]]):
    assert {name: found for name, source in sources().items() if (found := rule(source))} == {}


@pytest.mark.parametrize(("rule", "planted"), RULES)
def test_a_break_of_the_rule_would_be_seen(rule: Callable[[str], list[str]], planted: str):
    assert rule(planted)


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _ in RULES), ids=lambda rule: rule.__name__)
def test_what_is_right_is_left_alone(rule: Callable[[str], list[str]]):
    assert rule(FINE) == []


def test_every_tone_has_an_icon_that_exists():
    assert set(BY_TONE.values()) <= SHAPES.keys()


def orphans(templates: dict[str, str], code: str) -> list[str]:
    """Templates that no template includes or extends and that no Python names."""
    # the admin's page of the same name extends the one it replaces; that is no use of ours
    used = {
        found for name, source in templates.items() for found in REFERENCE.findall(source) if found != name
    }
    return [name for name in templates if name not in used | DJANGOS_OWN and f'"{name}"' not in code]


def python_code() -> str:
    return "\n".join(path.read_text() for package in PYTHON for path in (ROOT / package).rglob("*.py"))


def test_every_template_is_used():
    assert orphans(sources(), python_code()) == []


def test_a_template_that_nobody_uses_would_be_seen():
    templates = {"a.html": '{% include "b.html" %}', "b.html": "", "c.html": '{% extends "c.html" %}'}
    assert orphans(templates, 'render(request, "a.html")') == ["c.html"]


def missing(templates: dict[str, str]) -> list[str]:
    """References to templates that are neither ours nor of Django's administration."""
    named = {found for source in templates.values() for found in REFERENCE.findall(source)}
    return sorted(name for name in named - templates.keys() if not (DJANGOS_ADMIN / name).is_file())


def test_every_included_template_exists():
    assert missing(sources()) == []


def test_an_included_template_that_is_not_there_would_be_seen():
    assert missing({"a.html": '{% include "b.html" %}'}) == ["b.html"]


def test_every_script_and_picture_is_loaded_by_a_template():
    loaded = {
        path for source in sources().values() for path in re.findall(r"\{% static ['\"]([^'\"]+)", source)
    }
    files = {
        str(path.relative_to(ROOT / "static"))
        for kind in ("js", "img")
        for path in (ROOT / "static" / kind).iterdir()
    }
    assert files <= loaded


def test_scripts_are_short():
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "static/js").iterdir()}
    assert {name: length for name, length in lengths.items() if length > 100} == {}


def cut_tags(source: str) -> list[str]:
    """Tags with a line break inside: Django does not read them, they would stand on the page as text."""
    return [tag for tag in TAG.findall(source) if "\n" in tag]


def test_no_tag_is_cut_by_a_line_break():
    assert {name: found for name, source in sources().items() if (found := cut_tags(source))} == {}


def test_a_cut_tag_would_be_seen():
    assert cut_tags("{% if a\n %}{% endif %}") == ["{% if a\n %}"]
