"""One test message to a notification target, to see whether it arrives."""

import asyncio
from typing import Any

from django.core.management.base import CommandError, CommandParser

from app_runtime.exceptions import CourierLost, TargetUnknown
from app_runtime.notifications.sending import send
from app_runtime.notifications.targets import chosen_targets
from app_runtime.notifications.testing import TEXT, TITLE
from halo_site.management.base import HaloCommand


class Command(HaloCommand):
    help = "Sends a test message to a notification target and says what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target_id", metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            [target] = chosen_targets(options["target_id"])
            problem = asyncio.run(send(target, TITLE, TEXT))
        except (TargetUnknown, CourierLost) as error:
            raise CommandError(str(error)) from error
        if problem:
            raise CommandError(f"Not sent to {target.name}: {problem}")
        self.stdout.write(
            f"Sent to {target.name}. Its service took the message; look whether you see it there."
        )
