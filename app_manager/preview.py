"""What a spec asks for, shown before it is installed (BEHAVIOUR, Installing)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from app_manager import localized
from app_manager.permissions import PermissionRow, choices
from app_manager.spec import AppSpec, Problem
from app_manager.spec.parts import RequiredMcp, RequiredSkill
from app_manager.triggers import Trigger, triggers_of


@dataclass(frozen=True)
class Preview:
    """One spec in words. ``notes`` say what does not work by itself or not yet."""

    spec: AppSpec
    name: str
    description: str
    triggers: list[Trigger]
    permissions: list[PermissionRow]
    escalation: str
    notifications: str
    notes: list[str]

    @classmethod
    def of(cls, spec: AppSpec, now: datetime) -> "Preview":
        """The preview of a legal spec whose schedules would start at ``now``."""
        block = localized.translation(spec.i18n, get_language())
        return cls(
            spec=spec,
            name=localized.text(block, "name", spec.display_name or spec.name),
            description=localized.text(block, "description", spec.description),
            triggers=triggers_of(spec, now),
            permissions=choices(spec),
            escalation=_escalation(spec),
            notifications=_notifications(spec),
            notes=_notes(spec),
        )

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return self.spec.warnings

    @property
    def mcps(self) -> Sequence[RequiredMcp]:
        return self.spec.requires.mcps

    @property
    def skills(self) -> Sequence[RequiredSkill]:
        return self.spec.requires.skills

    @property
    def asked(self) -> list[PermissionRow]:
        return [row for row in self.permissions if row.is_asked]


def _escalation(spec: AppSpec) -> str:
    if spec.escalation is None or not spec.escalation.enabled:
        return ""
    hours = spec.escalation.timeout_hours
    if hours is None:
        return _("It may ask you questions. A question stays open until it is answered.")
    return _("It may ask you questions. A question expires after %(hours)s h.") % {"hours": f"{hours:g}"}


def _notifications(spec: AppSpec) -> str:
    notify = spec.output.notify if spec.output else None
    if notify is None or not (notify.system or notify.channels):
        return ""
    wanted = [_("this system"), *notify.channels] if notify.system else notify.channels
    words = _("It asks to send its results to: %(channels)s.") % {"channels": ", ".join(wanted)}
    where = _(
        "They stand in its thread, and go to the targets and by the rules of the notification settings."
    )
    return f"{words} {where}"


def _notes(spec: AppSpec) -> list[str]:
    notes = []
    if spec.type != "automation":
        notes.append(_("It is of the type %(type)s: it does not run by itself.") % {"type": spec.type})
    elif not spec.subscriptions:
        notes.append(_("Nothing starts it by itself: it runs when you click Run now."))
    logins = len(spec.browser_login)
    if logins:
        words = ngettext("It needs a login at %(sites)s.", "It needs logins at %(sites)s.", logins)
        notes.append(words % {"sites": ", ".join(login.label or login.url for login in spec.browser_login)})
    if spec.mcp_server is not None:
        server = spec.mcp_server.url or " ".join((spec.mcp_server.command or "", *spec.mcp_server.args))
        sentence = _("It describes an MCP server: %(server)s. This version does not start it.")
        notes.append(sentence % {"server": server})
    return notes
