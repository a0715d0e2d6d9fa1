"""Puts another spec in force for an installed app, from the command line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from app_manager.management.commands.install_app import spec_text
from app_manager.management.verb import VerbCommand
from app_manager.models import App
from app_manager.permissions import Permissions
from app_manager.spec import SpecError, parse_spec
from app_manager.spec.permission import canonical_permission
from app_manager.spec_updates import SpecUpdate, update_spec
from app_manager.update_page import UpdatePage
from app_manager.versions import find_version
from halo_site import audit


class Command(VerbCommand):
    help = (
        "Puts another spec.yaml, or a previous one, in force for an installed app and prints what changed. "
        "A permission that it asks for anew stays off unless --grant names it."
    )
    verb = "update_app"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("spec", metavar="SPEC", nargs="?", help="a spec.yaml, or - for standard input")
        source.add_argument(
            "--restore", metavar="NUMBER", type=int, help="a previous spec, by the number on the spec page"
        )
        for name, what in (("--grant", "granted"), ("--deny", "denied")):
            words = f"a permission that is asked for anew and {what}"
            parser.add_argument(name, metavar="PERMISSION", action="append", default=[], help=words)

    def done(self, app: App, actor: audit.Actor, now: datetime, options: dict[str, Any]) -> str:
        """Put the spec in force; returns what that changed, a line each."""
        granted, denied = (list(map(canonical_permission, options[name])) for name in ("grant", "deny"))
        try:
            text = _text(app, options["spec"], options["restore"])
            page = UpdatePage.of(app, text, parse_spec(text), now)
        except SpecError as error:
            raise CommandError(str(error)) from error
        _check_asked(page.update, [*granted, *denied])
        decisions = {"granted": granted, "denied": denied}
        update = update_spec(app, text, base=page.base, **decisions, actor=actor, now=now)
        for warning in page.warnings:
            self.stderr.write(f"Worth a look: {warning}")
        if update.missing:
            missing = ", ".join(update.missing)
            self.stderr.write(f"It cannot run before it has: {missing}. Set it on its configuration page.")
        return "\n".join(report(app, page))


def report(app: App, page: UpdatePage) -> Iterator[str]:
    """What an update changed, a line each. ``app`` is as it stands now, ``page`` was made before."""
    update = page.update
    if update.is_same:
        yield "Nothing was changed: this is the spec in force."
        return
    yield f"Updated: {app.name}, version {update.before.version} → {update.after.version}"
    for trigger in page.triggers:
        if not trigger.is_same:
            yield f"When it runs [{trigger.id}]: {trigger.before or 'not there'} → {trigger.after or 'gone'}"
    for value in page.dropped_values:
        yield f"Dropped value: {value.label} [{value.key}]"
    for key in update.dropped_overrides:
        yield f"Dropped schedule of yours: {key}"
    now = Permissions.of(update.after, app.permissions)
    states = {
        row.name: "granted" if row.is_effective else "denied" if row.is_denied else "off" for row in now.rows
    }
    for decision in page.undecided:
        yield f"Newly asked for, {states[decision.row.name]}: {decision.row.label} [{decision.row.name}]"


def _text(app: App, source: str | None, number: int | None) -> str:
    """The text of the file, or of the previous spec. Raises `SpecVersionNotFound`."""
    if number is None:
        return spec_text(source or "-")
    return find_version(app, number).spec_text


def _check_asked(update: SpecUpdate, names: list[str]) -> None:
    """Whether these are what the spec asks for anew; anything else is decided elsewhere."""
    open_ones = [row.name for row in update.undecided]
    for name in names:
        if name not in open_ones:
            known = ", ".join(open_ones) or "nothing"
            raise CommandError(
                f"{name} is not asked for anew, so it is not decided here. This spec newly asks for: {known}."
            )
