"""A change of settings and its line in the audit log: both, or neither."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from django.db import transaction

from halo_site.datadir.config import changing_config
from halo_site.datadir.secrets import changing_secrets

Section = dict[str, Any]
Note = Callable[[], object]


def change_settings(
    section: str,
    change: Callable[[Section], Section],
    note: Note,
    *,
    secrets: Mapping[str, str | None] | None = None,
) -> None:
    """Change a section of config.json, and values of secrets.json, with what ``note`` writes down.

    The lines are written first, and the files put in place before they are committed: whatever fails, all is
    as it was. Raises as ``change`` does, and `ConfigDamaged`.
    """
    with ExitStack() as stack:
        put_in_place = stack.enter_context(changing_config(section, change))
        keep = stack.enter_context(changing_secrets(secrets)) if secrets else None
        stack.enter_context(transaction.atomic())
        if keep is not None:
            keep()  # before the lines: known secrets are masked in them
        note()
        put_in_place()


def change_secrets(values: Mapping[str, str | None], note: Note) -> None:
    """The same for values of secrets.json alone; None takes one away."""
    with changing_secrets(values) as keep, transaction.atomic():
        note()
        keep()
