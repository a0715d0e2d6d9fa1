"""Usage as CSV: every row, money with all its digits, nothing that a spreadsheet would run."""

import csv
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone

from halo_site.models import AuditEntry
from tests.factories import make_usage

pytestmark = pytest.mark.django_db


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"/usage/export.csv?{query}")
    assert response.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


def test_strangers_are_asked_to_sign_in():
    assert Client().get("/usage/export.csv").headers["Location"].startswith("/login/")


def test_a_row_has_everything_with_all_decimals(operator_client, app):
    make_usage(app, turns=3, turns_unknown=1, turns_unpriced=2, cost_picousd=1_000_000_000_001)
    assert rows(operator_client) == [
        {
            "day": timezone.localdate().isoformat(),
            "app_id": app.pk,
            "app": "Kettle Watch",
            "model": "m-1",
            "runs": "1",
            "turns": "3",
            "turns_of_unknown_size": "1",
            "turns_of_unknown_price": "2",
            "tokens_in": "100",
            "tokens_in_from_a_cache": "20",
            "tokens_out": "10",
            "cost_usd": "1.000000000001",
        }
    ]


def test_what_is_unknown_is_empty_and_what_is_free_is_not(operator_client):
    make_usage("a", turns=2, turns_unknown=2, turns_unpriced=2, tokens_in=0, cost_picousd=0)
    make_usage("b", cost_picousd=0)
    told = [(row["tokens_in"], row["tokens_out"], row["cost_usd"]) for row in rows(operator_client)]
    assert told == [("", "", ""), ("100", "10", "0.000000000000")]


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@A1", "\tx", "\rx"])
def test_no_cell_is_a_formula(operator_client, word):
    make_usage(word + "id", app_name=word, model=word)
    (row,) = rows(operator_client)
    assert (row["app_id"], row["app"], row["model"]) == (f"'{word}id", f"'{word}", f"'{word}")


def test_commas_quotes_and_line_breaks_stay_in_their_cell(operator_client):
    make_usage("a", app_name='Kettle, "big"\nWatch')
    assert rows(operator_client)[0]["app"] == 'Kettle, "big"\nWatch'


def test_it_has_the_rows_of_the_filters_oldest_first(operator_client, app):
    make_usage(app, 40)
    make_usage(app, 40, model="m-2")
    told = rows(operator_client, f"period=7&model=m-2&app={app.pk}")
    assert [row["model"] for row in told] == ["m-2"] * 7
    assert [row["day"] for row in told] == sorted(row["day"] for row in told)


def test_it_is_streamed_under_a_name_with_its_days(operator_client, app):
    make_usage(app)
    response = operator_client.get("/usage/export.csv?first=2026-01-01&last=2026-12-31")
    assert response.streaming
    assert response["Content-Disposition"] == 'attachment; filename="usage-2026-01-01-2026-12-31.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_it_writes_no_line_in_the_audit_log(operator_client, app):
    before = AuditEntry.objects.count()
    make_usage(app)
    rows(operator_client)
    assert AuditEntry.objects.count() == before


def test_the_page_leads_to_the_rows_of_its_filters(operator_client, app):
    make_usage(app)
    shown = operator_client.get("/usage/?period=7&show=tokens").content.decode()
    assert 'href="/usage/export.csv?period=7"' in shown
