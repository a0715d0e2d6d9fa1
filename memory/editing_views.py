"""The editor of memory, and the verbs that change a file. Whatever is refused offers the text back."""

from pathlib import PurePosixPath
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from halo_site.fragments import respond
from halo_site.roles import Role
from halo_site.unsent import shown_by
from memory import editing, names
from memory.access import get_document, get_place, seen_tree, wiki_resolver
from memory.conflict_page import (
    ConflictPage,
    conflict_page,
    has_marks,
    is_undecided,
    sent_marks,
    undecided_page,
)
from memory.editing import Conflict
from memory.editor_page import EditorPage, editor_page, opened
from memory.exceptions import MemoryRefused
from memory.history_page import on_disk_or_none
from memory.pages import document_page
from memory.places import Place
from memory.users import users_now
from memory.views import download, show_document

CONFLICT, REFUSED = 409, 422


@require_safe
def document_edit(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """The editor; what cannot be edited is shown instead, with the reason."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    found = opened(place, name)
    if found is None:
        return show_document(request, document_page(place, name))
    text, base = found
    return _editor(request, place, name, text, base)


@require_safe
def document_new(request: HttpRequest, place_key: str) -> HttpResponse:
    """The editor of a file that is to be made; ``?name=`` is the name that a link to it has."""
    return _editor(
        request,
        get_place(request, place_key, Role.OPERATOR),
        request.GET.get("name", "")[:1000],
        "",
        "",
        is_new=True,
    )


@shown_by("memory:document_edit")
@require_POST
def document_preview(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """The text as it will look. Nothing is written; without a script it is the editor again."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    return _preview(request, place, name, is_new=False)


@shown_by("memory:document_new")
@require_POST
def new_preview(request: HttpRequest, place_key: str) -> HttpResponse:
    """As `document_preview`, of a file that is to be made."""
    return _preview(
        request, get_place(request, place_key, Role.OPERATOR), request.POST.get("name", ""), is_new=True
    )


@shown_by("memory:document_edit")
@require_POST
def document_save(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Save the text; 409 with both texts where the file moved on, 422 with the text where it is refused."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    text, base = request.POST.get("text", ""), request.POST.get("base", "")
    try:
        saved = editing.save(place, name, text, base=base, by=_by(request), now=timezone.now())
    except Conflict as conflict:
        return _conflict(request, conflict_page(place, name, text, base, conflict), CONFLICT)
    except MemoryRefused as error:
        return _editor(request, place, name, text, base, problem=str(error))
    messages.success(request, _("Saved.") if saved.revision else _("Nothing was changed."))
    if has_marks(text):
        messages.warning(
            request,
            _("Marks of a merge stand in the text: look for <<<<<<< and =======, decide, and take them out."),
        )
    return _to("document_edit", place, name)


@shown_by("memory:document_edit")
@require_POST
def document_merge(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Save what was made of two texts, once nothing in it is left to decide."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    text, base = request.POST.get("text", ""), request.POST.get("base", "")
    sentence = ""
    current = on_disk_or_none(place, name)
    if is_undecided(text, sent_marks(request.POST.get("marks", ""))):
        sentence = _("A marked place is left: decide it, and take the lines with the marks out.")
    else:
        try:
            editing.save(place, name, text, base=base, by=_by(request), now=timezone.now())
        except Conflict as conflict:
            page = conflict_page(place, name, text, base, conflict, first=_mine(request))
            return _conflict(request, page, CONFLICT)
        except MemoryRefused as error:
            sentence = str(error)
    if sentence:
        return _undecided(request, place, name, current, sentence)
    messages.success(request, _("Saved, with what both of you wrote as you decided."))
    return _to("document_edit", place, name)


@shown_by("memory:document_edit")
@require_POST
def document_copy(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Keep what a person wrote as another file, beside the one that moved on."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    copy = names.proposed(request.POST.get("name", ""))
    try:
        _make(request, place, copy, _mine(request))
    except MemoryRefused as error:
        return _undecided(request, place, name, on_disk_or_none(place, name), str(error))
    messages.success(request, _("Your text is kept as %(name)s.") % {"name": place.path(copy)})
    return _to("document_edit", place, copy)


@shown_by("memory:document_edit")
@require_POST
def text_download(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Give back the text that a person wrote, as a file of theirs. Nothing is written here.

    With ``which=merged`` what they made of both texts at an earlier conflict.
    """
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    is_merged = request.POST.get("which") == "merged"
    text = request.POST.get("merged", "") if is_merged else _mine(request)
    return download(text.encode(errors="replace"), PurePosixPath(place.path(name)).name)


@shown_by("memory:document_new")
@require_POST
def document_create(request: HttpRequest, place_key: str) -> HttpResponse:
    """Make a new file; 422 with the text where there is one or its name is refused."""
    place = get_place(request, place_key, Role.OPERATOR)
    typed, text = request.POST.get("name", ""), request.POST.get("text", "")
    name = names.proposed(typed)
    try:
        _make(request, place, name, text)
    except MemoryRefused as error:
        return _editor(request, place, typed, text, "", is_new=True, problem=str(error))
    messages.success(request, _("%(name)s was made.") % {"name": place.path(name)})
    return _to("document_edit", place, name)


@shown_by("memory:document_detail")
@require_POST
def document_rename(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Give a file another name; its history goes with it."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    new = names.proposed(request.POST.get("name", ""))
    try:
        saved = editing.rename(place, name, new, by=_by(request), now=timezone.now())
    except MemoryRefused as error:
        return _refused(request, place, name, error)
    messages.success(request, _("It is called %(name)s now.") % {"name": saved.path})
    return _to("document_detail", place, new)


@shown_by("memory:document_detail")
@require_POST
def document_remove(request: HttpRequest, place_key: str, relative: str = "") -> HttpResponse:
    """Delete a file; what it held can be brought back from the deleted files."""
    place, name = get_document(request, place_key, relative, Role.OPERATOR)
    base = request.POST.get("base", "")
    try:
        editing.remove(place, name, base=base, by=_by(request), now=timezone.now())
    except MemoryRefused as error:
        return _refused(request, place, name, error)
    words = _("%(name)s was deleted. It can be brought back here.")
    if base.endswith(" bytes"):
        words = _(
            "%(name)s was moved to the folder trash/ of the data directory. It can be fetched from there."
        )
    messages.success(request, words % {"name": place.path(name)})
    return redirect("memory:deleted_list", place.key)


def _make(request: HttpRequest, place: Place, name: str, text: str) -> None:
    """Create a file that has a name of its own; raise `MemoryRefused`."""
    if not name:
        raise MemoryRefused(_("The file needs a name."))
    editing.create(place, name, text, by=_by(request), now=timezone.now())


def _preview(request: HttpRequest, place: Place, name: str, *, is_new: bool) -> HttpResponse:
    text, base = request.POST.get("text", ""), request.POST.get("base", "")
    resolve = wiki_resolver(request, place)
    page = editor_page(
        place, name, text, base, users=users_now(), is_new=is_new, resolve=resolve, is_asked=True
    )
    context = {
        "page": page,
        "preview": page.preview,
        "tree": seen_tree(request, place, "" if is_new else name),
    }
    return respond(request, page="memory/editor.html", fragment="memory/_preview.html", context=context)


def _editor(
    request: HttpRequest,
    place: Place,
    name: str,
    text: str,
    base: str,
    *,
    is_new: bool = False,
    problem: str = "",
) -> HttpResponse:
    users = users_now()
    resolve = wiki_resolver(request, place)
    page: EditorPage = editor_page(
        place, name, text, base, users=users, is_new=is_new, problem=problem, resolve=resolve
    )
    context: dict[str, Any] = {
        "page": page,
        "preview": page.preview,
        "tree": seen_tree(request, place, "" if is_new else name, users=users),
    }
    return render(request, "memory/editor.html", context, status=REFUSED if problem else 200)


def _conflict(request: HttpRequest, page: ConflictPage, status: int) -> HttpResponse:
    return render(request, "memory/conflict.html", {"page": page}, status=status)


def _undecided(
    request: HttpRequest, place: Place, name: str, current: bytes | None, sentence: str
) -> HttpResponse:
    """The conflict's page again with every text that it sent, and why that was not saved."""
    text, base, merged = (request.POST.get(field, "") for field in ("text", "base", "merged"))
    marks = sent_marks(request.POST.get("marks", ""))
    page = undecided_page(
        place, name, text, base, current, sentence, mine=_mine(request), marks=marks, merged=merged
    )
    return _conflict(request, page, REFUSED)


def _refused(request: HttpRequest, place: Place, name: str, error: MemoryRefused) -> HttpResponse:
    """The document again, with the sentence of what was refused."""
    messages.error(request, str(error))
    status = CONFLICT if isinstance(error, Conflict) else REFUSED
    return show_document(request, document_page(place, name), status)


def _mine(request: HttpRequest) -> str:
    """What the person wrote; of a form without it, the text that is to be saved."""
    return request.POST.get("mine", request.POST.get("text", ""))


def _by(request: HttpRequest) -> str:
    return str(request.user.get_username())


def _to(page: str, place: Place, name: str) -> HttpResponse:
    return redirect(f"memory:{page}", place.key, *([name] if name else []))
