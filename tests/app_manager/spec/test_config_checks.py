import pytest

from tests.app_manager.spec.samples import GOOD, problems

ADDRESS = "the default must be an address that starts with http:// or https://"


@pytest.mark.parametrize(
    ("kind", "default", "sentence"),
    [
        ("number", "'5'", "the default of a number must be a number, without quotes"),
        ("number", "true", "the default of a number must be a number, without quotes"),
        ("boolean", "yes", "the default of a boolean must be true or false, without quotes"),
        ("boolean", "1", "the default of a boolean must be true or false, without quotes"),
        ("text", "5", "the default must be text: put it in quotes"),
        ("string", "[a]", "the default must be text"),
        ("email", "someone", "the default must be an e-mail address"),
        ("url", "javascript:alert(1)", ADDRESS),
        ("url", "http://[", ADDRESS),
    ],
)
def test_a_default_must_fit_the_type(kind: str, default: str, sentence: str) -> None:
    text = f"{GOOD}config_schema:\n- key: a\n  label: A\n  type: {kind}\n  default: {default}\n"
    assert problems(text) == [(11, 12, "config_schema[0].default", sentence)]


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("number", "0.5"), ("boolean", "false"), ("text", '""'), ("url", '""'), ("url", "https://example.org/?q=1"),
        ("email", "a@example.org"), ("string", "yes"), ("number", "null"),
    ],
)  # fmt: skip
def test_a_default_that_fits_is_accepted(kind: str, default: str) -> None:
    text = f"{GOOD}config_schema:\n- key: a\n  label: A\n  type: {kind}\n  default: {default}\n"
    assert problems(text) == []


@pytest.mark.parametrize(
    ("default", "legal"), [("1", True), ("true", False), ("'1'", False), ("b", True), ("c", False)]
)
def test_the_default_of_a_select_is_one_of_its_options(default: str, legal: bool) -> None:
    options = "options: [{label: One, value: 1}, {label: B, value: b}]"
    found = problems(f"{GOOD}inputs:\n- {{key: a, label: A, type: select, {options}, default: {default}}}\n")
    sentence = "the default must be the value of one of the options: 1, b"
    assert [problem[2:] for problem in found] == ([] if legal else [("inputs[0].default", sentence)])


def test_a_select_needs_options() -> None:
    [problem] = problems(f"{GOOD}inputs:\n- {{key: a, label: A, type: select}}\n")
    expected = "a select needs at least one option with `label` and `value`"
    assert problem == (8, 3, "inputs[0].options", expected)


def test_an_option_is_not_a_list() -> None:
    options = "options: [{label: One, value: [1]}]"
    [problem] = problems(f"{GOOD}inputs:\n- {{key: a, label: A, type: select, {options}}}\n")
    assert problem[2:] == ("inputs[0].options[0].value", "must be text, a number, true or false")


def test_two_items_cannot_share_a_key() -> None:
    item = "- {key: a, label: A, type: text}\n"
    expected = (9, 9, "config_schema[1].key", "the key `a` is already used by entry [0]")
    assert problems(f"{GOOD}config_schema:\n{item}{item}") == [expected]
