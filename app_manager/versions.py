"""Specs that were in force before: table `app_spec_versions`."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from app_manager.exceptions import SpecVersionNotFound
from halo_site import audit
from halo_site.store.fields import EpochMsField

if TYPE_CHECKING:
    from app_manager.models import App

HIGHEST_NUMBER = 2**31  # of an integer column; PostgreSQL cannot be asked for more
KEPT_VERSIONS = 50  # per app; older ones go


class SpecVersion(models.Model):
    """One spec of an app that another one has replaced, as its text was written."""

    app = models.ForeignKey(
        "app_manager.App", on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.IntegerField(help_text=_("1 for the first spec that the app had"))
    version = models.TextField(help_text=_("the version that the spec says of itself"))
    spec_text = models.TextField()
    replaced_at = EpochMsField()
    replaced_by = models.TextField(help_text=_("who put another one in its place, as in the audit log"))

    class Meta:
        db_table = "app_spec_versions"
        verbose_name = _("previous spec")
        verbose_name_plural = _("previous specs")
        constraints = [models.UniqueConstraint(fields=["app", "number"], name="uniq_spec_version")]

    def __str__(self) -> str:
        return f"{self.app_id} {self.number}"


def keep_outgoing(app: "App", *, actor: audit.Actor, now: datetime) -> SpecVersion:
    """Keep the spec that is in force until now, and of all kept ones the newest 50.

    Call it before the change, in its transaction, with the app's row locked: numbers are counted up.
    """
    versions = SpecVersion.objects.filter(app=app)
    newest = versions.aggregate(number=models.Max("number"))["number"] or 0
    kept = SpecVersion.objects.create(
        app=app,
        number=newest + 1,
        version=app.parsed_spec.version,
        spec_text=app.written_spec,
        replaced_at=now,
        replaced_by=str(actor),
    )
    versions.filter(number__lte=kept.number - KEPT_VERSIONS).delete()
    return kept


def find_version(app: "App", number: int) -> SpecVersion:
    """The previous spec of that number. Raises `SpecVersionNotFound`."""
    is_possible = abs(number) < HIGHEST_NUMBER
    kept = SpecVersion.objects.filter(app=app, number=number).first() if is_possible else None
    if kept is None:
        raise SpecVersionNotFound(number)
    return kept
