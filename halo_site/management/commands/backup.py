"""A consistent copy of database and files, made while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import Error, connection
from django.utils import timezone

from halo_site import audit
from halo_site.archive import records
from halo_site.archive.backup import Backup, make_backup, prune
from halo_site.archive.exceptions import ArchiveError
from halo_site.datadir.paths import data_dir
from halo_site.disk_trouble import trouble_of
from halo_site.management.base import HaloCommand
from halo_site.quantities import size as size_text

SHOWN = 20  # names of one kind


class Command(HaloCommand):
    help = (
        "Copies database and files of one moment into one file, while everything runs. "
        "temp/, backups/ and trash/ are left out, and secrets unless they are asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", nargs="?", metavar="PATH", help="a new file (.tar.gz) or a folder; default: backups/"
        )
        parser.add_argument(
            "--with-secrets", action="store_true", help="put secrets.json and secret_key in as well"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="then remove all but the newest N backups of that folder"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        keep = options["keep"]
        if keep is not None and keep < 1:
            raise CommandError("--keep needs a whole number from 1.")
        target = Path(options["path"]) if options["path"] else None
        data_dir().prepare()
        try:
            backup = make_backup(connection, target, with_secrets=options["with_secrets"], clock=timezone.now)
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(no_backup(error)) from error
        self.report(backup)
        try:
            self.remember(backup)
        except (OSError, Error) as error:
            self.stderr.write(
                f"The backup is made and whole, but could not be noted: {trouble_of(error) or error}"
            )
        for old in prune(backup.path.parent, keep) if keep else []:
            self.stdout.write(f"Removed {old.name}.")

    def remember(self, backup: Backup) -> None:
        """Tell the audit log and the record."""
        now = timezone.now()
        audit.record(
            audit.command("backup"),
            "backup",
            object_type="backup",
            object_id=backup.path.name,
            now=now,
            summary=f"{backup.path}, as of {backup.manifest.moment}",
        )
        records.note(records.BACKUP, backup.path, backup.manifest, now)

    def report(self, backup: Backup) -> None:
        """Say what is in it and what is not."""
        manifest = backup.manifest
        self.stdout.write(
            f"{backup.path}: {size_text(backup.size)}, {manifest.contents}; "
            f"writers waited {manifest.held_ms:.0f} ms."
        )
        self.stdout.write("Not in it: temp/, backups/, trash/, sessions (people sign in again).")
        if not manifest.with_secrets:
            names = named(manifest.secrets_left_out) or "none are stored"
            self.stdout.write(f"Not in it: secrets ({names}) and secret_key; --with-secrets puts them in.")
        for space in manifest.spaces:
            if not space.included:
                self.stdout.write(f"Not in it: the space “{space.name}”, which lies in {space.path}.")
        for odd in manifest.left_out[:SHOWN]:
            self.stdout.write(f"Not in it: {odd.path} ({odd.why}).")
        if len(manifest.left_out) > SHOWN:
            self.stdout.write(f"Not in it: {len(manifest.left_out) - SHOWN} more of that kind.")


def named(names: tuple[str, ...]) -> str:
    """The first names, and how many more."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def no_backup(error: OSError) -> str:
    """What a disk refused, in one line."""
    where = f" ({error.filename})" if error.filename else ""
    return f"No backup was made: {error.strerror or error}{where}. Nothing is left of the attempt."
