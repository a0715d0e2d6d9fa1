"""`manage.py make_history` as a person calls it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from app_manager.models import App
from app_runtime.models import Entry, Run
from tests.factories import make_app

pytestmark = pytest.mark.django_db
PAGES = ("app_runtime:overview", "app_runtime:app_list", "app_runtime:run_list", "memory:place_list")
OF_AN_APP = (
    *("app_runtime:app_thread", "app_runtime:app_runs", "app_manager:app_config", "app_manager:app_memory"),
    *("app_manager:app_spec", "app_manager:app_access"),
)
LISTS = ("app_manager_app", "app_runtime_run", "app_runtime_entry", "scheduler_job", "scheduler_slot")


def history(*more: str, apps: int = 18, runs: int = 150, entries: int = 450) -> str:
    """Run the command; what it printed."""
    out = StringIO()
    amounts = (f"--apps={apps}", f"--runs={runs}", f"--entries={entries}", "--days=20")
    call_command("make_history", *amounts, *more, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_says_what_it_made_and_that_it_never_happened():
    assert history().startswith("Made up 18 apps, 150 runs and 450 entries over 20 days in ")


def test_its_apps_say_that_they_are_synthetic():
    history()
    assert all(name.startswith("Synthetic 0") for name in App.objects.values_list("spec_id", flat=True))


def test_it_refuses_where_apps_are_installed_and_changes_nothing():
    make_app()
    with pytest.raises(CommandError, match="or say --add"):
        history()
    assert (App.objects.count(), Run.objects.count()) == (1, 0)


def test_it_adds_where_it_is_told_to():
    make_app()
    history("--add")
    assert App.objects.count() == 19


def test_it_refuses_entries_without_runs():
    with pytest.raises(CommandError, match="ask for runs too"):
        history(runs=0, entries=1)


def test_it_refuses_more_runs_than_fit_and_makes_nothing():
    with pytest.raises(CommandError, match="do not fit into 20 days"):
        history(runs=5_000_000)
    assert not App.objects.exists()


@pytest.mark.parametrize(
    "wrong", ["--apps=0", "--runs=-1", "--days=0", "--days=x", "--apps=²", "--days=99999999999"]
)
def test_it_refuses_nonsense(wrong):
    with pytest.raises(CommandError, match="is no whole number from"):
        history(wrong)


def test_every_page_shows_it(operator_client):
    history()
    pages = [reverse(name) for name in PAGES]
    for app in App.objects.order_by("spec_id")[::5]:
        pages += [reverse(name, args=[app.pk]) for name in OF_AN_APP]
    runs = list(Run.objects.newest_first().values_list("pk", flat=True))
    pages += [reverse("app_runtime:run_detail", args=[key]) for key in runs[::15]]
    pages += [reverse(f"admin:{name}_changelist") for name in LISTS]
    assert {page: status for page in pages if (status := operator_client.get(page).status_code) != 200} == {}


def test_an_entry_and_a_run_are_shown_in_the_admin(operator_client):
    history()
    for row in (Entry.objects.first(), Run.objects.first()):
        name = f"admin:app_runtime_{row._meta.model_name}_change"
        assert operator_client.get(reverse(name, args=[row.pk])).status_code == 200
