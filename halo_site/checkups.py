"""What the doctor looks at on the platform itself; first of all, since it explains what the others find."""

from halo_site.doctor import audit_log, machine, settings_files, spaces, tree
from halo_site.doctor.findings import register_check

register_check("settings", settings_files.look)
register_check("spaces", spaces.look)
register_check("files", tree.look)
register_check("disk", machine.disk)
register_check("backups", machine.backups, needs_database=True)
register_check("audit log", audit_log.look, needs_database=True)
