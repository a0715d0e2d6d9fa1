"""The form out of `config_schema`, and the values that are stored."""

from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from app_manager.config_fields import keyed, same
from app_manager.configuration import ConfigurationForm, checked, from_pairs, missing_labels
from app_manager.exceptions import ConfigurationRefused
from app_manager.spec import AppSpec, parse_spec
from tests.app_manager.factories import LIMIT, PAGE, spec_text

OPTIONS = [{"label": "One", "value": 1}, {"label": "Text one", "value": "1"}, {"label": "Yes", "value": True}]


def spec_of(*items: dict[str, Any], **changes: Any) -> AppSpec:
    return parse_spec(spec_text(config_schema=list(items), **changes))


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"key": "it", "label": "It", "type": kind, **more}


def form_of(spec: AppSpec, query: str, **options: Any) -> ConfigurationForm:
    return ConfigurationForm(spec, QueryDict(query), **options)


def value_of(kind: str, sent: str, **more: Any) -> Any:
    """The value that is stored when a browser sends this for a field of that type."""
    query = QueryDict(mutable=True)
    query["config-it"] = sent
    form = ConfigurationForm(spec_of(item(kind, **more)), query)
    assert form.is_valid(), form.errors
    return form.values.get("it")


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("string", " tea ", "tea"),
        ("text", "one\r\ntwo", "one\ntwo"),
        ("number", "12", 12),
        ("number", "-0.5", -0.5),
        ("number", "1e3", 1000.0),
        ("boolean", "on", True),
        ("email", "a@example.org", "a@example.org"),
        ("url", "http://kettle:8080/x", "http://kettle:8080/x"),
        ("url", "example.org/x", "https://example.org/x"),
    ],
)
def test_a_value_keeps_the_type_of_its_field(kind, sent, stored):
    value = value_of(kind, sent)
    assert (value, type(value)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("number", "many"),
        ("number", "1e999"),
        ("number", "NaN"),
        ("number", "9" * 400),
        ("number", "١٢"),
        ("email", "nobody"),
        ("url", "javascript:alert(1)"),
        ("url", "ftp://example.org/"),
        ("url", "https://"),
        ("url", "http://exa mple.org/"),
        ("url", "http://[::1"),
        ("string", "a\0b"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind, sent):
    query = QueryDict(mutable=True)
    query["config-it"] = sent
    form = ConfigurationForm(spec_of(item(kind)), query)
    assert list(form.errors) == ["it"]


@pytest.mark.parametrize(("sent", "stored"), [("=1", 1), ("1", "1"), ("true", True)])
def test_a_choice_keeps_its_json_type(sent, stored):
    value = value_of("select", sent, options=OPTIONS)
    assert (value, type(value)) == (stored, type(stored))


def test_a_choice_that_is_not_offered_is_refused():
    form = form_of(spec_of(item("select", options=OPTIONS)), "config-it=2")
    assert "Choose one of" in form.errors["it"][0]


def test_the_default_of_a_choice_is_chosen():
    form = ConfigurationForm(spec_of(item("select", options=OPTIONS, default=True)))
    assert '<option value="true" selected>' in str(form["it"])


def test_defaults_stand_in_the_form():
    assert 'value="20"' in str(ConfigurationForm(spec_of(LIMIT))["limit"])


def test_own_values_stand_in_the_form_before_defaults():
    assert 'value="7"' in str(ConfigurationForm(spec_of(LIMIT), values={"limit": 7})["limit"])


def test_text_of_several_lines_gets_a_field_of_several_lines():
    assert "<textarea" in str(ConfigurationForm(spec_of(item("text")))["it"])


def test_a_required_tick_need_not_be_ticked():
    form = form_of(spec_of(item("boolean", required=True)), "", is_complete=True)
    assert form.is_valid()
    assert form.values == {"it": False}


def test_a_required_value_may_be_missing_until_the_form_has_to_be_complete():
    spec = spec_of(PAGE)
    assert form_of(spec, "config-page=").is_valid()
    assert "page" in form_of(spec, "config-page=", is_complete=True).errors


def test_a_value_like_the_default_is_not_stored():
    assert form_of(spec_of(LIMIT), "config-limit=20").is_valid()
    assert value_of("text", "one\r\ntwo\r\n", default="one\ntwo\n") is None


def test_an_emptied_value_with_a_default_is_stored_as_empty():
    form = form_of(spec_of(item("string", default="tea")), "config-it=")
    assert form.is_valid()
    assert form.values == {"it": ""}


def test_a_value_that_was_not_sent_is_left_to_the_spec():
    form = form_of(spec_of(item("string", default="tea"), LIMIT), "config-limit=7")
    assert form.is_valid()
    assert form.values == {"limit": 7}


def test_a_key_that_is_no_html_name_still_has_its_field():
    spec = spec_of({**item("string"), "key": 'a "b" <c>'})
    form = form_of(spec, "config-0.value=tea")
    assert form.is_valid()
    assert form.values == {'a "b" <c>': "tea"}


def test_labels_are_in_the_language_of_the_viewer():
    spec = spec_of(LIMIT, i18n={"zh-CN": {"config_schema": {"limit": {"label": "上限"}}}})
    with translation.override("zh-hans"):
        assert ConfigurationForm(spec)["limit"].label == "上限"


def test_zero_and_false_are_values_and_nothing_is_none():
    spec = spec_of({**LIMIT, "required": True, "default": 0}, {**PAGE, "label": "Page"})
    assert missing_labels(spec, {}) == ["Page"]


def test_pairs_become_values_of_their_types():
    spec = spec_of(PAGE, LIMIT, item("boolean"))
    values = from_pairs(spec, ["page=https://example.org/?a=b", "limit=7", "it=yes"])
    assert values == {"page": "https://example.org/?a=b", "limit": 7, "it": True}


def test_what_no_pair_gives_is_left_to_the_spec():
    assert from_pairs(spec_of(PAGE, LIMIT), ["limit=7"]) == {"limit": 7}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (["nonsense"], "not KEY=VALUE"),
        (["colour=red"], "it has: page, limit"),
        (["limit=many"], "limit: Enter a number"),
        (["limit=1", "limit=2"], "given twice"),
        (["page=ftp://a/"], "page: Enter an address"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_with_a_sentence(pairs, sentence):
    with pytest.raises(ConfigurationRefused, match=sentence):
        from_pairs(spec_of(PAGE, LIMIT), pairs)


def test_every_wrong_value_is_named():
    with pytest.raises(ConfigurationRefused) as refusal:
        checked(spec_of(PAGE, LIMIT), {"page": "x y", "limit": "many"})
    assert len(str(refusal.value).splitlines()) == 2


JSON_SCALARS = st.one_of(st.text(max_size=8), st.integers(), st.floats(allow_nan=False), st.booleans())


@given(st.lists(JSON_SCALARS, min_size=1, max_size=8))
def test_every_option_can_be_chosen(values):
    keys = keyed(values)
    assert all(any(same(kept, value) for kept in keys.values()) for value in values)


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_go_through_the_form_unchanged(number):
    spec = spec_of(item("number"))
    assert checked(spec, {"it": number}) == {"it": number}
