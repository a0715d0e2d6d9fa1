"""The targets in config.json: what is used, what is left out and why, what of an address is hidden."""

import pytest

from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.notification_targets import Notifications, hidden_parts

PHONE = {"id": "phone", "name": "My phone", "url": "secret:phone-url"}


def test_targets_are_found_by_their_id() -> None:
    update_config("notifications", {"targets": [PHONE]})
    known = site_config().notifications
    assert [target.name for target in known.targets] == ["My phone"]
    assert (known.get("phone"), known.get("pager")) == (known.targets[0], None)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {**PHONE, "url": "ntfy://hush-hush"},
            "target 1: url: Value error, must be env:NAME or secret:NAME, never the address itself",
        ),
        ({**PHONE, "id": "my phone"}, "target 1: id: String should match pattern"),
        ({"id": "phone", "name": "My phone"}, "target 1: url: Field required"),
        ("phone", "target 1: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_one_is_left_out_and_named_and_the_others_go_on(wrong: object, problem: str) -> None:
    known = Notifications.model_validate({"targets": [wrong, {**PHONE, "id": "mail"}]})
    assert [target.id for target in known.targets] == ["mail"]
    assert problem in known.problems[0]
    assert "hush-hush" not in known.problems[0]


def test_an_id_counts_once() -> None:
    known = Notifications.model_validate({"targets": [PHONE, {**PHONE, "name": "Another"}]})
    assert [target.name for target in known.targets] == ["My phone"]
    assert known.problems == ("notifications: target 2: the id phone is used twice",)


@pytest.mark.parametrize(
    ("url", "hidden", "visible"),
    [
        ("json://ada:pass-word@hooks.example.org/tok123456", ["pass-word", "tok123456"], "hooks.example.org"),
        ("tgram://123456789:ABC-def/7654321", ["123456789", "ABC-def", "7654321"], "tgram"),
        ("ntfys://ntfy.sh/my-topic?priority=urgent&token=t-0k3n-1", ["my-topic", "t-0k3n-1"], "urgent"),
        ("mailto://user:p%40ssword@gmail.com", ["p@ssword", "p%40ssword"], "gmail.com"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe", ["4174216298", "JHMHI8qBe"], "webhooks"),
        ("json://localhost:8080/hook", ["hook"], "localhost"),
    ],
)
def test_what_can_be_a_token_is_hidden_and_a_host_is_not(url: str, hidden: list[str], visible: str) -> None:
    parts = hidden_parts(url)
    assert [part for part in [url, *hidden] if part not in parts] == []
    assert visible not in parts
