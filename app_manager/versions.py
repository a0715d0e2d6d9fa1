"""Specs that were in force before: table `app_spec_versions`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from halo_site.store.fields import EpochMsField


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
