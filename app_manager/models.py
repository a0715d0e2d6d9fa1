"""Installed apps: table `installed_apps` (halo-facts §2.2)."""

import hashlib
import os
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from django.db import models
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from app_manager import configuration, localized, states
from app_manager.decisions import Decisions
from app_manager.lifecycle import Lifecycle
from app_manager.permissions import Permissions
from app_manager.scheduling import Scheduling
from app_manager.spec import AppSpec
from app_manager.spec.problem import path_text
from app_manager.spec.sentences import findings
from app_manager.states import Status
from app_manager.versions import SpecVersion
from halo_site.datadir.paths import is_plain_path
from halo_site.datadir.spaces import Space, all_spaces, get_space
from halo_site.roles import standing_of
from halo_site.store.fields import EpochMsField
from halo_site.store.json_object import JsonObjectField, Unreadable

__all__ = ["App", "AppQuerySet", "SpecVersion", "new_id", "nothing_decided", "pinned_folder"]


def new_id() -> str:
    """A hyphenated UUID v4, the same text in tables, URLs and logs."""
    return str(uuid.uuid4())


def new_ids(count: int) -> list[str]:
    """So many of them, three times as quick, and ascending: an index takes them up quicker so."""
    digits = os.urandom(16 * count).hex()
    return sorted(_as_id(digits[at : at + 32]) for at in range(0, len(digits), 32))


def _as_id(digits: str) -> str:
    """32 random digits with the marks of version 4 (RFC 9562, 5.4)."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def nothing_decided() -> dict[str, list[str]]:
    return {"granted": [], "denied": []}


class AppQuerySet(models.QuerySet["App"]):
    def visible_to(self, user: Any) -> "AppQuerySet":
        """Those that this person may see: all with a role on the site, else those of their spaces."""
        standing = standing_of(user)
        return self if standing.sees_everything else self.filter(space_id__in=standing.spaces)

    def installed(self) -> "AppQuerySet":
        return self.exclude(status=Status.UNINSTALLED)

    def stopped(self) -> "AppQuerySet":
        """Those that do nothing by themselves until somebody acts; a person's own pause is none of them."""
        unconfigured = models.Q(
            status=Status.PAUSED, error_message__startswith=configuration.NEEDS_CONFIGURATION
        )
        return self.filter(models.Q(status__in=(Status.ERROR, Status.NEEDS_LOGIN)) | unconfigured)

    def uninstalled(self) -> "AppQuerySet":
        """Those that a person took out of use, the last one first."""
        return self.filter(status=Status.UNINSTALLED).order_by("-uninstalled_at", "id")

    def in_space(self, space_id: str | None) -> "AppQuerySet":
        return self.filter(space_id=space_id)

    def newest_first(self) -> "AppQuerySet":
        return self.order_by("-installed_at", "id")

    def hold(self, app_id: str) -> "App | None":
        """The app as it is now, its row held until the transaction ends; None where it is gone.

        What changes an app together with its runs and jobs holds them in this order: app, runs, jobs. On
        PostgreSQL two of them would stop each other in any other. Rows that refer to the app go in meanwhile.
        """
        return self.select_for_update(no_key=True).filter(pk=app_id).first()


class App(Lifecycle, Decisions, Scheduling, models.Model):
    """One installed app: its spec, its configuration, what it may do and where it stands."""

    id = models.TextField(primary_key=True, default=new_id)
    spec_id = models.TextField(help_text=_("the spec's name; unique in its space"))
    space_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is the documented "no space"
    spec = JsonObjectField(db_column="spec_json")
    spec_text = models.TextField(default="", db_default="", help_text=_("spec.yaml as it was written"))
    status = models.TextField(choices=Status, default=Status.ACTIVE, db_default=Status.ACTIVE)
    pending_escalation_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - documented
    user_config = JsonObjectField(db_column="user_config_json", default=dict, db_default={})
    user_overrides = JsonObjectField(db_column="user_overrides_json", default=dict, db_default={})
    permissions = JsonObjectField(
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
    def _read_spec(self) -> tuple[AppSpec, str]:
        """The spec as its type, and what is wrong with it: it is then one that does nothing."""
        try:
            return AppSpec.model_validate(self.spec), ""
        except ValidationError:
            first = findings(AppSpec, self.spec)[0]
            return nothing_known(self.spec_id), f"{path_text(first.path)}: {first.sentence}"

    @property
    def parsed_spec(self) -> AppSpec:
        """The spec as its type; a stored one that cannot be read is one without any subscription."""
        return self._read_spec[0]

    @property
    def problem(self) -> str:
        """What of its row cannot be read, in a sentence; empty as long as nobody else writes our tables."""
        columns = ("spec", "user_config", "user_overrides", "permissions")
        odd = [name for name in columns if isinstance(getattr(self, name), Unreadable)]
        if odd:
            return gettext("The stored %(columns)s cannot be read: no JSON object") % {
                "columns": ", ".join(odd)
            }
        if self._read_spec[1]:
            return gettext("The stored spec cannot be read: %(reason)s") % {
                "reason": self._read_spec[1][:300]
            }
        return ""

    @property
    def obstacle(self) -> str:
        """Why it cannot run, whatever its status: words without a full stop; empty where it can."""
        return self.problem or configuration.needs_configuration(self.missing_configuration)

    @property
    def written_spec(self) -> str:
        """The spec as it was installed; of an app that came without its text, what is stored."""
        return self.spec_text or yaml.safe_dump(dict(self.spec), allow_unicode=True, sort_keys=False)

    @property
    def spec_digest(self) -> str:
        """Names the spec in force, so that nobody replaces another one than they saw: SHA-256 in hex."""
        return hashlib.sha256(self.written_spec.encode("utf-8", "surrogatepass")).hexdigest()

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
        space = self.space
        if space is None:
            raise LookupError(f"The space {self.space_id} of {self.name} is not in spaces-index.json.")
        return space.path / "apps" / self.id

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


def nothing_known(spec_id: str) -> AppSpec:
    """The spec of an app whose own cannot be read: it has a name, and nothing starts it."""
    words = {"version": "?", "author": "?", "description": "?", "system_prompt": "?"}
    return AppSpec.model_validate({"name": spec_id or "?", "type": "automation", **words})


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
