"""An installed app for the browser tests, through the same verb as the page."""

from datetime import UTC, datetime

from app_manager.install import install
from app_manager.models import App
from app_manager.spec import parse_spec, permissions_asked
from halo_site import audit
from halo_site.datadir.spaces import default_space

SPEC = """\
spec_version: "1"
name: Kettle watch
version: "1.0.0"
author: Ada
description: Watches five shops for one kettle, <script>alert(1)</script> and says when to buy
type: automation
system_prompt: |
  Look at each shop once and say what the kettle costs.
config_schema:
  - key: city
    label: City
    type: string
    required: true
subscriptions:
  - id: half-hourly
    source:
      type: schedule
      config:
        every: 30m
permissions: [web, memory.space]
escalation:
  enabled: true
"""


def installed_app(now: datetime | None = None) -> App:
    spec = parse_spec(SPEC)
    return install(
        SPEC,
        space=default_space(),
        configuration={"city": "Basel"},
        permissions={"granted": list(permissions_asked(spec)), "denied": []},
        actor=audit.command("test"),
        now=now or datetime.now(UTC),
    )
