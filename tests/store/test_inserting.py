"""Rows that are said once and inserted many at a time."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from app_manager.models import App, new_ids
from app_runtime.models import Run
from app_runtime.statuses import Status, Trigger
from halo_site.store.inserting import Alike
from tests.conftest import BEGINNING
from tests.factories import make_app

pytestmark = pytest.mark.django_db
LATER = BEGINNING + timedelta(milliseconds=1)


def queued() -> Run:
    """A run as every one of the test is, but for what each has of its own."""
    facts = {"status": Status.QUEUED, "trigger_type": Trigger.MANUAL, "trigger_data": {}}
    return Run(app=App(pk="its app"), session_key="s", started_at=BEGINNING, queued_at=BEGINNING, **facts)


def runs() -> Alike:
    return Alike(queued, each=("run_id", "app_id", "trigger_data"), shared=("started_at", "queued_at"))


def test_each_row_has_its_own_values_and_those_of_the_call() -> None:
    apps = [make_app("Kettle"), make_app("Toaster")]
    ids = new_ids(2)
    rows = [(pk, app.pk, {"app": app.name}) for pk, app in zip(ids, apps, strict=True)]
    runs().insert(rows, started_at=BEGINNING, queued_at=LATER)
    stored = {run.pk: run for run in Run.objects.select_related("app")}
    assert [stored[pk].app for pk in ids] == apps
    assert [stored[pk].trigger_data for pk in ids] == [{"app": "Kettle"}, {"app": "Toaster"}]
    assert {(run.started_at, run.queued_at) for run in stored.values()} == {(BEGINNING, LATER)}


def test_what_the_pattern_does_not_say_is_as_if_it_were_saved() -> None:
    facts = {"app": make_app(), "session_key": "s", "started_at": BEGINNING, "queued_at": BEGINNING}
    Run.objects.create(run_id="saved", **facts)
    Alike(lambda: Run(**facts), each=("run_id",)).insert([("inserted",)])
    inserted, saved = Run.objects.order_by("run_id").values()
    assert {**inserted, "run_id": "saved"} == saved


def test_a_later_call_has_its_own_values_and_the_same_statement() -> None:
    app, alike = make_app(), runs()
    for moment, pk in ((BEGINNING, "first"), (LATER, "second")):
        with CaptureQueriesContext(connection) as captured:
            alike.insert([(pk, app.pk, {})], started_at=moment, queued_at=moment)
        assert len(captured) == 1
    assert dict(Run.objects.values_list("run_id", "started_at")) == {"first": BEGINNING, "second": LATER}


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        runs().insert([], started_at=BEGINNING, queued_at=BEGINNING)
    assert len(captured) == 0


def test_one_row_that_cannot_be_leaves_none() -> None:
    app = make_app()
    with pytest.raises(IntegrityError), transaction.atomic():
        runs().insert([("a", app.pk, {}), ("a", app.pk, {})], started_at=BEGINNING, queued_at=BEGINNING)
    assert not Run.objects.exists()


@pytest.mark.parametrize("row", [("a", "app"), ("a", "app", {}, "more")])
def test_a_row_that_is_too_short_or_too_long_is_refused(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        runs().insert([row], started_at=BEGINNING, queued_at=BEGINNING)


def test_a_column_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no colour"):
        Alike(queued, each=("run_id", "colour")).insert([("a", "red")])


@pytest.mark.parametrize(
    ("pattern", "each"), [(queued, ("app_id",)), (lambda: DBTaskResult(args_kwargs={}), ("id",))]
)
def test_what_no_two_rows_may_share_must_be_given(pattern: object, each: tuple[str, ...]) -> None:
    """A key, or the time of insertion, would be that of the moment in which the statement was made."""
    with pytest.raises(ValueError, match=r"All rows would have the same (run_id|enqueued_at)"):
        Alike(pattern, each=each).insert([("x",)])  # type: ignore[arg-type]
