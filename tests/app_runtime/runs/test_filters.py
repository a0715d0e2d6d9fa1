"""The filters of the lists of runs: what each finds, and what is said about a wrong one."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from app_manager.models import App
from app_runtime.models import Run, UsageDay
from app_runtime.runs import search as run_search
from app_runtime.runs.filters import RunFilter
from app_runtime.runs.search import RunSearch
from app_runtime.statuses import Status, Trigger
from tests.factories import MINUTE, NINE, SECOND, add_space, make_app, make_entry, make_run

pytestmark = pytest.mark.django_db
EVERYTHING = User(is_superuser=True)  # who sees everything


def found(query: str, app: App | None = None, now: datetime = NINE + MINUTE) -> set[str]:
    """The ids that a filter finds."""
    chosen = RunFilter(QueryDict(query), app, EVERYTHING)
    assert chosen.is_valid(), chosen.errors
    return {run.pk for run in RunSearch(chosen, now).newest(100).rows}


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


def shown(page: str) -> set[str]:
    """The ids of the rows on a page."""
    return {run.pk for run in Run.objects.all() if f'id="run-{run.pk}"' in page}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("status=error", {"status": Status.ERROR}),
        ("status=unfinished", {"status": Status.QUEUED}),
        ("trigger=event", {"trigger_type": Trigger.EVENT}),
        ("model=small-1", {"model": "small-1", "engine": "model"}),
        ("q=gateway+timed", {"error_message": "The Gateway timed out."}),
        ("period=day", {"at": NINE - timedelta(hours=23)}),
        ("period=week", {"at": NINE - timedelta(days=6)}),
        ("period=month", {"at": NINE - timedelta(days=29)}),
    ],
)
def test_a_filter_finds_its_runs_and_no_others(app: App, query: str, fields: dict) -> None:
    make_run(app, at=NINE - timedelta(days=40), engine="model", model="large-1")
    wanted = make_run(app, **{"at": NINE - timedelta(days=40), **fields})
    assert found(query) == {wanted.pk}


def test_rehearsals_are_a_choice_among_the_models(app: App) -> None:
    rehearsal = make_run(app)
    make_run(app, at=NINE + SECOND, engine="model", model="small-1")
    assert found("model=rehearsal") == {rehearsal.pk}


def test_the_text_is_sought_in_what_a_run_told(app: App) -> None:
    run = make_run(app)
    make_run(app, at=NINE + SECOND)
    make_entry(app, run=run, summary="检查了 12 个页面。")
    make_entry(app, run=run, summary="Nothing new.")
    assert found("q=12 个页面") == {run.pk}


def test_signs_of_a_pattern_are_letters_like_others(app: App) -> None:
    make_run(app, error_message="50 kettles")
    assert found("q=5%25") == found("q=5_") == set()


def test_an_app_and_a_space_are_found_by_their_ids(app: App) -> None:
    other = make_app("Toaster Watch")
    App.objects.filter(pk=other.pk).update(space_id=add_space("Kitchen").id)
    run, elsewhere = make_run(app), make_run(other)
    other.refresh_from_db()
    assert found(f"app={app.pk}") == {run.pk}
    assert found(f"space={other.space_id}") == {elsewhere.pk}


def test_a_space_of_several_apps_has_the_runs_of_all_of_them(app: App) -> None:
    other, third = make_app("Toaster Watch"), make_app("Fridge Watch")
    App.objects.filter(pk=third.pk).update(space_id=add_space("Kitchen").id)
    runs = [make_run(app), make_run(other)]
    make_run(third)
    assert found(f"space={app.space_id}") == {run.pk for run in runs}


def test_a_space_without_apps_has_no_runs(app: App) -> None:
    make_run(app)
    assert found(f"space={add_space('Empty').id}") == set()


def test_dates_are_days_of_the_servers_zone(app: App, settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    with timezone.override("Asia/Tokyo"):
        inside = make_run(app, at=datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
        late = make_run(app, at=datetime(2026, 11, 23, 14, 59, 59, tzinfo=UTC))
        make_run(app, at=datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC))
        make_run(app, at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
        assert found("since=2026-11-23&until=2026-11-23&period=day") == {inside.pk, late.pk}


def test_filters_together_find_what_each_of_them_finds(app: App) -> None:
    wanted = make_run(app, Status.ERROR, trigger_type=Trigger.EVENT, error_message="timed out")
    make_run(app, Status.ERROR, at=NINE + SECOND, error_message="timed out")
    make_run(app, at=NINE + 2 * SECOND, trigger_type=Trigger.EVENT)
    assert found("status=error&trigger=event&q=timed&period=day") == {wanted.pk}


@pytest.mark.parametrize("length", [8, 13, 36])
def test_a_run_is_found_by_the_beginning_of_its_id_whatever_else_is_chosen(app: App, length: int) -> None:
    run = make_run(app, at=NINE - timedelta(days=900))
    make_run(app)
    query = f"q={run.pk[:length].upper()}&status=error&period=day&model=none"
    assert found(query) == {run.pk}


def test_an_id_of_another_apps_run_is_not_found_on_an_apps_page(app: App) -> None:
    run = make_run(make_app("Toaster Watch"))
    assert found(f"q={run.short_id}", app) == set()
    assert found(f"q={run.short_id}") == {run.pk}


def test_a_text_that_only_looks_like_an_id_is_a_text(app: App) -> None:
    run = make_run(app, error_message="deadbeef was not found")
    assert found("q=deadbeef") == {run.pk}


# What is said about wrong ones


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("status=nonsense", "There is no such status."),
        ("trigger=nonsense", "There is no such trigger."),
        ("period=nonsense", "There is no such period."),
        ("app=nonsense", "There is no app with this id."),
        ("space=nonsense", "There is no space with this id."),
        ("since=yesterday", "Give a date such as 2026-11-23."),
        ("until=9999-12-31", "Give a date between 1970 and 9998."),
        ("since=0001-01-01", "Give a date between 1970 and 9998."),
        ("since=2026-11-23&until=2026-11-22", "The end lies before the beginning."),
        ("q=%00", "Null characters are not allowed."),
        ("model=%00", "Null characters are not allowed."),
    ],
)
def test_a_wrong_value_is_told_and_shows_no_rows(
    operator_client: Client, app: App, query: str, words: str
) -> None:
    make_run(app)
    page = text_of(operator_client, f"/runs/?{query}")
    assert words in page
    assert shown(page) == set()


def test_a_parameter_that_nobody_knows_is_ignored(operator_client: Client, app: App) -> None:
    run = make_run(app)
    assert shown(text_of(operator_client, "/runs/?colour=blue&app=")) == {run.pk}


def test_an_app_is_no_filter_on_its_own_page(operator_client: Client, app: App) -> None:
    run = make_run(app)
    assert shown(text_of(operator_client, f"/apps/{app.pk}/runs/?app=nonsense&space=nonsense")) == {run.pk}


# What a page says and offers


@pytest.mark.parametrize(
    ("statuses", "query", "title"),
    [
        ([Status.OK], "", "No run is going on"),
        ([Status.RUNNING], "", "1 run is going on"),
        ([Status.OK] * 2, "?status=ok", "2 runs match"),
        ([Status.OK], "?status=ok", "1 run matches"),
        ([Status.OK], "?status=error", "No run matches"),
        ([Status.OK] * 31, "?trigger=manual", "More than 30 runs match"),
        ([Status.OK], "?status=x", "A filter is wrong"),
    ],
)
def test_the_title_says_the_state(
    operator_client: Client, app: App, statuses: list[str], query: str, title: str
) -> None:
    for number, status in enumerate(statuses):
        make_run(app, status, at=NINE + number * SECOND)
    for address in ("/runs/", f"/apps/{app.pk}/runs/"):
        assert f">{title}</h" in text_of(operator_client, f"{address}{query}")


def test_a_count_stops_where_it_says(operator_client: Client, app: App, monkeypatch) -> None:
    monkeypatch.setattr("app_runtime.runs.list_page.COUNT_CAP", 2)
    for number in range(3):
        make_run(app, at=NINE + number * SECOND)
    assert "2+ runs match" in text_of(operator_client, "/runs/?status=ok")


def test_nothing_yet_and_nothing_that_matches_are_two_things(operator_client: Client, app: App) -> None:
    assert "No runs yet" in text_of(operator_client, "/runs/")
    assert "No runs yet" not in text_of(operator_client, "/runs/?status=error")
    assert "Show all runs" in text_of(operator_client, "/runs/?status=error")


def test_an_active_filter_can_be_taken_away_alone(operator_client: Client, app: App) -> None:
    page = text_of(operator_client, "/runs/?status=error&trigger=event")
    assert 'href="/runs/?trigger=event">Status: Failed' in page
    assert 'href="/runs/?status=error">Trigger: Event' in page


def test_filters_survive_paging(operator_client: Client, app: App) -> None:
    for number in range(31):
        make_run(app, at=NINE + number * SECOND)
    pager = operator_client.get("/runs/?status=ok&trigger=manual").context["pager"]
    assert pager.next_url.startswith("/runs/?status=ok&trigger=manual&before=")


def test_models_that_are_known_are_offered(operator_client: Client, app: App) -> None:
    make_run(app, engine="model", model="of-a-run")
    UsageDay.objects.create(day=NINE.date(), app_id=app.pk, app_name=app.name, model="of-a-day")
    page = text_of(operator_client, "/runs/?model=of-an-address")
    for name in ("of-a-run", "of-a-day", "of-an-address", "rehearsal"):
        assert f'<option value="{name}"' in page


def test_apps_of_one_name_are_told_apart_by_their_spaces(app: App) -> None:
    space = add_space("Kitchen")
    App.objects.filter(pk=app.pk).update(space_id=space.id)
    make_app()
    labels = [label for _value, label in RunFilter(QueryDict(), None, EVERYTHING).fields["app"].choices]  # type: ignore[attr-defined]
    assert {"Kettle Watch (Kitchen)", "Kettle Watch (Default)"} <= set(labels)


# Windows


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of three runs."""
    monkeypatch.setattr(run_search, "WINDOW", 3)
    monkeypatch.setattr(run_search, "TEXT_WINDOW", 3)


