"""The page of a thread: what stands in it, in which order, on which page."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from app_manager.models import App
from app_runtime.models import Entry, Run
from app_runtime.statuses import EntryType, Outcome, Status
from app_runtime.thread import rows
from app_runtime.thread.bodies import Body, web_address
from app_runtime.thread.rows import Gap, Thread
from tests.factories import MINUTE, NINE, SECOND, make_app, make_entry, make_question, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(db: None) -> App:
    return make_app()


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return unescape(response.content.decode())


def quiet(app: App, minute: int) -> Entry:
    run = make_run(app, at=NINE + minute * MINUTE, outcome=Outcome.NOOP)
    return make_entry(app, EntryType.RUN_SKIPPED, run=run, at=NINE + minute * MINUTE)


def shape(app: App, count: int = 30, **more: object) -> list[int | str]:
    """Counts of gaps, and summaries of news, newest first."""
    part = Thread(app).part(count, **more)  # type: ignore[arg-type]
    return [row.count if isinstance(row, Gap) else row.summary for row in part.rows]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", EntryType.values)
def test_every_type_is_drawn_with_its_words(operator_client: Client, app: App, kind: str) -> None:
    entry = make_entry(app, kind, run=make_run(app), summary="The **kettle**")
    page = text_of(operator_client, f"/apps/{app.pk}/entries/{entry.pk}/")
    assert "kettle" in page or kind == EntryType.RUN_SKIPPED
    assert "Nobody knows" not in page


def test_an_answer_an_expiry_and_a_dismissal_are_told(operator_client: Client, app: App) -> None:
    answered = make_question(app)
    Entry.objects.filter(pk=answered.pk).update(user_response={"ts": 1, "choice": "Yes", "text": "today"})
    for number, reason in enumerate(("expired", "dismissed")):
        entry = make_entry(
            app, EntryType.ESCALATION, at=NINE + number * SECOND, resolution={"reason": reason}
        )
        Entry.objects.filter(pk=entry.pk).update(closed_at=NINE)
    page = text_of(operator_client, f"/apps/{app.pk}/")
    assert "<b>Yes</b>: today" in page
    assert "It expired without an answer" in page
    assert "It was dismissed by somebody" in page


@pytest.mark.parametrize(
    ("kind", "content"), [("dream", {"summary": "x"}), ("milestone", [1, "odd words"]), ("output", {})]
)
def test_an_odd_row_is_shown_as_it_was_written(
    operator_client: Client, app: App, kind: str, content: object
) -> None:
    Entry.objects.create(app=app, run_id="gone", type=kind, ts=NINE, content=content)
    make_entry(app, EntryType.MILESTONE, at=NINE + SECOND, summary="A fine one")
    page = text_of(operator_client, f"/apps/{app.pk}/")
    assert "It is shown as it was written" in page
    assert "A fine one" in page


def test_a_rehearsal_is_marked(operator_client: Client, app: App) -> None:
    make_entry(app, run=make_run(app, engine="rehearsal"))
    assert ">rehearsal<" in text_of(operator_client, f"/apps/{app.pk}/")


@pytest.mark.parametrize(
    ("address", "is_link"),
    [
        ("https://shop.example.com/x", True),
        ("http://shop.example.com", True),
        ("javascript:alert(1)", False),
        ("//shop.example.com", False),
        ("http://", False),
        ("http://[", False),
        (5, False),
    ],
)
def test_only_addresses_of_the_web_become_links(address: object, is_link: bool) -> None:
    assert bool(web_address(address)) == is_link


def test_a_long_text_folds_and_an_endless_one_is_cut_at_a_line() -> None:
    assert not Body("one\ntwo").is_long
    assert Body("line\n" * 9).is_long
    endless = Body("word word word\n" * 1_000)
    assert endless.is_cut
    assert len(endless.html) < 6_000
    assert not Body(endless.text, whole=True).is_cut


def test_large_data_is_loaded_when_it_is_wanted(operator_client: Client, app: App) -> None:
    entry = make_entry(app, data={"rows": ["the needle " * 10] * 100})
    page = text_of(operator_client, f"/apps/{app.pk}/")
    assert "the needle" not in page
    assert f"/apps/{app.pk}/entries/{entry.pk}/data/" in page
    assert "the needle" in text_of(operator_client, f"/apps/{app.pk}/entries/{entry.pk}/data/")


def test_quiet_runs_in_a_row_are_one_line(app: App) -> None:
    make_entry(app, at=NINE - MINUTE, summary="old")
    for minute in range(14):
        quiet(app, minute)
    make_entry(app, at=NINE + 20 * MINUTE, summary="new")
    quiet(app, 30)
    assert shape(app) == [1, "new", 14, "old"]


def test_a_line_of_quiet_runs_is_whole_on_whichever_page_it_is(app: App) -> None:
    for number in range(6):
        make_entry(app, at=NINE + (number * 10 - 1) * MINUTE, summary=str(number))
        for minute in range(3):
            quiet(app, number * 10 + minute)
    seen: list[int | str] = []
    below = None
    while True:
        part = Thread(app).part(2, below)
        seen += [row.count if isinstance(row, Gap) else row.summary for row in part.rows]  # type: ignore[union-attr]
        if not part.has_older:
            break
        below = rows.place_of(part.news[-1])
    assert seen == [3, "5", 3, "4", 3, "3", 3, "2", 3, "1", 3, "0"]


def test_more_quiet_runs_than_are_looked_at_are_still_counted(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "QUIET_READ", 4)
    make_entry(app, at=NINE - MINUTE, summary="old")
    quiet(app, -5)
    for minute in range(10):
        quiet(app, minute)
    make_entry(app, at=NINE + 20 * MINUTE, summary="new")
    assert shape(app) == ["new"]  # the gap is not known whole, so the page ends before it
    assert shape(app, below=(NINE + 20 * MINUTE, "")) == [10, "old", 1]


def test_the_rows_of_a_line_are_those_that_it_counts(operator_client: Client, app: App) -> None:
    inside = [quiet(app, minute) for minute in range(3)]
    make_entry(app, at=NINE + 10 * MINUTE)
    outside = quiet(app, 20)
    gap = next(row for row in Thread(app).part(5).rows[2:] if isinstance(row, Gap))
    ends = [f"{int(at.timestamp() * 1000)}-{key}" for at, key in (gap.newest, gap.oldest)]
    page = text_of(operator_client, f"/apps/{app.pk}/quiet/?newest={ends[0]}&oldest={ends[1]}")
    assert all(entry.pk in page for entry in inside)
    assert outside.pk not in page


def test_a_filter_shows_its_type_alone_and_can_be_cleared(operator_client: Client, app: App) -> None:
    make_entry(app, EntryType.MILESTONE, summary="A milestone")
    make_entry(app, EntryType.OUTPUT, summary="An output")
    page = text_of(operator_client, f"/apps/{app.pk}/?type=milestone")
    assert "A milestone" in page
    assert "An output" not in page
    assert "Clear" in page


def test_history_goes_both_ways(operator_client: Client, app: App) -> None:
    for number in range(70):
        make_entry(app, EntryType.MILESTONE, at=NINE + number * SECOND, summary=f"n{number}.")
    first = operator_client.get(f"/apps/{app.pk}/").context["page"]
    second = operator_client.get(first.older_url).context["page"]
    third = operator_client.get(second.older_url).context["page"]
    assert [item.entry.summary for item in third.items][-1] == "n0."
    back = operator_client.get(third.newer_url).context["page"]
    assert [item.entry.pk for item in back.items] == [item.entry.pk for item in second.items]
    assert operator_client.get(back.newer_url).context["page"].is_newest


def test_a_day_can_be_jumped_to(operator_client: Client, app: App) -> None:
    for day in range(3):
        make_entry(app, at=NINE + timedelta(days=day), summary=f"Sheet {day}")
    page = text_of(operator_client, f"/apps/{app.pk}/?day=2026-11-24")
    assert "Sheet 1" in page
    assert "Sheet 2" not in page
    assert operator_client.get(f"/apps/{app.pk}/?day=2026-99-99").status_code == 200


def test_a_permalink_shows_the_thread_around_its_entry(operator_client: Client, app: App) -> None:
    entries = [make_entry(app, at=NINE + number * SECOND, summary=f"n{number}.") for number in range(40)]
    page = text_of(operator_client, f"/apps/{app.pk}/entries/{entries[20].pk}/")
    assert "n25." in page
    assert "n26." not in page
    assert "n19." in page


def test_an_entry_of_another_app_is_not_found(operator_client: Client, app: App) -> None:
    entry = make_entry(make_app("Other"))
    assert operator_client.get(f"/apps/{app.pk}/entries/{entry.pk}/").status_code == 404


def test_a_long_thread_asks_no_more_than_a_short_one(operator_client: Client, app: App) -> None:
    def fill(first: int, last: int) -> None:
        for number in range(first, last):
            at = NINE + 2 * number * MINUTE
            make_entry(app, run=make_run(app, at=at), at=at)
            quiet(app, 2 * number + 1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator_client.get(f"/apps/{app.pk}/")
        return len(captured)

    fill(0, 3)
    queries()
    few = queries()
    fill(3, 60)
    assert queries() <= few
    assert Run.objects.count() == 120


def test_an_entry_leads_to_the_step_in_which_it_was_made(operator_client: Client, app: App) -> None:
    run = make_run(app)
    make_entry(app, run=run, source={"kind": "automation", "step": 7})
    assert f'href="/runs/{run.pk}/#step-7"' in text_of(operator_client, f"/apps/{app.pk}/")


def test_a_failure_leads_to_the_last_step_of_its_run(operator_client: Client, app: App) -> None:
    run = make_run(app, Status.ERROR, step_count=4)
    make_entry(app, EntryType.RUN_ERROR, run=run)
    assert f'href="/runs/{run.pk}/#step-4"' in text_of(operator_client, f"/apps/{app.pk}/")


@pytest.mark.parametrize("source", [{"step": 0}, {"step": True}, {"step": "3"}, {"step": 10**12}, "x", None])
def test_an_odd_step_leads_to_the_run(operator_client: Client, app: App, source: object) -> None:
    run = make_run(app)
    make_entry(app, run=run, source=source)
    assert f'href="/runs/{run.pk}/"' in text_of(operator_client, f"/apps/{app.pk}/")


def test_a_dismissal_says_who_dismissed_it(operator_client: Client, app: App) -> None:
    question = make_question(app)
    content = {**question.content, "resolution": {"reason": "dismissed"}}
    Entry.objects.update(content=content, closed_at=NINE, decided_by="person:anna")
    assert "It was dismissed by anna." in text_of(operator_client, f"/apps/{app.pk}/")
