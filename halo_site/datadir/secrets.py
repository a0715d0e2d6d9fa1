"""`secrets.json`: values by name, readable by processes of ours only. No page, log or export shows one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from halo_site.datadir.json_file import JsonFile
from halo_site.datadir.paths import data_dir


class SecretMissing(LookupError):
    """A reference names a secret or variable that is not there."""


def set_secret(name: str, value: str) -> None:
    """Store or replace a value. From then on it is used by reference, and no person can read it back."""
    _file(data_dir().secrets).update(lambda content: {**content, name: value})


def delete_secret(name: str) -> None:
    _file(data_dir().secrets).update(lambda content: {key: content[key] for key in content if key != name})


@contextmanager
def changing_secrets(values: Mapping[str, str | None]) -> Iterator[Callable[[], None]]:
    """Store these values, and take away those that are None, in two steps: yields the second.

    What fails until the end takes it back; for callers with a transaction that may yet fail.
    """

    def change(content: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in content.items() if key not in values}
        return rest | {key: value for key, value in values.items() if value is not None}

    with _file(data_dir().secrets).changing(change) as (_changed, put_in_place):
        yield put_in_place


def secret_names() -> list[str]:
    """The names alone, sorted."""
    return sorted(_file(data_dir().secrets).read())


def resolve(reference: str) -> str:
    """The value behind ``env:NAME`` or ``secret:NAME``; `SecretMissing` names what is not there."""
    kind, _, name = reference.partition(":")
    values: dict[str, Any] = {}
    if kind == "env":
        values = dict(os.environ)
    elif kind == "secret":
        values = _file(data_dir().secrets).read()
    else:  # not repeated: somebody may have put the value itself where its name belongs
        raise SecretMissing("A reference is neither env:NAME nor secret:NAME.")
    if name not in values:
        raise SecretMissing(f"{reference} is not set. Use env:NAME or secret:NAME of something that exists.")
    return str(values[name])


def secret_values() -> list[str]:
    """Every stored value, for masking them where they must not stand."""
    return [str(value) for value in _file(data_dir().secrets).read().values()]


@cache
def _file(path: Path) -> JsonFile:
    return JsonFile(path)
