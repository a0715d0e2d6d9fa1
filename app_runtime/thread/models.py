"""What people leave in a thread: how far each has read it, and what they replied."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from app_manager.models import App, new_id
from halo_site.store.fields import EpochMsField


class ReadMark(models.Model):
    """The newest thing of an app's thread that a person has seen; a mark only ever moves on."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="+")
    seen_at = EpochMsField(help_text=_("the moment of the newest thing seen"))
    seen_id = models.TextField(help_text=_("its id, where several are of the same moment"))

    class Meta:
        db_table = "thread_read_marks"
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints = [models.UniqueConstraint(fields=["user", "app"], name="uniq_read_mark")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.app_id}"

    @classmethod
    def of(cls, user: Any, app: App) -> "ReadMark | None":
        """How far this person has read; None where they have never opened the thread."""
        return cls.objects.filter(user=user, app=app).first()

    @classmethod
    def advance(cls, user: Any, app: App, at: datetime, key: str) -> None:
        """Say that everything up to this (moment, id) was seen. What is older than the mark changes nothing.

        Two windows at once may do it: the later one stays, whichever comes first.
        """
        _mark, is_new = cls.objects.get_or_create(
            user=user, app=app, defaults={"seen_at": at, "seen_id": key}
        )
        if not is_new:
            older = Q(seen_at__lt=at) | Q(seen_at=at, seen_id__lt=key)
            cls.objects.filter(older, user=user, app=app).update(seen_at=at, seen_id=key)


class Reply(models.Model):
    """What a person told an app, and the run that it went to.

    A message to a run that lived has the id of its `RunMessage`, which knows when it arrived; any other was
    what a run began with. ``run_id`` is no foreign key, as in entries: a run may be gone.
    """

    id = models.TextField(primary_key=True, default=new_id)
    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="replies", db_index=False)
    run_id = models.TextField()
    text = models.TextField()
    sent_by = models.TextField()
    sent_at = EpochMsField()
    form = models.TextField(
        null=True, blank=True, unique=True, help_text=_("of the form that it was sent with")
    )

    class Meta:
        db_table = "thread_replies"
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        indexes = [models.Index(fields=["app", "-sent_at", "-id"], name="idx_replies_app")]

    def __str__(self) -> str:
        return self.text[:60]
