"""The JSON files of the data directory: torn ones, wrong values, and what was set aside."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from halo_site.datadir import space_index
from halo_site.datadir.config import SiteConfig, stops_runs
from halo_site.datadir.json_file import JsonFile, set_aside_in
from halo_site.datadir.paths import data_dir
from halo_site.datadir.secrets import SecretMissing, resolve
from halo_site.doctor.findings import Finding, notice, shell

REFERENCE = re.compile(r"(env|secret):[A-Za-z_][A-Za-z0-9_.-]*")


def look(now: datetime) -> Iterator[Finding]:
    """`config.json`, `secrets.json`, `spaces-index.json`, and copies of corrupt ones."""
    where = data_dir()
    for path in (where.config, where.secrets):
        problem = JsonFile(path).problem()
        if problem:
            yield Finding(
                str(path), problem, f"Mend it, or move it away: {shell('mv', path, f'{path}.damaged')}"
            )
    yield from _wrong_values()
    yield from _references(JsonFile(where.config).read(), "")
    yield from _index()
    for aside in set_aside_in(where.root):
        words = "it could not be read and was set aside"
        yield notice(str(aside), words, f"Take what you still need out of it, then: {shell('rm', aside)}")


def _wrong_values() -> Iterator[Finding]:
    path = data_dir().config
    try:
        SiteConfig.model_validate(JsonFile(path).read())
    except ValidationError as error:
        for problem in error.errors():
            place = ".".join(map(str, problem["loc"]))
            rest = "no run starts" if stops_runs(problem["loc"]) else "the default is used"
            words = f"{place}: {problem['msg']}; {rest}"
            yield Finding(str(path), words, f"Set a right value for {place}, or take it out.")


def _references(content: Any, place: str) -> Iterator[Finding]:
    """References to secrets and variables that are not there, wherever in the settings."""
    if isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from _references(value, f"{place}.{key}" if place else str(key))
    elif isinstance(content, str) and REFERENCE.fullmatch(content):
        try:
            resolve(content)
        except SecretMissing:
            kind, _colon, name = content.partition(":")
            yield _unresolved(place, kind, name)


def _unresolved(place: str, kind: str, name: str) -> Finding:
    path = str(data_dir().config)
    if kind == "secret":
        words = f"{place} names the secret {name}, which secrets.json does not have"
        return Finding(path, words, f"Store the secret {name}, or name another one in {path}.")
    words = f"{place} names the variable {name}, which is not set here"
    return notice(path, words, f"See that the service sets {name}; this shell may know less than it does.")


def _index() -> Iterator[Finding]:
    path = str(data_dir().spaces_index)
    problem = space_index.problem()
    if problem:
        yield Finding(path, problem, "Look at the spaces page, then start Halo Site again.")
    told = space_index.recovery()
    if told is not None:
        words = f"it was made again from the folders; {told.found} spaces were found"
        yield notice(path, words, "Look whether they are all there, then confirm it on the spaces page.")
    for key in space_index.ignored():
        words = f"the entry {key[:80]!r} has no usable name and path and is left out"
        yield Finding(path, words, "Mend that entry, or take it out.")
