"""The settings of notifications: targets, rules, quiet hours, mail; for managers of the site."""

import json
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from app_manager.models import App
from app_runtime.models import Notification
from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import resolve, secret_names
from halo_site.models import AuditEntry
from tests.app_runtime.notifying import TOKEN, set_targets
from tests.wire import Sink
from tests.wire.mail import MailServer

pytestmark = pytest.mark.django_db
HOME = "/settings/notifications/"
QUIET = {"start": "22:00", "end": "07:00", "digest": "", "zone": "UTC", "same_failure_minutes": "30"}
MAIL = {"host": "127.0.0.1", "port": "25", "security": "none", "sender": "halo@example.org", "user": ""}


def post(client: Client, where: str, fields: dict[str, Any] | None = None, status: int = 302) -> str:
    response = client.post(f"{HOME}{where}", fields or {}, follow=status == 200)
    assert response.status_code == status, response.content.decode()
    return unescape(response.content.decode())


def shown(client: Client, where: str = "") -> str:
    response = client.get(f"{HOME}{where}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def stored() -> dict[str, Any]:
    return json.loads(data_dir().config.read_text())["notifications"]  # type: ignore[no-any-return]


def test_an_address_goes_to_the_secrets_and_is_never_shown(operator_client: Client) -> None:
    post(operator_client, "targets/create/", {"name": "My phone", "address": f"json://127.0.0.1:1/{TOKEN}"})
    assert stored()["targets"] == [{"id": "my-phone", "name": "My phone", "url": "secret:target-my-phone"}]
    assert resolve("secret:target-my-phone") == f"json://127.0.0.1:1/{TOKEN}"
    assert TOKEN not in shown(operator_client) + shown(operator_client, "targets/my-phone/")
    assert AuditEntry.objects.get(verb="target.save").object_id == "my-phone"


def test_the_form_says_that_a_target_may_lie_in_the_own_network(operator_client: Client) -> None:
    assert "It may lie in your own network" in shown(operator_client, "targets/new/")


def test_a_new_name_keeps_the_address(operator_client: Client) -> None:
    post(operator_client, "targets/create/", {"name": "Phone", "address": "json://127.0.0.1:1/a"})
    post(operator_client, "targets/phone/save/", {"name": "Old phone"})
    assert stored()["targets"] == [{"id": "phone", "name": "Old phone", "url": "secret:target-phone"}]


def test_an_e_mail_address_stands_in_the_open(operator_client: Client) -> None:
    post(operator_client, "targets/create/", {"name": "Ada", "mail": "ada@example.org"})
    assert stored()["targets"][0]["url"] == "mail:ada@example.org"
    assert "ada@example.org" in shown(operator_client)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "A"}, "Say where messages go"),
        ({"name": "A", "mail": "a@b.org", "reference": "env:X"}, "Give one of the three"),
        ({"name": "A", "address": TOKEN}, "it has no ://"),
        ({"name": "A", "reference": f"json://x/{TOKEN}"}, "never the address itself"),
    ],
)
def test_a_wrong_target_is_refused_beside_its_field(
    operator_client: Client, fields: dict[str, str], said: str
) -> None:
    text = post(operator_client, "targets/create/", fields, 422)
    assert said in text
    assert TOKEN not in text


def test_a_deleted_target_takes_its_address_and_its_rules_along(operator_client: Client) -> None:
    for name in ("Phone", "Desk"):
        post(operator_client, "targets/create/", {"name": name, "address": "json://127.0.0.1:1/a"})
    post(operator_client, "rules/create/", {"targets": ["phone"], "types": ["escalation"]})
    post(operator_client, "rules/create/", {"targets": ["phone", "desk"]})
    post(operator_client, "targets/phone/delete/")
    assert [target["id"] for target in stored()["targets"]] == ["desk"]
    assert stored()["rules"] == [{"targets": ["desk"]}]
    assert secret_names() == ["target-desk"]


def test_a_test_shows_a_receipt_and_stands_in_the_log(operator_client: Client) -> None:
    with Sink() as sink:
        set_targets(phone=sink.url(TOKEN))
        text = post(operator_client, "targets/phone/test/", status=200)
        assert sink.messages == [("A test from Halo Site", "Notifications of your apps arrive here.")]
    assert "Phone: its service took the message at" in text
    row = Notification.objects.get()
    assert (row.kind, row.state, row.attempts, row.app) == ("test", "sent", 1, None)


def test_a_test_that_fails_says_why_and_is_not_tried_again(operator_client: Client) -> None:
    set_targets(phone=f"json://127.0.0.1:1/{TOKEN}")
    text = post(operator_client, "targets/phone/test/", status=200)
    assert "Phone: not sent." in text
    assert "the connection was refused" in text
    assert "Failing" in text
    row = Notification.objects.get()
    assert (row.state, row.next_try_at) == ("failed", None)


