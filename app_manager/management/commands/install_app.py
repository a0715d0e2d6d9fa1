"""Installs an app from the command line."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from app_manager.configuration import from_pairs
from app_manager.exceptions import AppError, SpaceNotFound
from app_manager.install import install
from app_manager.models import App
from app_manager.permissions import decided
from app_manager.spec import AppSpec, SpecError, decode_spec, parse_spec, permissions_asked
from app_manager.spec.encoding import MAX_BYTES
from app_manager.spec.permission import canonical_permission, unknown
from halo_site import audit
from halo_site.datadir.spaces import Space, all_spaces, default_space, ensure_default_space
from halo_site.management.base import HaloCommand


class Command(HaloCommand):
    help = (
        "Checks a spec.yaml and installs it. Grants the permissions that the spec asks for and prints them. "
        "The last line is the app's id. An app with a required value missing is installed paused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("spec", metavar="SPEC", help="a spec.yaml, or - for standard input")
        parser.add_argument(
            "--space", metavar="ID", help='the id of a space (the space "Default" if not given)'
        )
        parser.add_argument(
            "--set",
            dest="pairs",
            metavar="KEY=VALUE",
            action="append",
            default=[],
            help="a configuration value",
        )
        parser.add_argument(
            "--deny",
            metavar="PERMISSION",
            action="append",
            default=[],
            help="a permission that is not granted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            text = spec_text(options["spec"])
            spec = parse_spec(text)
            permissions = permissions_of(spec, options["deny"])
            App.objects.exists()  # a database without tables fails here, before any file is made
            ensure_default_space(now)
            app = install(
                text,
                space=space_of(options["space"]),
                configuration=from_pairs(spec, options["pairs"]),
                permissions=permissions,
                actor=audit.command("install_app"),
                now=now,
            )
        except (AppError, SpecError) as error:
            raise CommandError(str(error)) from error
        for warning in spec.warnings:
            self.stderr.write(f"Worth a look: {warning}")
        self.report(app)

    def report(self, app: App) -> None:
        """What was granted in words, what is missing, and the id alone on the last line."""
        for row in app.access.rows:
            decision = "Granted" if row.is_effective else "Denied"
            later = "" if row.is_served else " (nothing in this version uses it yet)"
            self.stdout.write(f"{decision}: {row.label} [{row.name}]{later}")
        if app.missing_configuration:
            self.stderr.write(
                f"Installed paused: {app.error_message}. Set it on the page of its configuration."
            )
        self.stdout.write(app.pk)


def spec_text(source: str) -> str:
    """The text of a file or of standard input. Raises `CommandError` and `SpecError`."""
    if source == "-":
        return decode_spec(sys.stdin.buffer.read(MAX_BYTES + 1))
    try:
        with Path(source).open("rb") as file:
            return decode_spec(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror or error}.") from error


def space_of(space_id: str | None) -> Space:
    """The space of that id, or the default one. Raises `SpaceNotFound`."""
    if space_id is None:
        space = default_space()
    else:
        space = next((space for space in all_spaces() if space.id == space_id), None)
    if space is None:
        raise SpaceNotFound(space_id or "Default")
    return space


def permissions_of(spec: AppSpec, denied: list[str]) -> dict[str, list[str]]:
    """All that the spec asks for is granted, save what is denied. Raises `CommandError` for unknown names."""
    asked = permissions_asked(spec)
    refused = [canonical_permission(name) for name in denied]
    strange = unknown(refused, asked)
    if strange:
        known = ", ".join(asked) or "nothing"
        raise CommandError(f"There is no permission {', '.join(strange)}. This app asks for: {known}.")
    granted = [name for name in asked if name not in refused]
    return decided([*asked, *refused], granted)
