"""Fills the tables that `make_history` leaves alone: audit lines and revisions, one for each run; old specs.

`python3 -m tests.benchmarks.planting ROWS`, in the installation that the environment names.
"""

import hashlib
import json
import os
import sys
import zlib

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "halo_site.settings")
BATCH_ROWS = 50_000
SPACING_MS = 30_000
AUDIT = ("ts", "actor", "verb", "object_type", "object_id", "summary", "before_json", "after_json")
REVISION = (
    *("place", "path", "created_at", "author_kind", "author_id", "run_id", "operation", "sha256"),
    *("parent_sha256", "size", "content"),
)
VERBS = (("pause", "paused"), ("resume", "active"), ("configure", "active"))


def plant(rows: int) -> None:
    """Add that many rows to each table, over the apps in turn, the newest last."""
    from app_manager.models import App, SpecVersion
    from app_runtime.history import bulk
    from halo_site.store.fields import to_ms

    apps = list(App.objects.order_by("spec_id"))
    begin_ms = to_ms(min(app.installed_at for app in apps))
    audit = bulk.Table("halo_audit_log", AUDIT)
    revisions = bulk.Table("memory_revisions", REVISION)
    with bulk.many_writes():
        for number in range(rows):
            app_id, moment = apps[number % len(apps)].pk, begin_ms + number * SPACING_MS
            audit.rows.append(_audit_row(number, app_id, moment))
            revisions.rows.append(_revision_row(number, app_id, moment))
            if len(audit.rows) == BATCH_ROWS:
                bulk.write_all((audit, revisions))
        bulk.write_all((audit, revisions))
    before = [
        SpecVersion(app=app, number=1, version="0.9", spec_text=app.spec_text, replaced_at=app.installed_at)
        for app in apps
    ]
    SpecVersion.objects.bulk_create(before)
    for number in range(max(0, rows - len(apps)), rows):  # the newest of each app lies on disk
        (apps[number % len(apps)].folder / "memory.md").write_bytes(memory_text(number))


def memory_text(number: int) -> bytes:
    return f"# now\n\n## State\nNothing waits; look {number}.\n\n# History\n".encode()


def _audit_row(number: int, app_id: str, moment: int) -> tuple[object, ...]:
    verb, status = VERBS[number % 3]
    after = json.dumps({"status": status})
    return moment, "person:operator", verb, "app", app_id, "", None, after


def _revision_row(number: int, app_id: str, moment: int) -> tuple[object, ...]:
    text = memory_text(number)
    before = hashlib.sha256(str(number).encode()).hexdigest()
    digest = hashlib.sha256(text).hexdigest()
    facts = (f"app:{app_id}", "memory.md", moment, "app", app_id, None, "replace")
    return *facts, digest, before, len(text), zlib.compress(text)


def main() -> None:
    django.setup()
    plant(int(sys.argv[1]))


if __name__ == "__main__":
    main()
