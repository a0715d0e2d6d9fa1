"""Django's `flush`, which the audit log refuses: with a sentence that says what to do instead."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush as django_flush
from django.db import DatabaseError

from halo_site import append_only

REFUSED = (
    f"Nothing was emptied. {append_only.SENTENCE} To begin anew, make a backup and set HALO_DATA_DIR to an "
    "empty folder (and DATABASE_URL to an empty database)."
)


class Command(django_flush.Command):
    help = "Is refused: it would empty the audit log."

    def handle(self, *args: Any, **options: Any) -> None:
        """The database decides: its triggers refuse before anything is taken away."""
        try:
            super().handle(*args, **options)
        except CommandError as error:
            if isinstance(error.__cause__, DatabaseError) and append_only.SENTENCE in str(error.__cause__):
                raise CommandError(REFUSED) from error
            raise
