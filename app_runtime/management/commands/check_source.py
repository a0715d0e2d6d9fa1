"""One small request to a model source, to see whether it answers."""

import asyncio
import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from app_runtime import secrets_in_use
from app_runtime.exceptions import SourceUnknown
from app_runtime.settings.sources import get_source
from halo_site.management.base import HaloCommand
from halo_site.masking import Masker


class Command(HaloCommand):
    help = "Asks a model source for one word and says what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source_id", metavar="ID")
        parser.add_argument("--json", action="store_true", help="print the result as JSON, also of a failure")

    def handle(self, *args: Any, **options: Any) -> None:
        from app_runtime.engines.model import check  # the model libraries

        try:
            source = get_source(options["source_id"])
        except SourceUnknown as error:
            raise CommandError(str(error)) from error
        checked = Masker(secrets_in_use.known_values()).value(asdict(asyncio.run(check(source))))
        if options["json"]:
            self.stdout.write(json.dumps(checked, ensure_ascii=False))
        elif checked["ok"]:
            self.stdout.write(f"{source.name} answers: {checked['model']}, {checked['ms']} ms.")
        else:
            raise CommandError(str(checked["sentence"]))
