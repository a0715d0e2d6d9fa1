import time

import pytest
import yaml

from app_manager.spec import SpecError, decode_spec, parse_spec, source
from tests.app_manager.spec.samples import GOOD, problems

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def extra(text: str) -> object:
    """What a value of an unknown key is read as."""
    return parse_spec(f"{GOOD}x: {text}\n").model_dump()["x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("2026-01-01", "2026-01-01"), ("1:30", "1:30"),
        ("1_000", "1_000"), ("1e3", 1000.0), ("0o14", 12), ("0x1F", 31), ("014", 14), ("+1", 1), (".5", 0.5),
        ("True", True), ("~", None), ("", None), ('"5"', "5"), ("!!str 5", "5"), ("! 5", "5"),
        ('!!int "5"', 5), ("!!seq [1]", [1]),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert (extra(text), type(extra(text))) == (value, type(value))


def test_the_key_on_is_text() -> None:
    assert extra("{on: 1, yes: 2}") == {"on": 1, "yes": 2}


def test_aliases_are_expanded() -> None:
    assert extra("[&a {b: 1}, *a]") == [{"b": 1}, {"b": 1}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, 1, "", "the spec is empty")),
        ("# nothing\n", (1, 1, "", "the spec is empty")),
        ("- a\n", (1, 1, "", "the spec must be a mapping of `key: value` lines")),
        ("a: 1\n--- {}\n", (2, 1, "", "a second document starts here: a spec is one document")),
        ("name: x\n\tversion: 1\n", (2, 1, "", "a tab cannot be used for indentation: use spaces")),
        ("name: @x\n", (1, 7, "", "a value cannot start with `@`: put it in quotes")),
        ("a:\n  b: [1, 2\n", (2, 6, "", "this bracket is not closed, or a comma is missing in it")),
        ('a: "x\n', (1, 4, "", "this quote is not closed")),
        ("a: b: c\n", (1, 5, "", "a colon cannot stand here: quote the text, or check the indentation")),
        ("a:\n  - b\n c: d\n", (3, 2, "", "the indentation does not fit the lines above")),
        ("a: *b\n", (1, 4, "", "the alias `*b` has no anchor: put it in quotes if it is text")),
        ("a: &b [*b]\n", (1, 8, "", "the alias `*b` stands inside the value that it repeats")),
        ("a: x\a\n", (1, 5, "", "the character U+0007 is not allowed in YAML: take it out")),
        ("a: \ud800\n", (1, 4, "", "the character U+D800 is not allowed in YAML: take it out")),
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, source._Loader])
def test_text_that_cannot_be_read_has_one_problem(
    text: str, expected: tuple[int, int, str, str], loader: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_Loader", loader)  # both parsers of PyYAML must say the same
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: again\n", (7, 1, "name", "the key `name` is already given on line 1")),
        ("x: {a: 1, a: 2}\n", (7, 11, "x.a", "the key `a` is already given on line 7")),
        ("1: x\n", (7, 1, "", "a key must be text: put `1` in quotes")),
        ("x: {true: 1}\n", (7, 5, "x", "a key must be text: put `true` in quotes")),
        ("?\n: x\n", (7, 2, "", "a key is missing before the colon")),
        ("? [a]\n: x\n", (7, 3, "", "a key must be text, not a list or a mapping")),
        (
            "<<: {a: 1}\n",
            (7, 1, "", "merge keys (`<<`) are not read here: write out the keys that it stands for"),
        ),
        (
            "x: !!python/object/apply:os.system [ls]\n",
            (7, 4, "x", "the tag `!!python/object/apply:os.system` is not allowed: write a plain value"),
        ),
        ("x: !mine 5\n", (7, 4, "x", "the tag `!mine` is not allowed: write a plain value")),
        ("x: !!int five\n", (7, 4, "x", "this value does not fit its tag `!!int`")),
        ("x: .inf\n", (7, 4, "x", ".inf is not a number that can be stored: put it in quotes if it is text")),
        ("x: 1e999\n", (7, 4, "x", "this number is too large: put it in quotes if it is text")),
        (
            "x: 12345678901234567890\n",
            (7, 4, "x", "a number of over 18 digits cannot be stored exactly: put it in quotes"),
        ),
        ('x: "a\\0b"\n', (7, 4, "x", "the text has a zero character, which cannot be stored: take it out")),
    ],
)
def test_a_value_that_cannot_be_kept_is_named(text: str, expected: tuple[int, int, str, str]) -> None:
    assert problems(GOOD + text) == [expected]


