"""What an installation holds, to compare: its files with their bytes, and its rows."""

from typing import Any

from django.apps import apps

from halo_site.datadir.paths import data_dir
from halo_site.store.namespaces import NAMESPACES
from tests.factories import tree

State = tuple[dict[str, bytes | None], dict[str, list[Any]]]


def state() -> State:
    """All files and all rows of the project's own tables."""
    return tree(data_dir().root), rows()


def is_intact(before: State, after: State) -> bool:
    """Whether nothing was lost, changed or added; an empty folder or file is nothing."""
    (files, old_rows), (files_now, rows_now) = before, after
    lost = files.keys() - files_now.keys()
    changed = [name for name, content in files.items() if files_now.get(name) != content]
    added = [name for name in files_now.keys() - files.keys() if files_now[name]]
    return not (lost or changed or added) and rows_now == old_rows


def rows() -> dict[str, list[Any]]:
    """Table → its rows, in the order of their keys."""
    models = [model for label in NAMESPACES for model in apps.get_app_config(label).get_models()]
    return {
        model._meta.db_table: [str(row) for row in model._default_manager.order_by("pk").values_list()]
        for model in models
    }
