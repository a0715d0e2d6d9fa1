"""The newest lines about many things at once, for pages that say who did something last and when."""

from collections.abc import Collection, Iterable

from halo_site.models import AuditEntry

Subject = tuple[str, str]  # type and id of what a line is about

_NEWEST = """SELECT * FROM (
    SELECT * FROM halo_audit_log WHERE object_type = %s AND object_id = %s AND verb IN ({verbs})
    ORDER BY ts DESC, id DESC LIMIT 1) AS newest"""


def newest_lines(subjects: Iterable[Subject], verbs: Collection[str]) -> dict[Subject, AuditEntry]:
    """Each thing's newest line with one of the verbs, where there is one; one query for all of them.

    Give it the things of one page: each is a part of the statement.
    """
    wanted = sorted(set(subjects))
    if not wanted:
        return {}
    part = _NEWEST.format(verbs=", ".join(["%s"] * len(verbs)))
    values = [value for subject in wanted for value in (*subject, *verbs)]
    lines = AuditEntry.objects.raw(" UNION ALL ".join([part] * len(wanted)), values)
    return {(line.object_type, line.object_id): line for line in lines}