def test_rules_are_added_shown_and_deleted(operator_client: Client, app: App) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    post(operator_client, "rules/create/", {"targets": ["phone"], "types": ["escalation"], "apps": [app.pk]})
    assert stored()["rules"] == [{"targets": ["phone"], "types": ["escalation"], "apps": [app.pk]}]
    assert "<b>Phone</b>: Questions · Kettle Watch" in shown(operator_client)
    assert "meanwhile" in post(operator_client, "rules/0/delete/", {"digest": "x"}, 200)
    post(operator_client, "rules/0/delete/", {"digest": f"phone|escalation|{app.pk}|"})
    assert site_config().notifications.rules is None


def test_a_rule_without_types_does_not_promise_more_than_levels_let_through(operator_client: Client) -> None:
    set_targets(phone="json://127.0.0.1:1/a")
    post(operator_client, "rules/create/", {"targets": ["phone"]})
    page = shown(operator_client)
    assert "<b>Phone</b>: everything that an app's level lets through · all apps" in page


def test_a_zone_that_somebody_wrote_for_the_digest_outlives_the_form(operator_client: Client) -> None:
    update_config("notifications", {"digest": {"at": "09:00", "zone": "Asia/Tokyo"}})
    post(operator_client, "quiet/save/", {**QUIET, "digest": "08:00"})
    digest = site_config().notifications.digest
    assert digest is not None
    assert (digest.at, digest.zone) == ("08:00", "Asia/Tokyo")
    line = AuditEntry.objects.get(verb="quiet_hours.save")
    assert line.after
    assert line.after["digest"] == {"at": "08:00", "zone": "Asia/Tokyo"}


def test_a_digest_that_could_not_be_used_is_mended_by_the_form(operator_client: Client) -> None:
    update_config("notifications", {"digest": {"at": "09:00", "zone": "Mars"}})
    post(operator_client, "quiet/save/", {**QUIET, "digest": "08:00"})
    digest = site_config().notifications.digest
    assert digest is not None
    assert (digest.at, digest.zone) == ("08:00", "")


def test_quiet_hours_are_kept_and_taken_away(operator_client: Client) -> None:
    post(operator_client, "quiet/save/", {**QUIET, "digest": "08:00"})
    known = site_config().notifications
    assert known.quiet
    assert (known.quiet.start, known.quiet.end) == ("22:00", "07:00")
    assert (known.digest and known.digest.at, known.same_failure_minutes) == ("08:00", 30)
    post(operator_client, "quiet/save/", {**QUIET, "start": "", "end": ""})
    assert site_config().notifications.quiet is None
    assert "Give both times" in post(operator_client, "quiet/save/", {**QUIET, "end": ""}, 422)
    assert "There is no such zone" in post(operator_client, "quiet/save/", {**QUIET, "zone": "Mars"}, 422)


def test_a_time_for_what_is_held_is_refused_where_nothing_is(operator_client: Client) -> None:
    given = {**QUIET, "start": "", "end": "", "digest": "08:00"}
    text = post(operator_client, "quiet/save/", given, 422)
    assert "Nothing is held without quiet hours" in text
    assert 'value="08:00"' in text
    assert not data_dir().config.exists()


def test_the_mail_server_is_set_up_and_tested(operator_client: Client) -> None:
    with MailServer() as server:
        post(operator_client, "mail/save/", {**MAIL, "port": str(server.port), "password": "pass-word"})
        text = post(operator_client, "mail/test/", {"to": "ada@example.org"}, 200)
    assert "ada@example.org: not sent." not in text
    assert server.taken[0].recipients == ("ada@example.org",)
    assert "pass-word" not in data_dir().config.read_text() + text
    assert resolve("secret:mail-password") == "pass-word"


@pytest.mark.parametrize(
    "changed",
    [{"host": "other.example.org"}, {"port": "26"}, {"user": "eve"}, {"security": "starttls"}],
)
def test_another_server_is_not_told_the_stored_password(
    operator_client: Client, changed: dict[str, str]
) -> None:
    known = {**MAIL, "host": "mail.example.org", "user": "halo", "security": "tls"}
    post(operator_client, "mail/save/", {**known, "password": "pass-word"})
    before = data_dir().config.read_text()
    text = post(operator_client, "mail/save/", {**known, **changed}, 422)
    assert "type the password again" in text
    assert data_dir().config.read_text() == before
    post(operator_client, "mail/save/", {**known, **changed, "password": "new-word"})
    assert resolve("secret:mail-password") == "new-word"


