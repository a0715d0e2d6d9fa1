"""Puts the state of a backup in the place of the present one, after verifying every byte of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from halo_site.archive import restore as restoring
from halo_site.archive.exceptions import ArchiveError
from halo_site.archive.journal import refuse_unfinished_restore
from halo_site.archive.occupancy import refuse_foreign_database
from halo_site.datadir.paths import data_dir
from halo_site.management.base import HaloCommand
from halo_site.store.namespaces import versions_in_code

MIGRATE = "Then: python3 manage.py migrate (up does it by itself)."


class Command(HaloCommand):
    help = "Restores a backup. What is there moves to backups/before-restore-…; --undo brings it back."
    is_for_half_restored = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", metavar="PATH", help="the backup")
        parser.add_argument("--replace", action="store_true", help="where there is something already")
        parser.add_argument("--check", action="store_true", help="verify the backup and change nothing")
        parser.add_argument("--undo", action="store_true", help="go back to the state before the restore")
        parser.add_argument("--resume", action="store_true", help="finish a restore that was interrupted")

    def before_checks(self, options: dict[str, Any]) -> None:
        """The present database may be damaged or newer; it only must be ours."""
        try:
            refuse_foreign_database(connection)
        except ArchiveError as error:
            raise CommandError(str(error)) from error

    def handle(self, *args: Any, **options: Any) -> None:
        way = self.chosen_way(options)
        try:
            way()
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            refuse_unfinished_restore()
            raise CommandError(
                f"Not restored: {error.strerror or error}{where}. What was there before is in place."
            ) from error

    def chosen_way(self, options: dict[str, Any]) -> Callable[[], None]:
        """What to do. Raises CommandError unless it is exactly one thing."""
        path = Path(options["path"]) if options["path"] else None
        if options["undo"] + options["resume"] + (path is not None) != 1:
            raise CommandError("Name one backup, or --undo, or --resume.")
        if path is None:
            return self.undo if options["undo"] else self.resume
        if options["check"]:
            return lambda: self.check_backup(path)
        return lambda: self.restore(path, replace=options["replace"])

    def check_backup(self, path: Path) -> None:
        manifest = restoring.check(path, connection, timezone.now())
        self.stdout.write(f"{path} is whole: {manifest.contents}.")

    def restore(self, path: Path, *, replace: bool) -> None:
        now = timezone.now()
        manifest, former = restoring.restore(path, connection, replace=replace, now=now)
        self.stdout.write(f"Restored {manifest.contents}.")
        if former is not None:
            self.stdout.write(f"What was there before is in {former}; restore --undo brings it back.")
        if not manifest.with_secrets:
            names = ", ".join(manifest.secrets_left_out) or "none were stored"
            self.stdout.write(f"The backup holds no secrets ({names}); those of {data_dir().root} stay.")
        for space in manifest.spaces:
            if not space.included:
                self.stdout.write(f"Not in the backup: the space “{space.name}” in {space.path}.")
        if any(
            manifest.database.namespaces.get(name) != version for name, version in versions_in_code().items()
        ):
            self.stdout.write(f"The database is of an older version. {MIGRATE}")

    def undo(self) -> None:
        what, kept = restoring.undo(connection, timezone.now())
        self.stdout.write(f"Undone: {what}. The state from before it is back.")
        if kept is not None:
            self.stdout.write(f"What was there until now is in {kept}.")

    def resume(self) -> None:
        exchange = restoring.resume(connection, timezone.now())
        self.stdout.write(f"Finished: {exchange.words}.")
