"""What a run changed in memory: each file before its first change and after its last one."""

from dataclasses import dataclass

from app_runtime.models import Run
from halo_site.diff import Diff, diff_of
from memory.models import Revision

MOST_FILES = 20


@dataclass(frozen=True)
class MemoryChange:
    """One file that a run wrote. ``diff`` is None where its state before is not known."""

    name: str
    diff: Diff | None
    was_made: bool


def memory_changes(run: Run) -> list[MemoryChange]:
    """The files that the run wrote, by name; its own record is left out, since nothing was there before."""
    written = Revision.objects.filter(run_id=run.run_id).exclude(operation="record").order_by("id")
    by_file: dict[tuple[str, str], list[Revision]] = {}
    for revision in written.without_content():
        by_file.setdefault((revision.place, revision.path), []).append(revision)
    return [_change(revisions) for _file, revisions in sorted(by_file.items())[:MOST_FILES]]


def _change(revisions: list[Revision]) -> MemoryChange:
    first, last = revisions[0], revisions[-1]
    after = Revision.objects.get(pk=last.pk)
    if not first.parent_sha256:
        return MemoryChange(first.path, diff_of("", _text(after)), was_made=True)
    earlier = Revision.objects.for_document(first.place, first.path).filter(id__lt=first.pk)
    before = earlier.filter(sha256=first.parent_sha256).order_by("-id").first()
    diff = diff_of(_text(before), _text(after)) if before else None
    return MemoryChange(first.path, diff, was_made=False)


def _text(revision: Revision) -> str:
    return revision.data().decode("utf-8", "replace")
