"""Asked by the benchmark of runs, inside of the installation that the environment names.

`python -m tests.benchmarks.crowd` reads one JSON request a line and answers each with one line.
"""

import os
import time
from datetime import timedelta
from typing import Any

import django

from tests.benchmarks.piped import answer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.noop_settings")
SPEC = """name: No-op {number}
version: "1.0"
author: benchmark
description: Does nothing.
type: automation
system_prompt: Report that there is nothing to do.
"""


class Crowd:
    """The apps of one installation and their runs."""

    def apps(self, number: int) -> None:
        """Have that many apps."""
        from django.utils import timezone

        from app_manager.install import install
        from app_manager.models import App
        from halo_site import audit
        from halo_site.datadir.spaces import all_spaces, ensure_default_space

        now = timezone.now()
        ensure_default_space(now)
        for place in range(App.objects.count(), number):
            install(
                SPEC.format(number=place),
                space=all_spaces()[0],
                configuration={},
                permissions={"granted": (), "denied": ()},
                actor=audit.command("benchmark"),
                now=now,
            )

    def queue(self, number: int) -> None:
        """Queue one run of each of that many apps, all in one transaction."""
        from django.db import transaction
        from django.utils import timezone

        from app_manager.models import App
        from app_runtime.dispatch import queue_run
        from app_runtime.statuses import Trigger

        with transaction.atomic():
            for app in App.objects.order_by("spec_id")[:number]:
                queue_run(app, Trigger.MANUAL, timezone.now(), None)

    def trigger(self, number: int) -> None:
        """Start a run by hand of the app of that number, as a click does."""
        from django.utils import timezone

        from app_manager.models import App
        from app_runtime.dispatch import trigger
        from halo_site import audit

        trigger(App.objects.get(spec_id=f"No-op {number}"), audit.command("benchmark"), timezone.now())

    def enqueue(self, number: int) -> None:
        """As many plain tasks, all in one transaction."""
        from django.db import transaction

        from tests.benchmarks.noop import nothing

        with transaction.atomic():
            for place in range(number):
                nothing.enqueue(str(place))

    def ended(self) -> int:
        """How many runs have ended."""
        from app_runtime.models import Run

        return Run.objects.finished().count()

    def tasks_ended(self) -> int:
        from django_tasks_db.models import DBTaskResult

        return DBTaskResult.objects.finished().count()

    def forget(self) -> float:
        """Delete what was measured; returns the seconds from the first start to the last end of the runs."""
        from app_runtime.models import Entry, Run

        times = list(Run.objects.values_list("started_at", "finished_at", "status"))
        assert {status for _start, _end, status in times} == {"ok"}, times
        Entry.objects.all().delete()
        Run.objects.all().delete()
        return self._span([(start, end) for start, end, _status in times])

    def forget_tasks(self) -> float:
        from django_tasks_db.models import DBTaskResult

        times = list(DBTaskResult.objects.values_list("started_at", "finished_at"))
        DBTaskResult.objects.all().delete()
        return self._span(times)

    def durations(self) -> list[dict[str, float]]:
        """Of each run: from queued to started, and from started to ended, in milliseconds."""
        from app_runtime.models import Run

        rows = Run.objects.order_by("queued_at").values_list("queued_at", "started_at", "finished_at")
        one = timedelta(milliseconds=1)
        return [{"wait": (start - queued) / one, "took": (end - start) / one} for queued, start, end in rows]

    def write_alone(self, seconds: float, pause: float) -> list[float]:
        """Small transactions of another writer, one after the other: how long each took, in ms."""
        from django.db import transaction
        from django.utils import timezone

        from halo_site.models import Heartbeat

        taken = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            began = time.perf_counter()
            with transaction.atomic():
                Heartbeat.beat("benchmark", timezone.now())
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(pause)
        Heartbeat.end("benchmark")
        return taken

    def _span(self, times: list[tuple[Any, Any]]) -> float:
        return float(
            (max(end for _start, end in times) - min(start for start, _end in times)).total_seconds()
        )


def main() -> None:
    django.setup()
    answer(Crowd())


if __name__ == "__main__":
    main()
