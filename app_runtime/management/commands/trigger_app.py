"""A run by hand, from the command line."""

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from app_manager.models import App
from app_runtime.dispatch import trigger
from app_runtime.exceptions import RuntimeRefusal
from app_runtime.models import Run
from app_runtime.wire import run_record
from halo_site import audit
from halo_site.management.base import HaloCommand
from halo_site.models import Heartbeat

YOUNG = timedelta(seconds=10)
POLL_SECONDS = 0.1


class Command(HaloCommand):
    help = "Queues a run of an app; with --wait, follows it to its end and prints it as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_id", metavar="APP_ID")
        parser.add_argument(
            "--wait", action="store_true", help="wait for the end; without a worker, run in this process"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        app = App.objects.filter(pk=options["app_id"]).first()
        if app is None:
            raise CommandError(f"There is no app with the id {options['app_id']}.")
        try:
            run = trigger(app, audit.command("trigger_app"), timezone.now())
        except RuntimeRefusal as error:
            raise CommandError(str(error)) from error
        if options["wait"]:
            run = self.follow(run)
            self.stdout.write(run_record(run).model_dump_json(indent=2))
        else:
            self.stdout.write(run.run_id)

    def follow(self, run: Run) -> Run:
        """Wait until the run has ended; without a living worker, work on it here and look after lost runs."""
        from app_runtime import worker  # it imports engines: only who waits needs them
        from app_runtime.sweeping import sweep_runs

        while run.is_unfinished:
            workers = Heartbeat.objects.kind(worker.KIND).younger_than(YOUNG, timezone.now())
            if not workers.exists():
                sweep_runs(timezone.now())
                worker.execute(run.run_id)
            run = Run.objects.select_related("app").get(pk=run.pk)
            if run.is_unfinished:
                time.sleep(POLL_SECONDS)
        return run
