"""The page about usage: exact sums, what is unknown, filters, states."""

from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from app_manager.models import App
from app_runtime.usage.page import APPS_SHOWN, DAYS_SHOWN, MODELS_SHOWN, UsagePage
from app_runtime.usage.sums import Usage
from tests.factories import make_app, make_run, make_usage

pytestmark = pytest.mark.django_db
USD = 10**12


def page(client: Client, query: str = "") -> UsagePage:
    response = client.get(f"/usage/?{query}")
    assert response.status_code == 200
    return response.context["page"]


def html(client: Client, query: str = "", status: int = 200) -> str:
    response = client.get(f"/usage/?{query}")
    assert response.status_code == status
    return unescape(response.content.decode())


def test_strangers_are_asked_to_sign_in():
    assert Client().get("/usage/").headers["Location"].startswith("/login/")


def test_it_only_reads(operator_client):
    assert operator_client.post("/usage/").status_code == 405


def test_without_any_use_it_says_so_and_how_to_begin(operator_client):
    shown = html(operator_client)
    assert "<h1>Nothing was used yet</h1>" in shown
    assert "/settings/models/" in shown


def test_a_period_without_use_is_no_site_without_use(operator_client, app):
    make_usage(app)
    shown = html(operator_client, "first=2020-01-01&last=2020-02-01")
    assert "<h1>Nothing was used from 1 Jan 2020 to 1 Feb 2020</h1>" in shown


