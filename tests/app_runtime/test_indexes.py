"""What every page asks stays fast in a long history: each question goes to the index made for it.

A new index can take a query from another one: SQLite without statistics prefers what more columns match.
"""

from typing import Any

import pytest
from django.db.models import QuerySet

from app_runtime.models import Entry, Notification, Reply, Run
from app_runtime.statuses import Status
from app_runtime.thread.rows import within
from memory.models import Revision
from tests.factories import NINE

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

QUERIES = {
    "the number of open questions": (
        lambda: Entry.objects.open().exclude(app__status="uninstalled"),
        "idx_entries_pending_escalation",
    ),
    "the open questions of some apps": (
        lambda: Entry.objects.open().filter(app_id__in=["a", "b"]),
        "idx_entries_pending_escalation",
    ),
    "an app's news": (lambda: Entry.objects.filter(app_id="a").news().newest_first(), "idx_entries_news"),
    "an app's news from a place on": (
        lambda: within(
            Entry.objects.filter(app_id="a").news(), "ts", (NINE, "x"), (NINE, "a")
        ).newest_first(),
        "idx_entries_news",
    ),
    "an app's entries of a type": (
        lambda: Entry.objects.filter(app_id="a").of_type("milestone").newest_first(),
        "idx_entries_type",
    ),
    "an app's quiet runs between two places": (
        lambda: within(
            Entry.objects.filter(app_id="a").quiet(), "ts", (NINE, "x"), (NINE, "a")
        ).newest_first(),
        "idx_entries_type",
    ),
    "an app's newest open questions": (
        lambda: Entry.objects.filter(app_id="a").open().order_by("ts", "id"),
        "idx_entries_pending_escalation",
    ),
    "an app's replies": (
        lambda: Reply.objects.filter(app_id="a").order_by("-sent_at", "-id"),
        "idx_replies_app",
    ),
    "the questions that ended": (lambda: Entry.objects.ended().newest_first(), "idx_entries_ended"),
    "the answered questions of an app": (
        lambda: Entry.objects.ended().filter(app_id="a", user_response__isnull=False).newest_first(),
        "idx_entries_app_ended",
    ),
    "the last decision": (
        lambda: Entry.objects.filter(decided_at__isnull=False).order_by("-decided_at", "-id"),
        "idx_entries_decided",
    ),
    "the news of some runs": (
        lambda: Entry.objects.filter(run_id__in=["a", "b"], type__in=["escalation", "run_error"]),
        "idx_entries_run",
    ),
    "an app's newest runs": (lambda: Run.objects.filter(app_id="a").newest_first(), "idx_runs_app"),
    "an app's newest runs of a status": (
        lambda: Run.objects.filter(app_id="a", status=Status.OK).newest_first(),
        "idx_runs_app_status",
    ),
    "the notifications of a run": (
        lambda: Notification.objects.filter(run_id="a").order_by("-created_at", "-id"),
        "idx_deliveries_run",
    ),
    "notifications to be tried": (lambda: Notification.objects.due(NINE), "idx_deliveries_due"),
    "notifications that were lost": (lambda: Notification.objects.silent(NINE), "idx_deliveries_sending"),
    "notifications that are held": (
        lambda: Notification.objects.held().filter(held_until__lte=NINE).order_by("held_until"),
        "idx_deliveries_held",
    ),
    "the notifications of a question": (
        lambda: Notification.objects.filter(entry_id="a").exclude(entry_id=""),
        "idx_deliveries_entry",
    ),
    "what went out in a notification": (
        lambda: Notification.objects.filter(carried_by="a").exclude(carried_by=""),
        "idx_deliveries_carried",
    ),
    "the newest notifications to a target": (
        lambda: Notification.objects.filter(target_id="a").order_by("-created_at", "-id"),
        "idx_deliveries_target",
    ),
    "notifications that did not arrive": (
        lambda: Notification.objects.filter(state="failed").order_by("-created_at", "-id"),
        "idx_deliveries_failed",
    ),
    "what a run changed in memory": (
        lambda: Revision.objects.filter(run_id="a").order_by("id"),
        "idx_memory_run",
    ),
    "a page of a document's history": (
        lambda: Revision.objects.for_document("user", "a.md").filter(id__lt=9).order_by("-id"),
        "idx_memory_document",
    ),
    "by what name a document came": (
        lambda: Revision.objects.for_document("user", "a.md").arrivals().filter(id__lt=9).order_by("-id"),
        "idx_memory_renamed",
    ),
    "the newest revisions of documents": (
        lambda: Revision.objects.filter(place="user", path__in=["a.md", "b.md"]).order_by().values("path"),
        "idx_memory_document",
    ),
    "the newest runs of a status": (
        lambda: Run.objects.filter(status=Status.OK).newest_first(),
        "idx_runs_status",
    ),
}


@pytest.mark.parametrize("asked", QUERIES)
def test_a_question_goes_to_the_index_made_for_it(asked: str) -> None:
    make, index = QUERIES[asked]
    rows: QuerySet[Any] = make()
    assert index in rows.explain().replace(",", " ").split()
