"""The tools that a run is offered: only what its app was granted."""

from collections.abc import Callable
from datetime import datetime

from app_runtime.models import Run
from app_runtime.notifications.delivering import Wait
from app_runtime.tools.base import Tool
from app_runtime.tools.memory import memory_tools
from app_runtime.tools.notify import PERMISSION, Notifier
from app_runtime.tools.report import Reports
from app_runtime.tools.web import web_tool
from halo_site.datadir.config import site_config

__all__ = ["Reports", "Tool", "tools_for"]


def tools_for(run: Run, reports: Reports, clock: Callable[[], datetime], wait: Wait) -> dict[str, Tool]:
    """Name → tool, in the order in which they are told to the model; ``wait`` is that of the run's loop."""
    tools = [reports.tool(), *memory_tools(run, clock, reports.masker)]
    if run.app.access.allows("web"):
        tools.append(web_tool(site_config().network.private_hosts))
    if run.app.access.allows(PERMISSION):
        tools.append(Notifier(run, clock, reports.masker, wait).tool())
    return {tool.name: tool for tool in tools}
