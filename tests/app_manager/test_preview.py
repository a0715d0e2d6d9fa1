"""What a spec asks for, in words."""

from datetime import timedelta

import pytest

from app_manager.preview import Preview
from app_manager.spec import parse_spec
from tests.app_manager.factories import NINE, spec_text


def preview(**changes):
    return Preview.of(parse_spec(spec_text(**changes)), NINE)


def subscription(kind, **config):
    return [{"id": "it", "source": {"type": kind, "config": config}}]


def test_an_interval_has_its_next_five_times():
    (trigger,) = preview(subscriptions=subscription("schedule", every="30m")).triggers
    assert trigger.words == "every 30 min"
    assert trigger.next_times == tuple(NINE + number * timedelta(minutes=30) for number in range(1, 6))


def test_times_are_aware():
    (trigger,) = preview().triggers
    assert all(moment.tzinfo for moment in trigger.next_times)


@pytest.mark.parametrize(
    ("kind", "config", "words", "note"),
    [
        ("webhook", {"path": "/kettle"}, "/hooks/kettle", "does not listen for webhooks yet"),
        ("file", {"path": "src", "pattern": "**/*.py"}, "src **/*.py", "does not watch files yet"),
        ("rss", {"url": "https://example.org/feed"}, "https://example.org/feed", "does not read feeds yet"),
        ("webpage", {"url": "https://example.org/"}, "https://example.org/", "does not watch web pages yet"),
        ("wecom", {"chatId": "tea"}, "tea", "does not listen for chat messages yet"),
        ("custom", {}, "custom event", "does not listen for custom events yet"),
        ("file", {}, "…", "does not watch files yet"),
    ],
)
def test_other_triggers_are_said_in_words_with_what_is_missing(kind, config, words, note):
    (trigger,) = preview(subscriptions=subscription(kind, **config)).triggers
    assert words in trigger.words
    assert note in trigger.note
    assert trigger.next_times == ()


def test_what_is_asked_for_comes_first():
    names = [row.name for row in preview(permissions=["im-push", "mcp:shop"]).permissions]
    assert names[:2] == ["im-push", "mcp:shop"]
    assert len(names) == len(set(names))


def test_an_app_of_another_type_says_that_it_does_not_run_by_itself():
    assert "does not run by itself" in preview(type="skill", subscriptions=None).notes[0]


def test_an_app_without_a_trigger_says_that_a_click_starts_it():
    assert "when you click" in preview(subscriptions=None).notes[0]


@pytest.mark.parametrize(
    ("escalation", "words"),
    [(None, ""), ({"enabled": False}, ""), ({}, "stays open"), ({"timeout_hours": 24}, "expires after 24 h")],
)
def test_it_says_whether_it_asks_and_how_long_a_question_lives(escalation, words):
    assert words in preview(escalation=escalation).escalation
    assert bool(preview(escalation=escalation).escalation) == bool(words)


def test_notifications_are_said_with_their_channels():
    words = preview(output={"notify": {"system": True, "channels": ["email"]}}).notifications
    assert "this system, email" in words
    assert "by the rules of the notification settings" in words


def test_warnings_of_the_spec_are_shown():
    assert [warning.path for warning in preview(colour="red").warnings] == ["colour"]
