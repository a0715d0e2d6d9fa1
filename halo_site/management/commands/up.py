"""The whole site in one command: database, web server, clock and workers."""

import errno
import os
import socket
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from halo_site import audit, welcome
from halo_site.datadir.instance import AlreadyRunning, claim
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import ensure_default_space
from halo_site.env import EVERY_ADDRESS, EnvironmentRefused, host_header, parse_bind
from halo_site.management.base import HaloCommand
from halo_site.programs import Program, programs
from halo_site.store.recorder import NamespaceRecorder
from halo_site.supervisor import Supervisor, report_end

MOST_WORKERS = 64


class Command(HaloCommand):
    help = "Brings the database up to date, then runs the web server, the clock and the workers until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", metavar="HOST:PORT", help="address to listen on (default HALO_BIND)")
        parser.add_argument(
            "--workers", metavar="N", help="number of worker processes (default HALO_WORKERS)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = chosen_bind(options["bind"])
        workers = chosen_workers(options["workers"])
        data_dir().prepare()
        try:
            lock = claim(data_dir())
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        try:
            check_port(host, port)
            self.prepare_database()
            now = timezone.now()
            ensure_default_space(now)
            self.greet(host, port, now)
            connection.close()
            Supervisor(programs(host, port, workers), child_environment(host, port), self.report).run()
        finally:
            os.close(lock)
        self.stdout.write("Halo Site has ended.")

    def prepare_database(self) -> None:
        """Migrate, and say so if that changed anything."""
        before = NamespaceRecorder(connection).versions() if database_exists() else {}
        call_command("migrate", interactive=False, verbosity=0)
        after = NamespaceRecorder(connection).versions()
        changed = [
            f"{namespace} {row[0]}" for namespace, row in after.items() if before.get(namespace) != row
        ]
        if changed:
            self.stdout.write(f"The database is now at {', '.join(sorted(changed))}.")
        self.check()

    def greet(self, host: str, port: int, now: datetime) -> None:
        """Print where the site is and, while there is no administrator, the link that makes one."""
        address = public_address(host, port)
        self.stdout.write(f"Halo Site is at {address}/ (Ctrl-C ends it).")
        if host in EVERY_ADDRESS and not settings.HALO_URL:
            self.stdout.write(
                "Set HALO_URL to the address that people use; under others it answers only here."
            )
        if welcome.is_needed():
            self.stdout.write(
                f"Create the first administrator here, within an hour:\n  {welcome.link(address, now)}"
            )
        self.stdout.flush()

    def report(self, program: Program, pid: int, code: int, delay: int) -> None:
        """Tell the terminal and the audit log that a program ended by itself."""
        sentence = report_end(program, pid, code, delay)
        self.stderr.write(sentence)
        facts = {"pid": pid, "code": code, "delay_seconds": delay}
        try:
            audit.record(
                audit.system("up"),
                "restart",
                object_type="process",
                object_id=program.name,
                now=timezone.now(),
                summary=sentence,
                after=facts,
            )
        except DatabaseError as error:
            self.stderr.write(f"The audit log could not be written: {error}")
        finally:
            connection.close()


def chosen_bind(option: str | None) -> tuple[str, int]:
    """The address of ``--bind``, else of HALO_BIND."""
    if option is None:
        return settings.HALO_BIND
    try:
        return parse_bind(option.strip(), "--bind")
    except EnvironmentRefused as error:
        raise CommandError(str(error)) from error


def chosen_workers(option: str | None) -> int:
    """The number of ``--workers``, else of HALO_WORKERS."""
    if option is None:
        return settings.HALO_WORKERS
    if option.isascii() and option.isdigit() and 1 <= int(option[:9]) <= MOST_WORKERS:
        return int(option)
    raise CommandError(f"--workers={option!r} cannot be used: use a whole number from 1 to {MOST_WORKERS}.")


def database_exists() -> bool:
    """Whether asking the database for its versions would not create its file."""
    return connection.vendor != "sqlite" or os.path.exists(connection.settings_dict["NAME"])  # noqa: PTH110


def check_port(host: str, port: int) -> None:
    """Raise CommandError when nobody could listen there: the server's own message comes late, in pieces."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shown = f"{host_header(host)}:{port}"
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "another program listens there"
        else:
            reason = error.strerror or str(error)
        raise CommandError(
            f"{shown} cannot be used: {reason}. Choose another address with --bind HOST:PORT."
        ) from error


def public_address(host: str, port: int) -> str:
    """What a person types into the browser: HALO_URL, else where we listen, without a slash at its end."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return settings.HALO_URL or f"http://{host_header(own)}:{port}"


def child_environment(host: str, port: int) -> dict[str, str]:
    """Our environment with what the options decided; paths are absolute, since children start elsewhere."""
    return {
        **os.environ,
        "HALO_BIND": f"{host_header(host)}:{port}",
        "HALO_DATA_DIR": str(settings.HALO_DATA_DIR),
    }
