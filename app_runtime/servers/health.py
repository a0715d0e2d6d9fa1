"""How MCP servers were found: kept with each run, with what their tools have otherwise than before."""

import hashlib
import json
from datetime import datetime
from typing import Any

from app_manager.models import App
from app_runtime.models import Run, ServerHealth
from app_runtime.server_health import ServerState
from app_runtime.servers.definitions import Definition, definitions_for
from app_runtime.texts import name, storable
from halo_site.masking import Masker


def record_health(server: Any, run: Run, masker: Masker, now: datetime) -> None:
    """Keep one server's state. A failed start leaves the list of its tools as it was."""
    row = ServerHealth.objects.filter(pk=server.definition.key).first()
    row = row or ServerHealth(key=server.definition.key, changes={}, tools=[])
    row.name, row.checked_at, row.run_id = name(server.name), now, run.run_id
    row.state = ServerState.WORKS if server.works else ServerState.FAILED
    row.sentence, row.started_ms = masker.text(storable(server.sentence)), server.started_ms
    if server.works:
        tools = [_facts(tool, masker) for tool in server.tools]
        changes = difference(row.tools, tools) if row.tools else {}
        if changes:
            row.changes, row.changed_at = changes, now
        row.tools = tools
    row.save()


def difference(before: list[dict[str, str]], after: list[dict[str, str]]) -> dict[str, list[str]]:
    """Names of tools by what became of them: added, removed, changed; without the empty ones."""
    old = {tool["name"]: tool["digest"] for tool in before}
    new = {tool["name"]: tool["digest"] for tool in after}
    found = {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }
    return {word: names for word, names in found.items() if names}


def health_of(app: App) -> list[tuple[Definition, ServerHealth | None]]:
    """The servers that the app was granted, each with how it was found the last time (None: never)."""
    definitions = definitions_for(app)
    rows = ServerHealth.objects.in_bulk([definition.key for definition in definitions])
    return [(definition, rows.get(definition.key)) for definition in definitions]


def _facts(tool: Any, masker: Masker) -> dict[str, str]:
    """Name, description and a digest of everything that a model is told of a tool; no secret is in it."""
    # The digest too is of the masked text: of a short secret it would be a way to try out guesses.
    masked = masker.value([tool.description, tool.input_schema])
    told = json.dumps(masked, sort_keys=True, default=str)
    digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
    facts = {"name": name(masker.text(tool.name)), "description": (masked[0] or "")[:500], "digest": digest}
    return dict(storable(facts))
