"""What became of a document: history, one revision, who wrote which line, deleted files, bringing back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from halo_site.datadir.files import FileTooLarge, PathRefused
from halo_site.roles import Role
from halo_site.unsent import shown_by
from memory import editing
from memory.access import get_document, get_place, seen_tree
from memory.blame import Blame, blame
from memory.deleted import DeletedFiles, deleted_files
from memory.editing import Conflict
from memory.exceptions import MemoryRefused
from memory.history import previous, revision_of
from memory.history_page import RevisionPage, history_list, on_disk_or_none, passages, revision_page
from memory.models import Revision
from memory.places import Place
from memory.users import kept_runs
from memory.views import known_or_404, show_document


@require_safe
def document_history(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """The revisions of a document, newest first."""
    place, name = get_document(request, place_key, relative)
    before = request.GET.get("before", "")
    begins_at = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = history_list(place, name, begins_at)
    if not found.rows and begins_at is None and on_disk_or_none(place, name) is None:
        return show_document(request, known_or_404(place, name), 404)
    pager = {
        "prev_url": request.path if begins_at is not None else "",
        "next_url": f"{request.path}?before={found.older}" if found.older else "",
    }
    context = {"place": place, "name": name, "title": place.path(name), "found": found, "pager": pager}
    context["kept_runs"] = kept_runs(row.revision for row in found.rows)
    return render(request, "memory/history.html", context)


@require_safe
def revision_detail(request: HttpRequest, place_key: str, number: int, relative: str = "") -> HttpResponse:
    """One revision, compared with the one before it or, with ``?with=now``, with what is there now."""
    place, name = get_document(request, place_key, relative)
    revision = _revision(place, name, number)
    page = revision_page(place, name, revision, is_with_now=request.GET.get("with") == "now")
    return _revision_page(request, page)


@require_safe
def document_blame(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Each line of a document with who wrote it."""
    place, name = get_document(request, place_key, relative)
    try:
        found = blame(place, name)
    except (PathRefused, FileTooLarge, OSError):
        found = Blame(())  # the page of the document says what is in the way
    context = {"place": place, "name": name, "title": place.path(name), "blame": found}
    shown = passages(found)
    if not shown:
        context["document"] = known_or_404(place, name)
    context["kept_runs"] = kept_runs(part.revision for part in shown)
    context |= {"passages": shown, "unshown": len(found.lines) - sum(len(part.lines) for part in shown)}
    return render(request, "memory/blame.html", context)


@require_safe
def deleted_list(request: HttpRequest, place_key: str) -> HttpResponse:
    """What was deleted from a place, to be brought back; or why that cannot be told."""
    place = get_place(request, place_key)
    tree, found = seen_tree(request, place), DeletedFiles([], True)
    problem = tree.files.problem
    if not problem:
        try:
            found = deleted_files(place)
        except (PathRefused, OSError) as error:
            problem = str(error)
    context = {"place": place, "found": found, "tree": tree, "problem": problem}
    context["kept_runs"] = kept_runs(file.revision for file in found.files)
    return render(request, "memory/deleted.html", context)


@shown_by("memory:document_detail")
@require_POST
def document_restore(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Make a document what it was at a revision (at the one before it, where that says it was removed)."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    number = request.POST.get("revision", "")
    revision = _revision(place, name, int(number) if number.isascii() and number.isdigit() else 0)
    wanted = (previous(revision) if revision.is_removal else revision) or revision
    base = request.POST.get("base", "")
    by, now = request.user.get_username(), timezone.now()
    try:
        editing.restore(place, name, wanted, base=base, by=by, now=now)
    except MemoryRefused as error:
        messages.error(request, str(error))
        page = revision_page(place, name, wanted, is_with_now=True)
        status = 409 if isinstance(error, Conflict) else 422
        return _revision_page(request, page, status)
    messages.success(request, _("Restored. What was there before is kept in the history too."))
    return redirect("memory:document_detail", place.key, *([name] if name else []))


def _revision_page(request: HttpRequest, page: RevisionPage, status: int = 200) -> HttpResponse:
    context = {"page": page, "kept_runs": kept_runs([page.revision])}
    return render(request, "memory/revision.html", context, status=status)


def _revision(place: Place, name: str, number: int) -> Revision:
    found = revision_of(place, name, number)
    if found is None:
        raise Http404(_("This file has no such version."))
    return found
