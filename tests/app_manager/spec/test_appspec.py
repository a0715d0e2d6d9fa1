import json

import pytest
import yaml

from app_manager.spec import AppSpec, parse_spec, schedule_of
from tests.app_manager.spec.samples import FULL, GOOD

NAMES = [
    "model_config", "model_dump", "model_fields", "__class__", "__dict__", "__pydantic_extra__", "_warnings",
    "warnings", "spec_id", "copy", "json", "self", "data",
]  # fmt: skip


def test_every_documented_field_is_read_without_a_warning() -> None:
    spec = parse_spec(yaml.safe_dump(FULL))
    assert spec.warnings == ()
    assert [skill.id for skill in spec.requires.skills] == ["tea", "milk"]


def test_a_dump_is_the_same_spec_again() -> None:
    spec = parse_spec(yaml.safe_dump(FULL))
    assert AppSpec.model_validate(json.loads(spec.model_dump_json())) == spec
    assert AppSpec.model_validate(spec.model_dump(mode="json", by_alias=True)) == spec


def test_the_id_is_the_trimmed_name() -> None:
    assert parse_spec(GOOD.replace("Kettle Watch", '"  Kettle Watch "')).spec_id == "Kettle Watch"


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_sounds_like_python_is_only_a_key(name: str) -> None:
    text = f"{GOOD}{name}: {{a: 1}}\nstore: {{{name}: 2}}\n"
    spec = parse_spec(text)
    dump = spec.model_dump(mode="json")
    assert (dump[name], dump["store"][name], spec.spec_id) == ({"a": 1}, 2, "Kettle Watch")
    assert AppSpec.model_validate(dump) == spec


def test_other_names_are_brought_to_the_canonical_ones() -> None:
    spec = parse_spec(
        GOOD
        + "inputs: [{key: page, label: Page, type: url}]\n"
        + "required_mcps: [shop]\nrequires: {skill: [{id: tea}]}\n"
        + "subscriptions: [{type: schedule, config: {every: 1h}, input: page}]\n"
    )
    plain = parse_spec(
        GOOD
        + "config_schema: [{key: page, label: Page, type: url}]\n"
        + "requires: {mcps: [{id: shop}], skills: [tea]}\n"
        + "subscriptions: [{id: sub-0, source: {type: schedule, config: {every: 1h}}, config_key: page}]\n"
    )
    assert spec == plain
    assert spec.warnings == ()


def test_an_empty_optional_key_counts_as_absent() -> None:
    assert parse_spec(GOOD + "permissions:\nsubscriptions:\nescalation:\n") == parse_spec(GOOD)


def test_a_subscription_without_an_id_gets_one_and_the_defaults() -> None:
    [first] = parse_spec(GOOD + "subscriptions: [{type: custom}]\n").subscriptions
    assert (first.id, first.missed, first.overlap) == ("sub-0", "run_once", "skip")


@pytest.mark.parametrize(
    ("subscription", "schedule"),
    [
        ("{type: schedule, config: {every: 30m}}", {"kind": "every", "every": "30m"}),
        ("{type: schedule, config: {cron: ' 0 9 * * * '}}", {"kind": "cron", "cron": "0 9 * * *"}),
        (
            "{type: schedule, config: {cron: 0 9 * * *}, timezone: Asia/Tokyo}",
            {"kind": "cron", "cron": "0 9 * * *", "timezone": "Asia/Tokyo"},
        ),
        ("{type: schedule, config: {cron: 0 9 * * *, every: 1h}}", {"kind": "every", "every": "1h"}),
        ("{type: rss, config: {url: https://example.org/}}", None),
    ],
)
def test_a_subscription_becomes_a_schedule_of_the_scheduler(subscription: str, schedule: object) -> None:
    [first] = parse_spec(f"{GOOD}subscriptions: [{subscription}]\n").subscriptions
    assert schedule_of(first) == schedule


@pytest.mark.parametrize(
    "text", ["type: skill\nskill_content: Pour.", "type: extension", "type: mcp\nmcp_server: {command: x}"]
)
def test_other_kinds_of_apps_are_accepted(text: str) -> None:
    assert parse_spec(GOOD[: GOOD.index("type:")] + text).system_prompt is None
