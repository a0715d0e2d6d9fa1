"""Django's `migrate` with our runner: refusals first, a snapshot, and `_migrations` in step (DESIGN §3)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.core.management.commands import migrate as django_migrate
from django.db import connections, transaction
from django.utils import timezone

from halo_site.datadir.locks import locked
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secret_key import store_secret_key
from halo_site.datadir.spaces import ensure_default_space
from halo_site.management.base import HaloCommand
from halo_site.store.databases import use_write_ahead_log
from halo_site.store.executor import NamespaceExecutor
from halo_site.store.guard import check_database

LONGEST_WAIT = 60.0  # seconds for another migrate to end


class Command(HaloCommand, django_migrate.Command):
    help = "Brings the database to this program's version, one atomic migration after the other."

    def before_checks(self, options: dict[str, Any]) -> None:
        """Refuse or prepare first: a system check opens the database, and that alone makes an SQLite file."""
        connection = connections[options["database"]]
        check_database(connection)
        if not is_question(options):
            data_dir().prepare()
            store_secret_key()
            # A lock of somebody else's is told here; Django's checks would call it a lack of JSON support.
            # Another migrate is waited for: SQLite lets nobody in between its many transactions for long.
            with one_at_a_time():
                use_write_ahead_log(connection)
                with transaction.atomic(using=connection.alias):
                    pass

    def handle(self, *args: Any, **options: Any) -> None:
        # Of two at once the second must look at what is pending only after the first has ended
        with nullcontext() if is_question(options) else one_at_a_time(), our_executor():
            super().handle(*args, **options)
        if not is_question(options):
            ensure_default_space(timezone.now())


def one_at_a_time() -> AbstractContextManager[None]:
    """Wait for another migrate of this data directory to end, and keep others waiting."""
    return locked(data_dir().root / "migrate", LONGEST_WAIT)


def is_question(options: dict[str, Any]) -> bool:
    """Whether the command only tells what it would do."""
    return bool(options["plan"] or options["check_unapplied"])


@contextmanager
def our_executor() -> Iterator[None]:
    """Put our executor where Django's command looks for its own: the command has no hook for it."""
    original = vars(django_migrate)["MigrationExecutor"]
    vars(django_migrate)["MigrationExecutor"] = NamespaceExecutor
    try:
        yield
    finally:
        vars(django_migrate)["MigrationExecutor"] = original
