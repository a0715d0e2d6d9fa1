"""Model sources as people set them up: in config.json, keys in secrets.json, each change audited."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from app_manager.models import App
from app_runtime.engines import sources_for
from app_runtime.exceptions import SourceUnknown
from app_runtime.models import Run
from app_runtime.settings.changing import Section, change_secrets, change_settings
from halo_site import audit
from halo_site.audit import Actor
from halo_site.datadir.ai_sources import AiSources, ModelSource
from halo_site.datadir.config import site_config
from halo_site.datadir.secrets import SecretMissing, resolve

SECTION = "aiSources"
NOT_PLAIN = re.compile(r"[^a-z0-9]+")
LONGEST_ID = 40
RUNS_LOOKED_AT = 200


def known_sources() -> AiSources:
    """What is set up now."""
    return site_config().ai_sources


def get_source(source_id: str) -> ModelSource:
    """The source of that id. Raises `SourceUnknown`."""
    source = known_sources().get(source_id)
    if source is None:
        raise SourceUnknown(_("There is no model source with this id."))
    return source


def save_source(values: Section, key: str, *, actor: Actor, now: datetime) -> str:
    """Store a source, new or known by ``values["id"]``; returns its id. The first one becomes the default.

    ``key`` is a key typed in now: it goes to secrets.json, and the source refers to it. As all that changes
    sources, it raises `ConfigDamaged` where config.json is kept as it is.
    """
    source_id = values.get("id") or _new_id(str(values["name"]))
    values = {**values, "id": source_id}
    if key:
        values["apiKey"] = f"secret:{_secret_name(source_id)}"
    ModelSource.model_validate(values)

    def change(section: Section) -> Section:
        listed = _listed(section)
        others = [item for item in listed if item.get("id") != source_id]
        before = next((item for item in listed if item.get("id") == source_id), {})
        current = section.get("currentId") or source_id
        return {**section, "version": 2, "currentId": current, "sources": [*others, {**before, **values}]}

    _change("source.save", source_id, change, actor, now, key)
    return source_id


def delete_source(source_id: str, *, actor: Actor, now: datetime) -> None:
    """Forget a source, and its key where we kept that and nothing else refers to it.

    The first fallback takes the place of a default.
    """
    source = get_source(source_id)

    def change(section: Section) -> Section:
        fallbacks = [key for key in section.get("fallbackIds") or [] if key != source_id]
        current = section.get("currentId")
        if current == source_id:
            current, fallbacks = (fallbacks[0], fallbacks[1:]) if fallbacks else (None, [])
        kept = [item for item in _listed(section) if item.get("id") != source_id]
        return {**section, "sources": kept, "currentId": current, "fallbackIds": fallbacks}

    _change("source.delete", source_id, change, actor, now)
    reference = f"secret:{_secret_name(source_id)}"
    if source.api_key == reference and not _refers(site_config().model_dump(mode="json"), reference):
        note = partial(_record_secret, "secret.remove", source_id, actor, now)
        change_secrets({_secret_name(source_id): None}, note)


def make_default(source_id: str, *, actor: Actor, now: datetime) -> None:
    """Have every app without a choice of its own use this source first."""
    get_source(source_id)

    def change(section: Section) -> Section:
        fallbacks = [key for key in section.get("fallbackIds") or [] if key != source_id]
        return {**section, "currentId": source_id, "fallbackIds": fallbacks}

    _change("source.default", source_id, change, actor, now)


def set_fallbacks(ids: list[str], *, actor: Actor, now: datetime) -> None:
    """The sources to go over to when the first one fails, in this order; unknown ones are left out."""
    known = known_sources()
    wanted = [key for key in dict.fromkeys(ids) if known.get(key) and key != known.current_id]
    _change(
        "source.fallbacks", ",".join(wanted), lambda section: {**section, "fallbackIds": wanted}, actor, now
    )


def key_state(source: ModelSource) -> str:
    """``set``, ``missing`` or ``none``; never the key."""
    if not source.api_key:
        return "none"
    try:
        return "set" if resolve(source.api_key).strip() else "missing"
    except SecretMissing:
        return "missing"


def apps_of(source_id: str) -> list[App]:
    """The installed apps whose own choice this source is."""
    return list(App.objects.installed().filter(user_overrides__model=source_id).order_by("spec_id"))


def runs_of(source_id: str) -> list[Run]:
    """Runs that are running or queued, as far as `RUNS_LOOKED_AT`, which would ask this source."""
    known = known_sources()
    unfinished = Run.objects.unfinished().select_related("app").order_by("-status", "queued_at", "pk")
    looked_at = unfinished[:RUNS_LOOKED_AT]
    return [run for run in looked_at if known.get(source_id) in sources_for(run.app, known)]


def _refers(value: Any, reference: str) -> bool:
    """Whether a text anywhere in the settings is this reference."""
    if isinstance(value, dict):
        return any(_refers(item, reference) for item in value.values())
    if isinstance(value, list):
        return any(_refers(item, reference) for item in value)
    return bool(value == reference)


def _change(
    verb: str,
    source_id: str,
    change: Callable[[Section], Section],
    actor: Actor,
    now: datetime,
    key: str = "",
) -> None:
    """Change the section, with a line that says what it was and is; keys stand in it by reference only."""
    seen: list[Section] = []

    def watched(section: Section) -> Section:
        changed = change(section)
        seen[:] = [_told(section), _told(changed)]
        return changed

    def note() -> None:
        if key:
            _record_secret("secret.set", source_id, actor, now)
        before, after = seen
        audit.record(
            actor, verb, object_type="source", object_id=source_id, now=now, summary=source_id,
            before=before, after=after,
        )  # fmt: skip

    change_settings(SECTION, watched, note, secrets={_secret_name(source_id): key} if key else None)


def _told(section: Section) -> Section:
    """The section with its sources by id, so that a difference names the source."""
    return {**section, "sources": {str(item.get("id")): item for item in _listed(section)}}


def _record_secret(verb: str, source_id: str, actor: Actor, now: datetime) -> None:
    """That a key was stored or forgotten: its name, never its value."""
    name = _secret_name(source_id)
    audit.record(actor, verb, object_type="source", object_id=source_id, now=now, summary=name)


def _listed(section: Section) -> list[Section]:
    listed = section.get("sources")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _new_id(name: str) -> str:
    """A plain word out of the name that no other source has."""
    plain = NOT_PLAIN.sub("-", name.lower()).strip("-")[:LONGEST_ID] or "source"
    number, candidate = 2, plain
    while known_sources().get(candidate) is not None:
        candidate, number = f"{plain}-{number}", number + 1
    return candidate


def _secret_name(source_id: str) -> str:
    return f"source-{source_id}"
