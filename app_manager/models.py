"""Installed apps: table `installed_apps` (halo-facts §2.2)."""

import uuid
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from app_manager import configuration, localized, states
from app_manager.exceptions import StatusRefused
from app_manager.permissions import Permissions
from app_manager.spec import AppSpec
from app_manager.states import Status
from app_manager.versions import SpecVersion
from halo_site import audit
from halo_site.datadir.paths import is_plain_path
from halo_site.datadir.spaces import Space, all_spaces, get_space
from halo_site.store.fields import EpochMsField

__all__ = ["App", "AppQuerySet", "SpecVersion", "new_id", "nothing_decided", "pinned_folder"]


def new_id() -> str:
    """A hyphenated UUID v4, the same text in tables, URLs and logs."""
    return str(uuid.uuid4())


def nothing_decided() -> dict[str, list[str]]:
    return {"granted": [], "denied": []}


class AppQuerySet(models.QuerySet["App"]):
    def installed(self) -> "AppQuerySet":
        return self.exclude(status=Status.UNINSTALLED)

    def in_space(self, space_id: str | None) -> "AppQuerySet":
        return self.filter(space_id=space_id)

    def newest_first(self) -> "AppQuerySet":
        return self.order_by("-installed_at", "id")


class App(models.Model):
    """One installed app: its spec, its configuration, what it may do and where it stands."""

    id = models.TextField(primary_key=True, default=new_id)
    spec_id = models.TextField(help_text=_("the spec's name; unique in its space"))
    space_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is the documented "no space"
    spec = models.JSONField(db_column="spec_json")
    spec_text = models.TextField(default="", db_default="", help_text=_("spec.yaml as it was written"))
    status = models.TextField(choices=Status, default=Status.ACTIVE, db_default=Status.ACTIVE)
    pending_escalation_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    user_config = models.JSONField(db_column="user_config_json", default=dict, db_default={})
    user_overrides = models.JSONField(db_column="user_overrides_json", default=dict, db_default={})
    permissions = models.JSONField(
        db_column="permissions_json", default=nothing_decided, db_default={"granted": [], "denied": []}
    )
    installed_at = EpochMsField()
    last_run_at = EpochMsField(null=True, blank=True)
    last_run_outcome = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    error_message = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    uninstalled_at = EpochMsField(null=True, blank=True)
    data_path = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    resumed_at = EpochMsField(null=True, blank=True, help_text=_("failed runs before it count no more"))

    objects = AppQuerySet.as_manager()

    class Meta:
        db_table = "installed_apps"
        verbose_name = _("app")
        verbose_name_plural = _("apps")
        constraints = [
            models.UniqueConstraint(
                fields=["spec_id"],
                condition=models.Q(space_id__isnull=True),
                name="idx_installed_apps_spec_global",
            ),
            models.UniqueConstraint(
                fields=["spec_id", "space_id"],
                condition=models.Q(space_id__isnull=False),
                name="idx_installed_apps_spec_space",
            ),
        ]
        indexes = [
            models.Index(fields=["space_id"], name="idx_installed_apps_space"),
            models.Index(fields=["status"], name="idx_installed_apps_status"),
            models.Index(fields=["-installed_at", "id"], name="idx_installed_apps_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def parsed_spec(self) -> AppSpec:
        """The spec as its type. It was valid when it was installed."""
        return AppSpec.model_validate(self.spec)

    @property
    def name(self) -> str:
        """What people call it, in the viewer's language where its spec has that."""
        written = str(self.spec.get("display_name") or self.spec.get("name") or self.spec_id)
        return localized.text(self._translation, "name", written)

    @property
    def description(self) -> str:
        """What it does, in the viewer's language where its spec has that."""
        return localized.text(self._translation, "description", str(self.spec.get("description") or ""))

    @property
    def _translation(self) -> Any:
        return localized.translation(self.spec.get("i18n"), get_language())

    @property
    def space(self) -> Space | None:
        return get_space(self.space_id) if self.space_id else None

    @property
    def folder(self) -> Path:
        """Where its memory and transcripts lie (DESIGN §2).

        Raises LookupError if its space is gone, or its pinned path lies in no space (abuse case S15).
        """
        if self.data_path:
            return pinned_folder(self.data_path, self.name)
        if self.space is None:
            raise LookupError(f"The space {self.space_id} of {self.name} is not in spaces-index.json.")
        return self.space.path / "apps" / self.id

    @property
    def access(self) -> Permissions:
        """What it asks for, what was granted and denied."""
        return Permissions.of(self.parsed_spec, self.permissions)

    @property
    def configuration(self) -> dict[str, Any]:
        """Every configuration value in force: the spec's default unless a person gave one."""
        items = self.parsed_spec.config_schema
        defaults = {item.key: item.default for item in items if item.default is not None}
        return {**defaults, **self.user_config}

    @property
    def missing_configuration(self) -> list[str]:
        """The labels of required values that nobody gave."""
        return configuration.missing_labels(self.parsed_spec, self.user_config)

    @property
    def runs_by_itself(self) -> bool:
        """Whether the clock and events may start it now; otherwise its due times are skipped."""
        return self.status in states.RUNS_BY_ITSELF

    @property
    def waits_for_configuration(self) -> bool:
        """Whether it is paused for nothing but a missing value."""
        message = self.error_message or ""
        return self.status == Status.PAUSED and message.startswith(configuration.NEEDS_CONFIGURATION)

    def configure(self, values: dict[str, Any], *, actor: audit.Actor, now: datetime) -> bool:
        """Store what a person gave, with an audit line; an app that only waited for it becomes active.

        ``values`` are JSON values that differ from the spec's defaults. Returns False when nothing changed.
        The audit line names the changed keys and not the values, which may be private.
        """
        with transaction.atomic():
            stored = App.objects.select_for_update().get(pk=self.pk)
            before = stored.user_config
            keys = [key for key in {**before, **values} if _differs(before, values, key)]
            if not keys:
                return False
            App.objects.filter(pk=self.pk).update(user_config=values)
            summary = ", ".join(sorted(keys))
            audit.record(actor, "configure", object_type="app", object_id=self.pk, now=now, summary=summary)
            self.user_config, self.status, self.error_message = values, stored.status, stored.error_message
            if self.waits_for_configuration and not self.missing_configuration:
                self.change_status(Status.ACTIVE, actor=actor, now=now)
        return True

    def change_status(
        self, wanted: Status, *, actor: audit.Actor, now: datetime, reason: str = "", **fields: Any
    ) -> None:
        """Go to another status, with an audit line, or raise `StatusRefused` and change nothing.

        ``reason`` is stored as the app's message. Of two processes that change it at once one is refused.
        """
        before = self.status
        if not states.may_become(before, wanted):
            raise StatusRefused(self, wanted)
        fields = {"status": wanted, "error_message": reason or None, **fields}
        with transaction.atomic():
            if not App.objects.filter(pk=self.pk, status=before).update(**fields):
                raise StatusRefused(self, wanted)
            audit.record(
                actor,
                wanted,
                object_type="app",
                object_id=self.pk,
                now=now,
                summary=reason,
                before={"status": before},
                after={"status": str(wanted)},
            )
        for name, value in fields.items():
            setattr(self, name, value)


def _differs(before: dict[str, Any], after: dict[str, Any], key: str) -> bool:
    return (key in before) != (key in after) or before.get(key) != after.get(key)


def pinned_folder(stored: str, name: str) -> Path:
    """The folder that a stored ``data_path`` names: inside a space's ``apps``, written plainly.

    What stands in a row is not trusted: it decides where files are written. Raises LookupError.
    """
    folder = Path(stored)
    places = [space.path / "apps" for space in all_spaces()]
    plain = is_plain_path(stored) and any(
        folder != place and folder.is_relative_to(place) for place in places
    )
    if not plain:
        raise LookupError(f"The data path of {name} is no folder of a space's apps; it is not used.")
    return folder
