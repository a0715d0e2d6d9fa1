"""What the pages show, as plain values (style: contexts are contracts)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext as _

from app_manager.configuration import ConfigurationForm
from app_manager.forms import InstallForm
from app_manager.models import App
from app_manager.preview import Preview
from app_manager.spec import AppSpec, Problem
from app_manager.spec.parts import ConfigItem
from app_manager.states import Status
from halo_site.audit import Actor
from halo_site.models import AuditEntry
from halo_site.roles import Standing

AUDIT_LINES = 200  # of an app, looked at for one of a kind
DECIDING = ("install", "reinstall", "decide_permissions")


@dataclass(frozen=True)
class SpecPage:
    """Where a spec is pasted or chosen; after a refusal with its text and everything that is wrong."""

    text: str = ""
    problems: Sequence[Problem] = ()


@dataclass(frozen=True)
class InstallPage:
    """A legal spec before it is installed: what it asks for, and what a person decides."""

    text: str
    preview: Preview
    form: InstallForm
    configuration: ConfigurationForm
    problem: str = ""

    @classmethod
    def of(
        cls,
        text: str,
        spec: AppSpec,
        now: datetime,
        standing: Standing,
        data: Mapping[str, Any] | None = None,
    ) -> "InstallPage":
        """The page of a spec for somebody of that standing; with ``data`` it is what a person sent."""
        form = InstallForm(spec, standing, data)
        return cls(text, Preview.of(spec, now), form, ConfigurationForm(spec, data))

    def is_valid(self) -> bool:
        """Whether both forms are; each fills its messages either way."""
        return self.form.is_valid() & self.configuration.is_valid()

    @property
    def rows(self) -> "list[ConfigRow]":
        return config_rows(self.configuration, {})

    @cached_property
    def namesakes(self) -> list["Namesake"]:
        """Apps of this name that are there already, by space."""
        spaces = {space.id: space.name for space in self.form.seen_spaces}
        apps = App.objects.filter(spec_id=self.preview.spec.spec_id, space_id__in=spaces).order_by("id")
        return [Namesake(app, spaces[app.space_id or ""]) for app in apps]


@dataclass(frozen=True)
class Namesake:
    """An app of the same name, and the name of its space."""

    app: App
    space_name: str

    @property
    def is_uninstalled(self) -> bool:
        return self.app.status == Status.UNINSTALLED


@dataclass(frozen=True)
class ConfigRow:
    """One field of the configuration form with the source of its present value."""

    field: BoundField
    item: ConfigItem
    is_own: bool

    @property
    def source(self) -> str:
        if self.is_own:
            return _("set by you")
        return _("not set") if self.item.default in (None, "") else _("from the spec")


def config_rows(form: ConfigurationForm, own: Mapping[str, Any]) -> list[ConfigRow]:
    """The fields in the order of the spec; ``own`` are the stored values."""
    return [ConfigRow(form[name], item, item.key in own) for name, item in form.items.items()]


@dataclass(frozen=True)
class Doer:
    """Who did something and when, from the audit log."""

    actor: str
    at: datetime

    @property
    def who(self) -> str:
        kind, _sign, name = self.actor.partition(":")
        return Actor(kind, name).words


@dataclass(frozen=True)
class VersionRow:
    """A previous spec in the list of them."""

    number: int
    version: str
    replaced: Doer


def version_rows(app: App) -> list[VersionRow]:
    """The previous specs that are kept, newest first, without their texts."""
    columns = ("number", "version", "replaced_by", "replaced_at")
    kept = app.versions.order_by("-number").values_list(*columns)
    return [VersionRow(number, version, Doer(by, at)) for number, version, by, at in kept]


def last_decision(app: App) -> Doer | None:
    """Who decided the permissions last; None where that is older than what is looked at."""
    lines = AuditEntry.objects.filter(object_type="app", object_id=app.pk).order_by("-ts", "-id")
    return next((Doer(line.actor, line.ts) for line in lines[:AUDIT_LINES] if _decides(line)), None)


def _decides(line: AuditEntry) -> bool:
    """Whether permissions were decided; an update may ask for nothing new."""
    if line.verb != "update_spec":
        return line.verb in DECIDING
    before, after = line.before or {}, line.after or {}
    return bool(before.get("permissions") != after.get("permissions"))