def test_the_title_is_the_money_of_the_period(operator_client, app):
    make_usage(app, 31, cost_picousd=USD // 2)
    assert page(operator_client).title == "15.00 USD in the last 30 days"


def test_money_is_exact_to_the_last_digit(operator_client, app):
    make_usage(app, 3, cost_picousd=4_111_111_111_111)
    make_usage(app, 1, cost_picousd=1, model="m-2")
    assert page(operator_client).title == "12.333333333334 USD in the last 30 days"


def test_every_number_is_summed_and_a_whole_one(operator_client, app):
    make_usage(app, 2, runs=3, turns=9, turns_unknown=1, turns_unpriced=2)
    make_usage(app, 1, model="m-2")
    total = page(operator_client).total
    assert total == Usage(7, 20, 2, 4, 300, 60, 30, 4_500_000)
    assert {type(value) for value in vars(total).values()} == {int}


@pytest.mark.parametrize("table", ["by_app", "by_day", "by_model"])
def test_each_table_adds_up_to_the_total(operator_client, app, table):
    for number in range(40):
        make_usage(f"app-{number:02}", 40, model=f"m-{number % 13}", cost_picousd=number)
    shown = page(operator_client, "period=90")
    rows = getattr(shown, table)
    assert sum((row.usage for row in rows.rows), rows.rest) == shown.total


def test_a_long_table_ends_with_how_many_more_there_are(operator_client):
    for number in range(30):
        make_usage(f"app-{number:02}", 40, model=f"m-{number % 13}", cost_picousd=number)
    shown = page(operator_client, "period=90")
    tables = (shown.by_app, shown.by_day, shown.by_model)
    assert [len(table.rows) for table in tables] == [APPS_SHOWN, DAYS_SHOWN, MODELS_SHOWN]
    assert [table.more for table in tables] == [10, 9, 3]
    assert "and 10 more" in html(operator_client, "period=90")


def test_rows_stand_by_cost_then_by_tokens(operator_client):
    make_usage("cheap", cost_picousd=1)
    make_usage("dear", cost_picousd=2)
    make_usage("cheap-but-long", cost_picousd=1, tokens_out=999)
    assert [row.key for row in page(operator_client).by_app.rows] == ["dear", "cheap-but-long", "cheap"]


def test_an_app_is_linked_and_a_deleted_one_is_named(operator_client, app):
    make_usage(app)
    make_usage("gone-1", app_name="Gone <b>Watch</b>")
    shown = operator_client.get("/usage/").content.decode()
    assert f'href="/apps/{app.pk}/">Kettle Watch</a>' in shown
    assert "Gone &lt;b&gt;Watch&lt;/b&gt;" in shown
    assert 'href="/apps/gone-1/"' not in shown


def test_a_deleted_app_is_called_what_it_was_called_last(operator_client):
    make_usage("gone-1", last=timezone.localdate() - timedelta(days=1), app_name="Zebra")
    make_usage("gone-1", app_name="Ant")
    assert page(operator_client).by_app.rows[0].label == "Ant"


def test_turns_without_a_price_make_a_sum_at_least(operator_client, app):
    make_usage(app, cost_picousd=3 * USD + USD // 10)
    make_usage(app, model="m-2", turns=41, turns_unpriced=41, cost_picousd=0)
    shown = page(operator_client)
    assert shown.title == "At least 3.10 USD in the last 30 days: 41 turns have no known price"
    assert [row.usage.money for row in shown.by_model.rows] == ["3.10 USD", "unknown"]
    assert '<a class="link" href="/settings/prices/">' in html(operator_client)


def test_money_of_which_nothing_is_known_is_no_zero(operator_client, app):
    make_usage(app, turns=1, turns_unpriced=1, cost_picousd=0)
    assert page(operator_client).title == "Cost unknown in the last 30 days: 1 turn has no known price"
    assert "No money is known in this period" in html(operator_client)
    assert "0.00 USD" not in html(operator_client)


def test_what_is_known_to_be_free_is_free(operator_client, app):
    make_usage(app, cost_picousd=0)
    assert page(operator_client).title == "0.00 USD in the last 30 days"
    assert "Everything in this period was free." in html(operator_client)


def test_turns_of_unknown_size_make_tokens_at_least(operator_client, app):
    make_usage(app, turns=3, turns_unknown=1)
    usage = page(operator_client).total
    assert (usage.incoming, usage.outgoing) == ("at least 100", "at least 10")
    assert "The size of 1 of 3 turns is unknown" in html(operator_client)


def test_tokens_of_which_nothing_is_known_are_unknown():
    assert Usage(turns=2, turns_unknown=2).incoming == "unknown"


def test_it_says_whose_days_these_are_and_that_rehearsals_are_not_in_here(operator_client, app, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    make_run(app)
    shown = html(operator_client)
    assert "Days are those of the server, Asia/Tokyo." in shown
    assert "Rehearsals are not in here" in shown
    assert "Nothing was used yet" in shown


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("period=7", 7),
        ("", 30),
        ("period=90", 90),
        ("period=365", 365),
        ("first=2026-01-01&last=2026-01-03", 3),
    ],
)
def test_a_period_has_its_days_and_no_others(operator_client, app, query, days):
    last = date(2026, 1, 3) if "first" in query else timezone.localdate()
    make_usage(app, days + 1, last=last)
    make_usage(app, last=last + timedelta(days=1))
    assert page(operator_client, query).total.turns == 2 * days


def test_a_first_day_alone_goes_up_to_today(operator_client, app):
    make_usage(app, 10)
    first = timezone.localdate() - timedelta(days=4)
    assert page(operator_client, f"first={first}").total.turns == 10


def test_days_beat_the_preset(operator_client, app):
    make_usage(app, 10)
    today = timezone.localdate()
    assert page(operator_client, f"period=7&first={today}&last={today}").period.preset == ""


def test_the_rows_of_one_app(operator_client, app):
    make_usage(app)
    make_usage("gone-1", cost_picousd=7)
    assert page(operator_client, "app=gone-1").title == "0.000000000007 USD in the last 30 days"
    assert '<option value="gone-1" selected>Gone Watch</option>' in html(operator_client, "app=gone-1")


def test_the_rows_of_one_model_and_the_others_to_choose(operator_client, app):
    make_usage(app)
    make_usage(app, model="m-2", cost_picousd=7)
    shown = page(operator_client, "model=m-2")
    assert shown.title == "0.000000000007 USD in the last 30 days"
    assert [row.key for row in shown.by_model.rows] == ["m-2"]
    assert '<option value="m-1">m-1</option>' in html(operator_client, "model=m-2")


def test_apps_of_one_name_can_be_told_apart(operator_client, app):
    make_usage(app)
    other = App.objects.get(pk=app.pk)
    other.pk, other.space_id = "12345678-0000-4000-8000-000000000000", None
    other.save(force_insert=True)
    assert "Kettle Watch (12345678)</option>" in html(operator_client)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("period=12", "12 is not one of the available choices"),
        ("show=x", "x is not one of the available choices"),
        ("first=yesterday", "Enter a valid date"),
        ("first=2026-01-02&last=2026-01-01", "The first day is after the last one."),
        ("last=2026-01-01", "Give the first day too."),
        ("first=0001-01-01", "at most three years long"),
        ("first=2026-01-01&last=9999-12-31", "at most three years long"),
        ("app=nobody", "No app has this id"),
        ("app=a%00b", "Null characters are not allowed"),
        ("model=nothing", "No model of this name was ever used."),
    ],
)
@pytest.mark.parametrize("address", ["/usage/", "/usage/export.csv"])
def test_a_filter_that_names_nothing_is_told_and_shows_no_rows(operator_client, app, address, query, reason):
    make_usage(app)
    response = operator_client.get(f"{address}?{query}")
    shown = unescape(response.content.decode())
    assert response.status_code == 422
    assert reason in shown
    assert "<table" not in shown


