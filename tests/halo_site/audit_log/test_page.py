"""The page of the audit log and its export."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from app_runtime.statuses import Status
from halo_site import audit
from halo_site.audit_log import objects
from halo_site.audit_log import page as audit_page
from halo_site.datadir import config
from halo_site.datadir.secrets import set_secret
from halo_site.models import AuditEntry
from tests.factories import make_app, make_question, make_run

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
BOSS = audit.Actor("person", "boss")
pytestmark = pytest.mark.django_db


def note(verb: str = "pause", actor: audit.Actor = BOSS, at: datetime = NINE, **facts) -> AuditEntry:
    values = {"object_type": "app", "object_id": "one", "summary": "Kettle Watch", **facts}
    return audit.record(actor, verb, now=at, **values)


def shown(client: Client, **query) -> str:
    response = client.get("/audit/", query)
    assert response.status_code == 200
    return response.content.decode()


def verbs(client: Client, **query) -> list[str]:
    response = client.get("/audit/", query)
    return [line.entry.verb for line in response.context["page"].lines]


def test_an_empty_log_says_so(operator_client):
    assert "No lines yet" in shown(operator_client)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (BOSS, "The last line is by boss, "),
        (audit.command("backup"), "The last line is by command backup, "),
        (audit.system("clock"), "The last line is by system clock, "),
    ],
)
def test_the_heading_says_who_was_last_and_when(operator_client, actor, words):
    note(actor=actor)
    assert f"<h1>{words}" in shown(operator_client)
    assert " ago</h1>" in shown(operator_client)


def test_every_kind_that_is_written_can_be_filtered_by_its_word(operator_client):
    root = Path(__file__).resolve().parents[3]
    packages = ("halo_site", "scheduler", "memory", "app_manager", "app_runtime")
    sources = [file.read_text() for name in packages for file in (root / name).rglob("*.py")]
    written = {kind for source in sources for kind in re.findall(r'object_type="(\w+)"', source)}
    written |= {"target", "settings", "session", "batch", "user", "group"}
    assert "question" in written
    assert written <= set(objects.kinds())
    text = shown(operator_client)
    assert '<option value="target">notification target</option>' in text
    assert '<option value="question">question</option>' in text


def test_lines_about_targets_messages_and_questions_lead_to_them(operator_client):
    config.update_config("notifications", {"targets": [{"id": "phone", "name": "Phone", "url": "env:PHONE"}]})
    asked = make_question(make_app())
    note(object_type="target", object_id="phone")
    note(object_type="target", object_id="gone")
    note(object_type="question", object_id=asked.pk)
    text = shown(operator_client)
    assert 'href="/settings/notifications/targets/phone/"' in text
    assert f'href="/escalations/{asked.pk}/"' in text
    assert "targets/gone" not in text


def test_a_filter_that_finds_nothing_says_so_and_leads_back(operator_client):
    note()
    text = shown(operator_client, verb="resume")
    assert "No line matches" in text
    assert "Clear" in text


def test_a_line_says_who_did_what_with_what_was_before_and_after(operator_client):
    note(before={"status": "active", "name": "same"}, after={"status": "paused", "name": "same"})
    text = shown(operator_client)
    assert ">boss<" in text
    assert "active</del>" in text
    assert "paused</ins>" in text
    assert "1 value stayed as it was." in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "person:boss"}, ["person"]),
        ({"actor": "boss"}, ["person"]),
        ({"kind": "command"}, ["command"]),
        ({"kind": "app"}, ["app"]),
        ({"kind": "system"}, ["system"]),
        ({"verb": "app"}, ["app"]),
        ({"object_type": "space"}, ["system"]),
        ({"object_id": "four"}, ["system"]),
        ({"object_type": "app", "object_id": "two"}, ["command"]),
        ({"since": "2026-11-26"}, ["system"]),
        ({"until": "2026-11-23"}, ["person"]),
        ({"since": "2026-11-24", "until": "2026-11-24"}, ["command"]),
        ({"q": "KETTLE"}, ["person"]),
        ({"q": "kettle", "actor": "command:backup"}, []),
        ({"actor": "command:backup", "verb": "command", "since": "2026-11-24"}, ["command"]),
    ],
)
def test_each_filter_finds_its_lines(operator_client, query, found):
    for number, (kind, key) in enumerate(
        {"person": "one", "command": "two", "app": "three", "system": "four"}.items()
    ):
        name = {"person": "boss", "command": "backup"}.get(kind, "x")
        thing = {"object_type": "space" if kind == "system" else "app", "object_id": key}
        summary = "Kettle Watch" if kind == "person" else "Another"
        at = NINE + timedelta(days=number)
        note(kind, audit.Actor(kind, name), at, summary=summary, **thing)
    assert verbs(operator_client, **query) == found


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"since": "2026-11-24", "until": "2026-11-23"},
        {"kind": "nobody"},
        {"q": "x" * 201},
        {"until": "9999-12-31"},
    ],
)
def test_a_wrong_filter_finds_nothing_and_says_why(operator_client, query):
    note()
    response = operator_client.get("/audit/", query)
    assert response.status_code == 422
    assert "A filter is wrong" in response.content.decode()
    assert operator_client.get("/audit/export/csv/", query).status_code == 422


@pytest.mark.parametrize("before", ["x", "1-abc", "99-99999999999999999999999", "-", "1" * 400])
def test_a_place_that_nothing_of_ours_wrote_is_no_error(operator_client, before):
    note()
    assert operator_client.get("/audit/", {"before": before}).status_code == 200


def test_pages_follow_each_other_without_a_line_lost(operator_client):
    made = [note(at=NINE + timedelta(seconds=number // 3)).pk for number in range(audit_page.PAGE + 7)]
    first = operator_client.get("/audit/").context["page"]
    second = operator_client.get(first.pager.next_url).context["page"]
    seen = [line.entry.pk for line in (*first.lines, *second.lines)]
    assert seen == sorted(made, reverse=True)
    assert second.pager.next_url == ""


def test_a_search_looks_at_a_window_says_so_and_goes_on(operator_client, monkeypatch):
    monkeypatch.setattr(audit_page, "WINDOW", 5)
    note("rare")
    for number in range(7):
        note(at=NINE + timedelta(seconds=1 + number))
    response = operator_client.get("/audit/", {"verb": "rare"})
    assert "None of the newest 5 lines matches" in response.content.decode()
    older = response.context["pager"].older_url
    assert [line.entry.verb for line in operator_client.get(older).context["page"].lines] == ["rare"]


def test_what_is_there_has_a_link_and_what_is_gone_has_none(operator_client):
    app = make_app()
    run = make_run(app, Status.OK)
    note(object_id=app.pk)
    note(object_type="run", object_id=run.pk)
    note(object_id="gone")
    note(object_type="no_such_kind", object_id="gone")
    text = shown(operator_client)
    assert reverse("app_runtime:app_thread", args=[app.pk]) in text
    assert reverse("app_runtime:run_detail", args=[run.pk]) in text
    assert "/apps/gone/" not in text


def test_a_page_asks_as_much_of_few_lines_as_of_many(operator_client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for times in (1, 40):
        for number in range(times):
            for kind in ("app", "run", "user", "space", "job", "price", "source"):
                note(object_type=kind, object_id=f"{kind}-{number}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            shown(operator_client)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", ["viewer", "operator", "manager", None])
def test_only_administrators_read_it(db, role):
    person = User.objects.create_user("somebody")
    if role:
        person.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(person)
    assert [client.get(f"/audit/{rest}").status_code for rest in ("", "export/csv/")] == [403, 403]


def test_an_administrator_who_is_no_superuser_reads_it(db):
    person = User.objects.create_user("somebody")
    person.groups.add(Group.objects.get(name="administrator"))
    client = Client()
    client.force_login(person)
    assert client.get("/audit/").status_code == 200


def test_the_pages_of_things_lead_to_their_history(operator_client):
    app = make_app()
    run = make_run(app, Status.OK)
    for address, query in (
        (f"/apps/{app.pk}/", f"object_type=app&amp;object_id={app.pk}"),
        (f"/runs/{run.pk}/", f"object_type=run&amp;object_id={run.pk}"),
        (f"/spaces/{app.space_id}/", f"object_type=space&amp;object_id={app.space_id}"),
        ("/settings/models/", "object_type=source"),
        ("/settings/prices/", "object_type=price"),
        ("/settings/limits/", "object_type=settings"),
    ):
        assert f"/audit/?{query}" in operator_client.get(address).content.decode(), address
    assert 'href="/audit/"' in operator_client.get("/settings/").content.decode()


def test_the_csv_has_every_matching_line_and_no_formula(operator_client):
    for _number in range(audit_page.PAGE + 3):
        note(summary="=1+1", after={"a": 1})
    note("other")
    response = operator_client.get("/audit/export/csv/", {"verb": "pause"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert len(rows) == audit_page.PAGE + 3
    assert (rows[0]["summary"], rows[0]["actor"], rows[0]["after"]) == ("'=1+1", "person:boss", '{"a": 1}')
    assert rows[0]["ts"] == "2026-11-23T09:00:00.000Z"


def test_the_json_lines_hold_what_was_before_and_after(operator_client):
    note(before={"a": 1}, after={"a": 2})
    response = operator_client.get("/audit/export/jsonl/")
    line = json.loads(b"".join(response.streaming_content))
    assert (line["before"], line["after"], line["object_id"]) == ({"a": 1}, {"a": 2}, "one")


def test_there_is_no_other_format(operator_client):
    assert operator_client.get("/audit/export/exe/").status_code == 404


def test_no_secret_gets_into_a_line(operator_client):
    set_secret("key", "correct-horse-battery")
    line = note(
        summary="with correct-horse-battery",
        before={"password": "old one", "apiKey": "env:MY_KEY"},
        after={"deep": [{"text": "is correct-horse-battery"}], "api_key": "sk-123", "tokens": 5},
    )
    line.refresh_from_db()
    assert "correct-horse" not in f"{line.summary} {line.after}"
    assert line.before == {"password": "•••", "apiKey": "env:MY_KEY"}
    assert (line.after["api_key"], line.after["tokens"]) == ("•••", 5)


def test_a_secret_that_became_one_later_is_hidden_from_page_and_export(operator_client):
    note(summary="with correct-horse-battery", after={"text": "correct-horse-battery"})
    set_secret("key", "correct-horse-battery")
    assert "correct-horse" not in shown(operator_client)
    response = operator_client.get("/audit/export/jsonl/")
    assert b"correct-horse" not in b"".join(response.streaming_content)


def test_text_of_others_is_escaped(operator_client):
    note("<script>", audit.Actor("person", "<img>"), summary="<b>", after={"<i>": "<u>"}, object_id="<a>")
    text = shown(operator_client)
    assert not any(word in text for word in ("<script></", "<img>", "<b>x", "<i>", "<u>", "<a>"))
