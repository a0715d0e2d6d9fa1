"""What an installation offers to fill addresses with: apps, runs, a place deep in history, rows and pages."""

from django.contrib.admin.utils import quote
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from app_manager.states import Status
from app_runtime.models import Entry, Run
from halo_site.datadir.spaces import all_spaces
from halo_site.store.fields import to_ms
from scheduler.models import Job
from tests.benchmarks.addresses import admin_models

DEEP = 0.9  # of the way from the newest run to the oldest


def samples(client: Client) -> dict[str, str]:
    """Name → value. ``busy_app`` has most runs, ``quiet_app`` not many, ``rare_app`` hardly any."""
    apps = _apps()
    runs = Run.objects.newest_first()
    newest, oldest = runs[0], runs.last()
    newest_ms, oldest_ms = to_ms(newest.started_at), to_ms(oldest.started_at)
    deep_ms = round(newest_ms - DEEP * (newest_ms - oldest_ms))
    return {
        "busy_app": apps[0],
        "quiet_app": apps[len(apps) * 3 // 4],
        "rare_app": apps[-1],
        "busy_place": f"app:{apps[0]}",
        "busy_job": next(pk for pk in _job_ids() if pk.startswith(apps[0])),
        "newest_run": newest.pk,
        "newest_run_start": newest.pk[:8],
        "old_run": oldest.pk,
        "deep": f"{deep_ms}-ffffffff",
        **{f"{tab}_tab": tab for tab in ("conversation", "memory")},
        **_questions(),
        **_spaces(),
        **_rows(),
        **_last_pages(client),
    }


def _questions() -> dict[str, str]:
    """An open question and one that ended; without any the pages are not found, and not measured."""
    open_one, ended = Entry.objects.open().first(), Entry.objects.ended().newest_first().first()
    return {
        "open_question": open_one.pk if open_one else "none",
        "ended_question": ended.pk if ended else "none",
    }


def _apps() -> list[str]:
    """Apps of one kind, so that their pages are alike in every installation: most runs first."""
    alike = App.objects.filter(status=Status.ACTIVE, pk__in=[pk.partition(":")[0] for pk in _job_ids()])
    held = Run.objects.filter(app__in=alike).values_list("app", flat=True).annotate(held=Count("pk"))
    return list(held.order_by("-held", "app"))


def _job_ids() -> list[str]:
    return list(Job.objects.filter(enabled=True).values_list("pk", flat=True))


def _spaces() -> dict[str, str]:
    """The spaces by their names, which are the same in every installation."""
    listed = sorted(all_spaces(), key=lambda space: space.name)
    return {f"space_{place}": space.id for place, space in enumerate(listed)}


def _rows() -> dict[str, str]:
    """One row of each list in the admin that has any."""
    rows = {name: model._default_manager.order_by("pk").first() for name, model in admin_models()}
    return {f"row_{name}": str(quote(row.pk)) for name, row in rows.items() if row is not None}


def _last_pages(client: Client) -> dict[str, str]:
    """The number of the last page of each list in the admin."""
    found = {}
    for name, _model in admin_models():
        response = client.get(reverse(f"admin:{name}_changelist"))
        if response.status_code == 200:
            found[f"pages_{name}"] = str(response.context["cl"].paginator.num_pages)
    return found
