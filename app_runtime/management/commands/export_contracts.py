"""JSON Schemas of the app spec and of what leaves this program, for scripts and editors."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from app_runtime.schemas import schema_files
from halo_site.datadir.files import write_atomically
from halo_site.management.base import HaloCommand


class Command(HaloCommand):
    help = (
        "Writes the JSON Schemas (2020-12) of the app spec, app, space, job, slot, run, entry and answer "
        "into a folder, which is made where it is missing. Files of the same names are replaced, others stay."
    )
    is_for_half_restored = True  # it reads no data

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)

    def before_checks(self, options: dict[str, Any]) -> None:
        """It needs no database, so it opens none."""

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        files = schema_files()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                write_atomically(folder / name, text.encode())
        except (FileExistsError, NotADirectoryError) as error:
            raise CommandError(f"{error.filename} is no folder. Name one to write into.") from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {len(files)} schemas into {folder}.")
