import pytest

from app_manager.spec import parse_spec
from tests.app_manager.spec.samples import GOOD


def notes(text: str) -> list[tuple[int, str, str]]:
    """(column, path, sentence) of the warnings about a good spec with `text` added on line 7."""
    return [(note.column, note.path, note.sentence) for note in parse_spec(f"{GOOD}{text}\n").warnings]


@pytest.mark.parametrize(
    ("text", "column", "path", "sentence"),
    [
        ("sytem_prompt: a", 1, "sytem_prompt", "unknown key `sytem_prompt`; did you mean `system_prompt`?"),
        ("input: a", 1, "input", "unknown key `input`; did you mean `inputs`?"),
        ("zzz: a", 1, "zzz", "unknown key `zzz`; it is kept and not used"),
        (
            "escalation: {timeout_hour: 5}", 14, "escalation.timeout_hour",
            "unknown key `timeout_hour`; did you mean `timeout_hours`?",
        ),
        (
            "subscriptions: [{type: file, config: {patern: a}}]", 39, "subscriptions[0].config.patern",
            "unknown key `patern`; did you mean `pattern`?",
        ),
        (
            "subscriptions: [{type: schedule, config: {every: 1h, cron: 0 9 * * *}}]", 54,
            "subscriptions[0].config.cron", "both `every` and `cron` are given; `every` is used",
        ),
        (
            "subscriptions: [{type: schedule, config: {cron: 0 9 * * *, timezone: Europe/Berlin}}]", 60,
            "subscriptions[0].config.timezone",
            "`timezone` is not used here; the zone is the `timezone` of the subscription, beside `source`",
        ),
        ("spec_version: '2'", 15, "spec_version", "this is spec version 2; it is read as version 1"),
        (
            "output: {notify: {channels: [emial]}}", 30, "output.notify.channels[0]",
            "unknown channel `emial`; known are email, wecom, dingtalk, feishu, webhook",
        ),
        (
            "filters: [{field: a, op: matches, value: '*.csv'}]", 42, "filters[0].value",
            "this is not a regular expression that can be used here, so the rule never matches",
        ),
        (
            "subscriptions: [{type: custom, frequency: {default: 1h, min: 2h}}]", 32,
            "subscriptions[0].frequency", "the intervals should be in the order min, default, max",
        ),
    ],
)  # fmt: skip
def test_what_is_legal_and_doubtful_is_a_warning(text: str, column: int, path: str, sentence: str) -> None:
    assert notes(text) == [(column, path, sentence)]


def test_an_unknown_key_deep_down_that_resembles_nothing_is_kept_in_silence() -> None:
    assert notes("store: {meta: {rank: 1}}") == []


def test_thousands_of_unknown_keys_are_each_named() -> None:
    assert len(notes("\n".join(f"sytem_prompt{n}: 1" for n in range(4_000)))) == 4_000


@pytest.mark.parametrize("pattern", ["(" * 900, "a{1,99999999999}", "[[a]", "x" * 100_000])
def test_a_hostile_regular_expression_is_harmless(pattern: str) -> None:
    assert len(notes(f"filters: [{{field: a, op: matches, value: '{pattern}'}}]")) <= 1
