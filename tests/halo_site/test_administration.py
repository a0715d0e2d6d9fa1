"""What holds for every list of the administration, whichever tables there are."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from halo_site import audit, read_only
from halo_site.export import cell
from halo_site.models import AuditEntry
from halo_site.read_only import ReadOnlyAdmin
from tests.factories import MINUTE, NINE, make_app, make_entry, make_run

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
HISTORY = [model for model in MODELS if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
EVIL = "<script>alert(1)</script>"


def address(model: Any, view: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def history() -> None:
    app = make_app(name=EVIL, description=EVIL)
    run = make_run(app, error_message=EVIL)
    make_entry(app, run=run, summary=EVIL, data={"evil": EVIL})
    audit.record(audit.system(EVIL), EVIL, object_type="x", object_id=EVIL, now=NINE, summary=EVIL)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_others_wrote_is_shown_as_text(operator_client: Client, history: None, model: Any) -> None:
    page = operator_client.get(address(model))
    assert page.status_code == 200
    assert EVIL not in page.content.decode()
    for row in model._default_manager.all()[:3]:
        shown = operator_client.get(address(model, "change", row.pk))
        assert shown.status_code == 200, row
        assert EVIL not in shown.content.decode()


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_every_list_of_history_can_be_taken_along(
    operator_client: Client, history: None, model: Any, kind: str
) -> None:
    answer = operator_client.get(address(model, "export", kind))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    rows = model._default_manager.count()
    assert answer["Content-Disposition"].startswith("attachment")
    assert len(lines) == rows + (kind == "csv") or rows == 0


def test_an_export_has_the_rows_of_the_filtered_list(operator_client: Client) -> None:
    app = make_app()
    make_run(app, "ok")
    failed = make_run(app, "error", at=NINE + MINUTE)
    answer = operator_client.get("/admin/app_runtime/run/export/jsonl/?status__exact=error")
    [line] = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    told = json.loads(line)
    assert (told["run_id"], told["started_at"]) == (failed.pk, "2026-11-23T09:01:00.000Z")


def test_an_export_in_an_unknown_format_is_refused(operator_client: Client) -> None:
    assert operator_client.get("/admin/app_runtime/run/export/exe/").status_code == 400


FORMULAS = [
    f"{before}{sign}1"
    for before in ("", " ", "\t", "\r", "\n", "\r\n", " \n ", "\xa0", "\u3000", "\ufeff", "\u200b")
    for sign in "=+-@＝＋－＠"  # noqa: RUF001 - meant
]


@pytest.mark.parametrize("text", [*FORMULAS, "\tx", "\rx", "\nx"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell({"a": text}).startswith("{")
    assert cell(-1) == "-1"


@pytest.mark.parametrize("text", ["", " ", "a=1", "1+1", " x", "a\n=1", "–1", "(=1)", "'=1"])  # noqa: RUF001
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_a_table_program_reads_back_what_was_exported(operator_client: Client) -> None:
    make_entry(make_app(), summary='a "quoted", line\nand another')
    answer = operator_client.get("/admin/app_runtime/entry/export/csv/")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    [row] = csv.DictReader(io.StringIO(text))
    assert json.loads(row["content"])["summary"] == 'a "quoted", line\nand another'


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_who_is_no_administrator_sees_nothing(client: Client, model: Any) -> None:
    views = ["changelist", *(["export"] if model in HISTORY else [])]
    addresses = [address(model, view, *(["csv"] if view == "export" else [])) for view in views]
    for person, allowed in ((None, 302), (User.objects.create_user("guest"), 403)):
        if person:
            client.force_login(person)
        assert {client.get(each).status_code for each in addresses} == {allowed}
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert {client.get(each).status_code for each in addresses} == {403}


def rows_of_everything() -> dict[str, Any]:
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            if table not in {"django_session", "auth_user"}:
                cursor.execute(f'SELECT * FROM "{table}"')
                found[table] = cursor.fetchall()
    return found


def test_looking_changes_no_row(operator_client: Client, history: None) -> None:
    operator_client.get("/admin/")
    before = rows_of_everything()
    for model in MODELS:
        operator_client.get(address(model))
        for row in model._default_manager.all()[:2]:
            operator_client.get(address(model, "change", row.pk))
        if model in HISTORY:
            list(operator_client.get(address(model, "export", "csv")).streaming_content)  # type: ignore[attr-defined]
    assert rows_of_everything() == before


@pytest.mark.parametrize(
    "query", ["started_at__regex=(a+)%2B$", "app__spec_id__startswith=a", "status__regex=a"]
)
def test_a_lookup_that_no_filter_offers_is_refused(operator_client: Client, query: str) -> None:
    assert operator_client.get(f"/admin/app_runtime/run/?{query}").status_code == 400


def test_a_column_without_an_index_does_not_sort(operator_client: Client) -> None:
    app = make_app()
    older, newer = make_run(app, "ok"), make_run(app, "error", at=NINE + MINUTE)
    shown = operator_client.get("/admin/app_runtime/run/?o=3").context["cl"].result_list
    assert [run.pk for run in shown] == [newer.pk, older.pk]


@pytest.mark.parametrize("order", ["x", "99", "-", "1.x", "--1"])
def test_an_order_that_is_none_is_left_out(operator_client: Client, order: str) -> None:
    assert operator_client.get(f"/admin/app_runtime/run/?o={order}").status_code == 200


def test_a_filter_without_an_index_looks_at_the_newest_rows_and_says_so(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app_runtime import admin as runs

    monkeypatch.setattr(runs, "WINDOW", 2)
    app = make_app()
    made = [make_run(app, at=NINE + number * MINUTE) for number in range(4)]
    page = operator_client.get("/admin/app_runtime/run/?trigger_type__exact=manual")
    assert [run.pk for run in page.context["cl"].result_list] == [made[3].pk, made[2].pk]
    assert "only the newest 50,000 rows were looked at" in page.content.decode()


def test_the_window_of_counted_rows(operator_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_only, "WINDOW", 2)
    for number in range(4):
        audit.record(audit.system("x"), "look", object_type="x", object_id=str(number), now=NINE)
    page = operator_client.get("/admin/halo_site/auditentry/?verb__exact=look")
    assert {entry.object_id for entry in page.context["cl"].result_list} == {"2", "3"}


@pytest.mark.parametrize("term", ["{start}", "{id}", "kettle", "KETTLE"])
def test_runs_are_found_by_id_and_by_app(operator_client: Client, term: str) -> None:
    run = make_run(make_app())
    make_run(make_app("Other"))
    query = term.format(start=run.pk[:8], id=run.pk)
    shown = operator_client.get("/admin/app_runtime/run/", {"q": query}).context["cl"].result_list
    assert [each.pk for each in shown] == [run.pk]


def test_people_who_are_changed_stand_in_the_audit_log(operator_client: Client) -> None:
    data = {"username": "kim", "password1": "correct horse", "password2": "correct horse"}
    operator_client.post("/admin/auth/user/add/", {**data, "usable_password": "true"})
    person = User.objects.get(username="kim")
    more = {"password1": "battery staple!", "password2": "battery staple!", "usable_password": "true"}
    operator_client.post(f"/admin/auth/user/{person.pk}/password/", more)
    operator_client.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"})
    lines = list(AuditEntry.objects.filter(object_type="user").order_by("id"))
    assert [line.verb for line in lines] == ["create", "change", "delete"]
    assert {line.actor for line in lines} == {"person:operator"}
    assert not any("horse" in line.summary or "staple" in line.summary for line in lines)


def test_a_right_of_djangos_own_is_no_role(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_run"))
    client.force_login(viewer)
    assert client.get("/admin/app_runtime/run/").status_code == 403


def audit_list(browser: Client, **filters: str) -> tuple[str, list[str]]:
    """The audit log with filters, and the statements that looked for its lines."""
    with CaptureQueriesContext(connection) as queries:
        page = browser.get("/admin/halo_site/auditentry/", filters).content.decode()
    looking = [each["sql"] for each in queries if "object_type" in each["sql"].partition("WHERE")[2]]
    assert looking
    return page, looking


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return " ".join(row[3] for row in cursor.fetchall())


@pytest.mark.sqlite_only
def test_the_audit_log_is_filtered_by_kind_without_its_index(operator_client: Client) -> None:
    audit.record(audit.system("tests"), "pause", object_type="app", object_id="kettle-one", now=NINE)
    audit.record(audit.system("tests"), "create", object_type="space", object_id="space-one", now=NINE)
    page, statements = audit_list(operator_client, object_type__exact="app")
    assert "kettle-one" in page
    assert "space-one" not in page
    assert not any("idx_audit_object" in plan for plan in map(plan_of, statements))


@pytest.mark.sqlite_only
def test_the_audit_lines_of_one_object_are_found_by_their_index(operator_client: Client) -> None:
    audit.record(audit.system("tests"), "pause", object_type="app", object_id="kettle-one", now=NINE)
    page, statements = audit_list(operator_client, object_type__exact="app", object_id__exact="kettle-one")
    assert "kettle-one" in page
    assert all("idx_audit_object" in plan for plan in map(plan_of, statements))
