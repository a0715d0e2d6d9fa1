"""How MCP servers were found the last time: table `mcp_server_health`."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from halo_site.store.fields import EpochMsField


class ServerState(models.TextChoices):
    """How a server answered."""

    WORKS = "works", _("Works")
    FAILED = "failed", _("Failed")


class ServerHealth(models.Model):
    """What became of the last start of one MCP server, and which tools it had.

    ``key`` is the id of its app, or ``config:NAME`` for one of config.json. ``tools`` is a list of
    ``{name, description, digest}``; ``changes`` tells what its newest list has otherwise than the one before:
    ``{added, removed, changed}``, lists of names.
    """

    key = models.TextField(primary_key=True)
    name = models.TextField(_("name"))
    state = models.TextField(_("state"), choices=ServerState)
    sentence = models.TextField(_("what was wrong"), default="", blank=True)
    checked_at = EpochMsField(_("when"))
    run_id = models.TextField(_("run"), default="", blank=True)
    started_ms = models.BigIntegerField(_("time to start, in milliseconds"), null=True, blank=True)
    tools: Any = models.JSONField(_("tools"), db_column="tools_json", default=list)
    changes: Any = models.JSONField(_("changes of its tools"), db_column="changes_json", default=dict)
    changed_at = EpochMsField(_("tools changed at"), null=True, blank=True)

    class Meta:
        db_table = "mcp_server_health"
        verbose_name = _("MCP server")
        verbose_name_plural = _("MCP servers")

    def __str__(self) -> str:
        return self.name
