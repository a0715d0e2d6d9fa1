"""Messages by e-mail, to a real SMTP server on loopback: what it gets, and what it has against them."""

import asyncio
import base64
from typing import Any

import pytest
from pytest_django import Settings

from app_manager.models import App
from app_runtime.models import Notification
from app_runtime.notifications import events
from app_runtime.notifications.delivering import send_due
from app_runtime.notifications.sending import send
from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.notification_targets import NotificationTarget
from halo_site.datadir.secrets import set_secret
from tests.factories import NINE, SECOND, make_question
from tests.wire.mail import MailServer

TARGET = {"id": "me", "name": "Mail", "url": "mail:ada@example.org"}


def use_mail(server: MailServer, **more: Any) -> None:
    update_config("notifications", {"targets": [TARGET]})
    facts = {"host": "127.0.0.1", "port": server.port, "security": "none", "from": "Halo <halo@example.org>"}
    update_config("mail", {**facts, **more})


def sent(server: MailServer, **more: Any) -> str:
    use_mail(server, **more)
    return asyncio.run(send(site_config().notifications.get("me"), "Kettle Ünit", "It costs 20 €.\nYes."))


def test_a_message_arrives_as_it_is() -> None:
    with MailServer() as server:
        assert sent(server) == ""
    [mail] = server.taken
    assert (mail.sender, mail.recipients) == ("halo@example.org", ("ada@example.org",))
    headers = {name: str(mail.message[name]) for name in ("Subject", "From", "To", "Auto-Submitted")}
    assert headers == {
        "Subject": "Kettle Ünit",
        "From": "Halo <halo@example.org>",
        "To": "ada@example.org",
        "Auto-Submitted": "auto-generated",
    }
    assert mail.text == "It costs 20 €.\nYes."
    assert str(mail.message["Message-ID"]).endswith("@example.org>")


def test_it_signs_in_with_the_password_behind_the_reference() -> None:
    set_secret("mail-password", "pass-word")
    login = base64.b64encode(b"\0halo\0pass-word").decode()
    with MailServer(login=login) as server:
        assert sent(server, user="halo", password="secret:mail-password") == ""
    assert len(server.taken) == 1


def test_a_wrong_password_is_told_without_it() -> None:
    set_secret("mail-password", "pass-word")
    with MailServer(login="other") as server:
        said = sent(server, user="halo", password="secret:mail-password")
    assert said == "The mail server refused user name or password (535)."
    assert server.taken == []


def test_a_refused_recipient_is_told() -> None:
    with MailServer("550 No such user") as server:
        assert sent(server) == "The mail server refused the recipient (550)."


def test_a_server_without_starttls_is_told() -> None:
    with MailServer() as server:
        assert "does not offer what is set up" in sent(server, security="starttls")


def test_a_server_that_is_down_is_told() -> None:
    server = MailServer()
    server.port = 1
    assert sent(server) == "The mail server could not be reached (the connection was refused)."


def test_without_a_mail_server_it_says_what_to_do() -> None:
    target = NotificationTarget.model_validate(TARGET)
    said = asyncio.run(send(target, "A", "B"))
    assert said == "No mail server is set up. Set one up in the settings, under Notifications."


@pytest.mark.parametrize("url", ["mail:nobody", "mail:a@b.org,c@d.org", "mail:a@b.org\nBcc: x@y.org"])
def test_only_one_address_counts(url: str) -> None:
    known = update_config("notifications", {"targets": [{**TARGET, "url": url}]}).notifications
    assert known.targets == ()
    assert "must be mail: and one e-mail address" in known.problems[0]


@pytest.mark.django_db
def test_a_question_goes_by_mail_and_again_when_the_server_is_back(app: App, settings: Settings) -> None:
    settings.HALO_URL = "https://halo.example.org"
    with MailServer("451 Later") as busy:
        use_mail(busy)
        events.entry_made(make_question(app), NINE)
        send_due(lambda: NINE)
    waiting = Notification.objects.get()
    assert (waiting.state, waiting.last_error) == ("pending", "The mail server refused the recipient (451).")
    with MailServer() as server:
        use_mail(server)
        send_due(lambda: NINE + 30 * SECOND)
    [mail] = server.taken
    assert mail.message["Subject"] == "Kettle Watch asks: Order now?"
    assert "https://halo.example.org/escalations/link/" in mail.text
    assert Notification.objects.get().state == "sent"
