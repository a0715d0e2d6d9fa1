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
from memory.conflict_page import ConflictPage, conflict_page, has_marks, is_undecided, undecided_page
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
            _("Marks of a merge stand in the text: look for     page = editor_page(
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
