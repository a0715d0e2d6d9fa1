"""What belongs to the site itself: the audit log, the heartbeats of its processes, the members of spaces."""

import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from halo_site.roles import Role
from halo_site.store.fields import EpochMsField

# Of this process alone: a worker must never take another one's run for its own
MARK = secrets.token_hex(2)


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def kind(self, kind: str) -> "HeartbeatQuerySet":
        return self.filter(kind=kind)

    def younger_than(self, age: timedelta, now: datetime) -> "HeartbeatQuerySet":
        return self.filter(beat_at__gte=now - age)


class Heartbeat(models.Model):
    """One process of this installation (a clock, a worker) and when it last said it lives."""

    name = models.TextField(primary_key=True)
    kind = models.TextField()
    host = models.TextField()
    pid = models.IntegerField()
    started_at = EpochMsField()
    beat_at = EpochMsField()
    detail = models.JSONField(db_column="detail_json", default=dict)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        db_table = "halo_heartbeats"
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        indexes = [models.Index(fields=["kind", "-beat_at"], name="idx_heartbeats_kind")]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def own_name(kind: str) -> str:
        """``kind@host:pid-mark`` of this process. Containers may share a host's name and count alike."""
        return f"{kind}@{socket.gethostname()}:{os.getpid()}-{MARK}"

    @classmethod
    def beat(cls, kind: str, now: datetime, detail: dict[str, Any] | None = None) -> None:
        """Record that this process lives at ``now``; the first beat also records its start."""
        name, detail = cls.own_name(kind), detail or {}
        if not cls.objects.filter(name=name).update(beat_at=now, detail=detail):
            facts = {"kind": kind, "host": socket.gethostname(), "pid": os.getpid()}
            values = {**facts, "started_at": now, "beat_at": now, "detail": detail}
            cls.objects.update_or_create(name=name, defaults=values)

    @classmethod
    def end(cls, kind: str) -> None:
        """Take this process off the list: it ended in order."""
        cls.objects.filter(name=cls.own_name(kind)).delete()


class AuditEntry(models.Model):
    """One change, whoever made it. Rows are only ever added."""

    ts = EpochMsField()
    actor = models.TextField(help_text=_("person:NAME, app:ID, command:NAME or system:NAME"))
    verb = models.TextField()
    object_type = models.TextField()
    object_id = models.TextField()
    summary = models.TextField(default="", db_default="")
    before = models.JSONField(db_column="before_json", null=True)
    after = models.JSONField(db_column="after_json", null=True)

    class Meta:
        db_table = "halo_audit_log"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["-ts", "-id"], name="idx_audit_ts"),
            models.Index(fields=["object_type", "object_id", "-ts"], name="idx_audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object_type} {self.object_id}"


class SpaceMember(models.Model):
    """A person's role in one space, beside the one that they have on the whole site (or without any)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    space_id = models.TextField(_("space"))  # spaces are files: no foreign key
    role = models.TextField(_("role"), choices=Role)

    class Meta:
        db_table = "halo_space_members"
        verbose_name = _("member of a space")
        verbose_name_plural = _("members of spaces")
        constraints = [
            models.UniqueConstraint(fields=["user", "space_id"], name="uniq_space_member"),
        ]
        indexes = [models.Index(fields=["space_id"], name="idx_members_space")]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