def test_places_count_characters_and_the_line_breaks_of_editors() -> None:
    text = GOOD.replace("\n", "\r\n") + 'x: "\U0001f600\u2028"\r\nzäh\U0001f600: .inf\r\n'
    assert [problem[:2] for problem in problems(text)] == [(8, 7)]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_deep_nesting_is_a_sentence(text: str) -> None:
    assert [sentence for *_, sentence in problems(text)] == ["this is nested more than 50 levels deep"]


def test_fifty_levels_are_allowed() -> None:
    assert problems(f"{GOOD}x: {'[' * 49}{']' * 49}\n") == []


def test_an_alias_cannot_nest_deeper_than_the_text_may() -> None:
    levels = f"{GOOD}x: &a {'[' * 30}{']' * 30}\ny: {'[' * 20}*a{']' * 20}\n"
    assert problems(levels) == [(8, 24, "", "this alias nests the spec more than 50 levels deep")]


def test_what_aliases_stand_for_is_counted_before_it_is_built() -> None:
    expected = "the spec has more than 10,000 values; aliases count for what they repeat"
    assert [sentence for *_, sentence in problems(BOMB)] == [expected]


@pytest.mark.parametrize("size", [9_000, 10_000])
def test_ten_thousand_values_is_the_limit(size: int) -> None:
    assert bool(problems(f"{GOOD}x: [{','.join('1' * size)}]\n")) is (size == 10_000)


GARBAGE = ["x", ": ", '"a', "? ", "&a ", "\n", "#\n", "!", "%", "\\", "a: b\n", "[a, ", "é"]


@pytest.mark.parametrize("text", GARBAGE)
def test_a_mebibyte_of_garbage_is_refused_quickly(text: str) -> None:
    garbage = (text * 1024 * 1024).encode()[: 1024 * 1024].decode(errors="ignore")
    started = time.process_time()
    assert problems(garbage)
    assert time.process_time() - started < 2


def test_more_than_a_mebibyte_is_refused() -> None:
    sentence = "the spec has a little over 1 MiB, the most is 1 MiB: make it shorter"
    assert problems("é" * (512 * 1024 + 1)) == [(1, 1, "", sentence)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"name: x\nb\xff", "line 2, column 2: the byte 0xff is not UTF-8: save the file as UTF-8"),
        (b"\xef\xbb\xbf\xc3\xa9\xe9", "line 1, column 2: the byte 0xe9 is not UTF-8: save the file as UTF-8"),
        (b"PK\3\4\0\0", "line 1, column 5: this is not a text file: it has a zero byte here"),
        (b"\xff\xfen\0", "line 1, column 1: the file is UTF-16: save it as UTF-8"),
        (b"x" * 3_000_000, "line 1, column 1: the spec has 2.9 MiB, the most is 1 MiB: make it shorter"),
    ],
)
def test_a_file_that_is_not_text_is_refused(raw: bytes, expected: str) -> None:
    with pytest.raises(SpecError) as refused:
        decode_spec(raw)
    assert str(refused.value) == expected


def test_a_byte_order_mark_is_taken_away() -> None:
    assert decode_spec(b"\xef\xbb\xbfname: x") == "name: x"
    assert problems("\ufeff" + GOOD) == []
