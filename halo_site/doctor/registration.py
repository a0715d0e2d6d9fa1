"""The checks of the platform itself."""

from halo_site.doctor import machine, settings_files, spaces, tree
from halo_site.doctor.findings import register_check


def register() -> None:
    """Called once, when Django is ready; the other packages register theirs after it."""
    register_check("settings", settings_files.look)
    register_check("spaces", spaces.look)
    register_check("files", tree.look)
    register_check("disk", machine.disk)
    register_check("backups", machine.backups, needs_database=True)