def test_what_tells_nobody_more_keeps_the_password(operator_client: Client) -> None:
    known = {**MAIL, "host": "mail.example.org", "user": "halo", "security": "starttls"}
    post(operator_client, "mail/save/", {**known, "password": "pass-word"})
    post(operator_client, "mail/save/", {**known, "sender": "other@example.org", "security": "tls"})
    assert site_config().mail.password == "secret:mail-password"


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 302), ("::1", 302), ("192.168.1.2", 422), ("mail.example.org", 422)]
)
def test_a_password_goes_in_the_open_to_this_machine_only(
    operator_client: Client, host: str, status: int
) -> None:
    text = post(
        operator_client, "mail/save/", {**MAIL, "host": host, "user": "halo", "password": "p"}, status
    )
    assert ("a server on this machine only" in text) is (status == 422)


def changed(verb: str) -> tuple[Any, Any]:
    """Before and after of the newest line of this verb."""
    line = AuditEntry.objects.filter(verb=verb).order_by("-ts", "-pk")[0]
    return line.before, line.after


def test_what_was_before_a_target_changed_is_audited_without_its_address(operator_client: Client) -> None:
    post(operator_client, "targets/create/", {"name": "Phone", "address": f"json://127.0.0.1:1/{TOKEN}"})
    first = {"id": "phone", "name": "Phone", "url": "secret:target-phone"}
    assert changed("target.save") == (None, first)
    post(operator_client, "targets/phone/save/", {"name": "Ada", "mail": "ada@example.org"})
    second = {"id": "phone", "name": "Ada", "url": "mail:ada@example.org"}
    assert changed("target.save")[1] == second
    post(operator_client, "targets/phone/delete/")
    assert changed("target.delete") == (second, None)
    assert TOKEN not in str(list(AuditEntry.objects.values()))


def test_what_was_before_the_quiet_hours_changed_is_audited(operator_client: Client) -> None:
    post(operator_client, "quiet/save/", QUIET)
    post(operator_client, "quiet/save/", {**QUIET, "start": "", "end": "", "same_failure_minutes": "5"})
    before, after = changed("quiet_hours.save")
    assert before["quiet"] == {"start": "22:00", "end": "07:00", "zone": "UTC"}
    assert (before["sameFailureMinutes"], after["sameFailureMinutes"], after["quiet"]) == (30, 5, None)


def test_what_was_before_the_mail_server_changed_is_audited(operator_client: Client) -> None:
    post(operator_client, "mail/save/", MAIL)
    post(operator_client, "mail/save/", {**MAIL, "port": "2525", "password": "pass-word"})
    before, after = changed("mail.save")
    assert (before["port"], after["port"], before["from"]) == (25, 2525, "halo@example.org")
    assert after["password"] == "secret:mail-password"
    assert "pass-word" not in str(list(AuditEntry.objects.values()))


def test_a_manager_may_and_an_operator_may_not() -> None:
    for name, status in (("manager", 200), ("operator", 403), ("viewer", 403)):
        browser, user = Client(), User.objects.create_user(name)
        user.groups.add(Group.objects.get_or_create(name=name)[0])
        browser.force_login(user)
        assert browser.get(HOME).status_code == status
        assert browser.post(f"{HOME}quiet/save/", QUIET).status_code == (302 if status == 200 else 403)


def test_a_damaged_config_is_kept(operator_client: Client) -> None:
    data_dir().config.write_text("{")
    assert "Nothing was saved" in post(operator_client, "quiet/save/", QUIET, 200)
    assert data_dir().config.read_text() == "{"


def test_what_cannot_be_used_is_named(operator_client: Client) -> None:
    update_config("notifications", {"quiet": {"start": "25:00", "end": "07:00"}})
    assert "quiet: start: Value error, must be a time of day" in shown(operator_client)


def test_an_app_has_a_level_of_its_own(operator_client: Client, app: App) -> None:
    page = f"/apps/{app.pk}/config/"
    operator_client.post(f"/apps/{app.pk}/notifications/save/", {"level": "none"})
    app.refresh_from_db()
    assert app.user_overrides == {"notification_level": "none"}
    assert 'form="level-reset"' in operator_client.get(page).content.decode()
    operator_client.post(f"/apps/{app.pk}/notifications/save/", {"level": "loud"})
    operator_client.post(f"/apps/{app.pk}/notifications/save/", {"key": "notification_level"})
    app.refresh_from_db()
    assert app.user_overrides == {}
    assert AuditEntry.objects.filter(verb="override_notifications").count() == 2


def test_the_form_of_a_rule_says_what_choosing_nothing_means(operator_client: Client) -> None:
    page = operator_client.get("/settings/notifications/").content.decode()
    assert page.count("None chosen: ") == 4
    assert 'role="group" aria-labelledby="id_types_legend"' in page


def test_the_form_of_a_target_asks_for_one_of_three(operator_client: Client) -> None:
    page = operator_client.get("/settings/notifications/targets/new/").content.decode()
    form = page.split("<fieldset")[1].split("</fieldset>")[0]
    assert form.count("<input") == 3
    assert "optional" not in form