@pytest.mark.parametrize("query", ["trigger=event", "model=small-1", "q=needle"])
@pytest.mark.usefixtures("narrow")
def test_a_filter_without_an_index_says_how_far_it_looked_and_goes_on_from_there(
    operator_client: Client, app: App, query: str
) -> None:
    fields = {
        "trigger_type": Trigger.EVENT,
        "model": "small-1",
        "engine": "model",
        "error_message": "needle",
    }
    old = make_run(app, **fields)
    for number in range(1, 5):
        make_run(app, at=NINE + number * SECOND)
    response = operator_client.get(f"/runs/?{query}")
    page = unescape(response.content.decode())
    assert "None of the newest 3 runs matches" in page
    assert "Search older ones" in page
    assert shown(text_of(operator_client, response.context["pager"].older_url)) == {old.pk}


@pytest.mark.usefixtures("narrow")
def test_walking_through_all_windows_finds_every_run_once(operator_client: Client, app: App) -> None:
    wanted = {
        make_run(app, at=NINE + (number // 2) * SECOND, trigger_type=kind).pk
        for number in range(20)
        for kind in [Trigger.EVENT if number % 4 == 0 else Trigger.MANUAL]
        if kind == Trigger.EVENT
    }
    met: list[str] = []
    url = "/runs/?trigger=event"
    while url:
        pager = operator_client.get(url).context["pager"]
        met += [run.pk for run in pager.rows]
        url = pager.next_url or pager.older_url
    assert sorted(met) == sorted(wanted)


@pytest.mark.usefixtures("narrow")
def test_a_search_that_saw_everything_offers_nothing_older(operator_client: Client, app: App) -> None:
    for number in range(3):
        make_run(app, at=NINE + number * SECOND)
    assert "Search older ones" not in text_of(operator_client, "/runs/?trigger=event")


@pytest.mark.usefixtures("narrow")
def test_what_an_index_finds_has_no_window(app: App) -> None:
    old = make_run(app, Status.ERROR)
    for number in range(1, 6):
        make_run(app, at=NINE + number * SECOND)
    assert found("status=error") == {old.pk}


# Speed


QUERIES = [
    "",
    "status=ok",
    "status=unfinished",
    "trigger=manual",
    "model=rehearsal",
    "q=kettle",
    "period=week",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("one_app", [True, False])
def test_no_filter_asks_more_as_the_table_grows(
    operator_client: Client, app: App, query: str, one_app: bool
) -> None:
    address = f"/apps/{app.pk}/runs/?{query}" if one_app else f"/runs/?{query}"

    def grow(count: int) -> None:
        for _number in range(count):
            run = make_run(app, at=timezone.now())
            make_entry(app, run=run)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator_client.get(address)
        return len(captured)

    grow(10)
    queries()
    few = queries()
    grow(10)
    assert queries() == few


PLANS = {
    "status=ok": "idx_runs_status",
    "period=week": "idx_runs_started",
    "since=2026-01-01&until=2026-02-01": "idx_runs_started",
    "trigger=event": "idx_runs_started",
    "model=small-1": "idx_runs_started",
    "model=rehearsal": "idx_runs_started",
    "q=kettle": "idx_runs_started",
    "space={space}": "idx_runs_started",
    "app={app}": "idx_runs_app",
    "app={app}&trigger=event": "idx_runs_app",
    "app={app}&status=ok": "idx_runs_app_status",
    "status=error&trigger=event": "idx_runs_status",
    "status=unfinished": "idx_runs_status",
    "app={app}&status=unfinished": "idx_runs_app_status",
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("query", PLANS)
def test_each_filter_goes_to_the_index_made_for_it(app: App, query: str) -> None:
    make_app("Toaster Watch")
    chosen = RunFilter(QueryDict(query.format(app=app.pk, space=app.space_id)), None, EVERYTHING)
    assert chosen.is_valid(), chosen.errors
    plan = RunSearch(chosen, NINE).rows.newest_first().explain()
    assert PLANS[query] in plan.replace(",", " ").split()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("query", sorted(set(PLANS) - {"status=unfinished", "app={app}&status=unfinished"}))
def test_no_filter_sorts_what_it_finds(app: App, query: str) -> None:
    make_app("Toaster Watch")
    chosen = RunFilter(QueryDict(query.format(app=app.pk, space=app.space_id)), None, EVERYTHING)
    assert chosen.is_valid(), chosen.errors
    assert "ORDER BY" not in RunSearch(chosen, NINE).rows.newest_first().explain()
