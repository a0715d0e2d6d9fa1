"""What the doctor looks at here: apps without a place, a folder or a row that can be read."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app_manager.jobs import KIND, job_id, scheduled
from app_manager.models import App
from app_manager.states import Status
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces
from halo_site.doctor.findings import Finding, Result, counted, register_check, shell
from scheduler.checkups import page_of
from scheduler.models import Job

ADVICE = "Bring the space back with its entry in the index: python3 manage.py restore BACKUP --replace"


def apps(now: datetime) -> Iterator[Result]:
    """Each app with its row, its space and its folder."""
    spaces = {space.id for space in all_spaces()}
    count = 0
    for app in App.objects.order_by("pk").iterator():
        count += 1
        yield from _app(app, spaces)
    yield counted(count, "app")


def _app(app: App, spaces: set[str]) -> Iterator[Finding]:
    subject = subject_of(app)
    if app.problem:
        yield Finding(subject, app.problem, f"Give it a spec that can be read: /apps/{app.pk}/spec/update/")
    if app.status not in Status.values:
        words = f"its status “{app.status}” is none that there is"
        yield Finding(subject, words, f"Set it to paused at /admin/app_manager/app/{app.pk}/change/")
    if app.space_id in spaces:
        yield from _folder(app, subject)
    elif app.status != Status.UNINSTALLED:
        words = f"its space {app.space_id} is not in spaces-index.json"
        yield Finding(subject, words, ADVICE)


def _folder(app: App, subject: str) -> Iterator[Finding]:
    try:
        folder = app.folder
    except LookupError as error:
        code = f"App.objects.filter(pk='{app.pk}').update(data_path=None)"
        advice = f'python3 manage.py shell -c "from app_manager.models import App; {code}"'
        yield Finding(subject, f"its stored path is not used: {error}", advice)
        return
    if app.status == Status.UNINSTALLED or (folder / "memory").is_dir():
        return
    what = "the folder of its memory" if folder.is_dir() else "its folder, and so the folder of its memory,"
    anew = shell("mkdir", "-m", "700", "-p", folder / "memory")
    advice = f"Restore a backup, or begin with an empty one: {anew}"
    yield Finding(subject, f"{what} is missing: {folder / 'memory'}", advice)


def folders(now: datetime) -> Iterator[Finding]:
    """Folders in the spaces' ``apps/`` that belong to no app."""
    used, ids = _used_folders()
    for space in all_spaces():
        place = space.path / "apps"
        for folder in sorted(place.iterdir()) if place.is_dir() else ():
            if folder.is_dir() and not folder.is_symlink() and folder not in used and folder.name not in ids:
                advice = f"If nobody misses it: {shell('mv', folder, data_dir().trash)}"
                yield Finding(str(folder), "it belongs to no app", advice)


def _used_folders() -> tuple[set[Path], set[str]]:
    """The folders of all apps, and the ids of those of which nobody can tell where theirs is."""
    used, ids = set(), set()
    for app in App.objects.only("pk", "spec_id", "spec", "space_id", "data_path").iterator():
        try:
            used.add(app.folder)
        except LookupError:
            ids.add(app.pk)
    return used, ids


def jobs(now: datetime) -> Iterator[Finding]:
    """Apps and the clock's jobs against each other."""
    apps = {app.pk: app for app in App.objects.iterator()}
    found = {job.pk: job for job in Job.objects.filter(kind=KIND).iterator()}
    for job in found.values():
        yield from _job(job, apps)
    for app in apps.values():
        if app.status == Status.UNINSTALLED:
            continue
        for key in scheduled(app):
            if job_id(app, key) not in found:
                words = f"the schedule of “{key}” has no job, so it never comes due"
                advice = (
                    f"python3 manage.py uninstall_app {app.pk} && python3 manage.py reinstall_app {app.pk}"
                )
                yield Finding(subject_of(app), words, advice)


def _job(job: Job, apps: dict[str, App]) -> Iterator[Finding]:
    subject = f"job {job.name} ({job.pk})"
    app = apps.get((job.metadata if isinstance(job.metadata, dict) else {}).get("appId", ""))
    if app is None:
        words = "its app is not there any more; its due times are skipped"
        yield Finding(subject, words, f"Switch it off: {page_of(job)}")
    elif app.status == Status.UNINSTALLED and job.enabled:
        words = "it is on, and its app is uninstalled; its due times are skipped"
        yield Finding(subject, words, f"Switch it off: {page_of(job)}")


def subject_of(app: App) -> str:
    """How the doctor names an app."""
    return f"app {app.name} ({app.pk})"


register_check("apps", apps, needs_database=True)
register_check("folders of apps", folders, needs_database=True)
register_check("schedules", jobs, needs_database=True)