def test_the_chart_has_the_five_biggest_apps_and_the_others(operator_client):
    for number in range(8):
        make_usage(f"app-{number}", app_name=f"A{number}", cost_picousd=number * USD, tokens_out=100 - number)
    drawing = page(operator_client).chart
    assert [key.name for key in drawing.keys] == ["A7", "A6", "A5", "A4", "A3", "3 other apps"]
    assert drawing.keys[-1].amount == "3.00 USD"
    tokens = page(operator_client, "show=tokens").chart
    assert [key.name for key in tokens.keys] == ["A0", "A1", "A2", "A3", "A4", "3 other apps"]


def test_the_chart_marks_days_of_which_a_part_is_unknown(operator_client, app):
    make_usage(app, 2)
    make_usage(app, model="m-2", turns_unpriced=1)
    drawing = page(operator_client, "period=7").chart
    assert [column.is_low for column in drawing.columns] == [False] * 6 + [True]
    assert "has turns of unknown price" in html(operator_client, "period=7")


def test_the_chart_has_words_for_those_who_do_not_see_it(operator_client, app):
    make_usage(app, last=timezone.localdate(), cost_picousd=2 * USD)
    shown = html(operator_client)
    assert 'role="img" aria-labelledby="usage-svg-title usage-svg-text"' in shown
    assert "30 bars of 1 day each. The highest is" in shown


def test_a_bar_tells_on_hover_and_runs_nothing(operator_client):
    make_usage("gone-1", app_name="<script>alert(1)</script>")
    shown = operator_client.get("/usage/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: 0.0000015 USD</title>" in shown
    assert "<script>alert" not in shown


def test_huge_sums_are_whole(operator_client):
    make_usage("a", 2, cost_picousd=4 * 10**18, tokens_in=4 * 10**18, tokens_cached=0)
    assert page(operator_client).total.usd == Decimal(8_000_000)
    assert page(operator_client).title == "8,000,000.00 USD in the last 30 days"


def test_it_asks_no_more_as_the_table_grows(operator_client, app):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            html(operator_client, "period=365")
        return len(captured)

    make_usage(app)
    make_usage("gone-1")
    few = queries()
    for number in range(60):
        make_usage(make_app(f"Watch {number}")) if number < 5 else None
        make_usage(f"app-{number:02}", 20, model=f"m-{number % 15}", cost_picousd=number)
    assert queries() == few
    assert few <= 16


def test_the_run_page_and_the_app_lead_to_it(operator_client, app):
    run = make_run(
        app, engine="model", model="m-1", tokens_used=3, tokens_in=1, tokens_out=2, cost_microusd=5
    )
    link = f'href="/usage/?app={app.pk}"'
    assert link in html_of(operator_client, f"/runs/{run.pk}/")
    assert link in html_of(operator_client, f"/apps/{app.pk}/runs/")


def html_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_navigation_and_the_settings_lead_to_it(operator_client):
    links = html_of(operator_client, "/settings/").count('href="/usage/"')
    assert links == 3  # in the navigation, in the menu of a phone, and on the page


def test_days_stand_in_their_own_order(operator_client, app):
    make_usage(app, 3)
    make_usage(app, 1, model="dear", cost_picousd=10**15)
    days = [row.key for row in page(operator_client).by_day.rows]
    assert days == sorted(days, reverse=True)
    assert len(days) == 3
