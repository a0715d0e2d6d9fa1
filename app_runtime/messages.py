"""Messages that people send to a run while it lives: table `run_messages`."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from app_manager.models import new_id
from halo_site.store.fields import EpochMsField, to_ms

if TYPE_CHECKING:
    from app_runtime.models import Run


class RunMessageQuerySet(models.QuerySet["RunMessage"]):
    def waiting(self) -> "RunMessageQuerySet":
        """Those that have not reached their run, the oldest first."""
        return self.filter(delivered_at__isnull=True).order_by("sent_at", "id")


class RunMessage(models.Model):
    """What a person told a live run, and at which step it arrived. An undelivered one says so."""

    id = models.TextField(primary_key=True, default=new_id)
    run = models.ForeignKey("app_runtime.Run", on_delete=models.CASCADE, related_name="messages")
    text = models.TextField()
    sent_by = models.TextField()
    sent_at = EpochMsField()
    delivered_at = EpochMsField(null=True, blank=True)
    delivered_step = models.IntegerField(null=True, blank=True, help_text=_("the step that it came before"))

    objects = RunMessageQuerySet.as_manager()

    class Meta:
        db_table = "run_messages"
        verbose_name = _("message")
        verbose_name_plural = _("messages")

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def sent_ms(self) -> int:
        return to_ms(self.sent_at)

    def deliver(self, run: "Run", step: int, now: datetime) -> bool:
        """Mark it as arrived before ``step``; False where the run is no longer its worker's."""
        with transaction.atomic():
            if not run.keep():
                return False
            waiting = RunMessage.objects.waiting().filter(pk=self.pk)
            waiting.update(delivered_at=now, delivered_step=step)
        return True
