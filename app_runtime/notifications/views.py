"""The link of a message: it leads to a question, and decides nothing."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from app_runtime.models import Entry
from app_runtime.notifications import words
from app_runtime.notifications.answered import ending_of, expired
from app_runtime.notifications.links import LinkExpired, LinkMisused, LinkRefused, read


@dataclass(frozen=True)
class LinkPage:
    """Why a link does not lead to an open question, and where to go instead."""

    title: str
    text: str
    address: str = ""
    is_hidden: bool = False  # whether another account might see it


@never_cache
@require_safe
def escalation_link(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the question that the link names; a page says what to do where that cannot be."""
    is_over = False
    try:
        entry_id = read(token, timezone.now()).entry_id
    except LinkExpired as error:
        entry_id, is_over = error.entry_id, True
    except LinkRefused as error:
        page = _of_another_purpose() if isinstance(error, LinkMisused) else _wrong()
        return _refused(request, page, 400)
    found = Entry.objects.visible_to(request.user).questions().select_related("app").filter(pk=entry_id)
    entry = found.first()
    if entry is None:
        return _refused(request, _gone(), 404)
    if not entry.is_open_question:
        return _refused(request, _closed(entry), 410)
    if is_over:
        too_late = entry.deadline is not None and entry.deadline <= timezone.now()
        return _refused(request, _too_late(entry) if too_late else _over(entry), 410)
    return redirect(words.question_address(entry))


def _refused(request: HttpRequest, page: LinkPage, status: int) -> HttpResponse:
    return render(request, "app_runtime/link_refused.html", {"page": page}, status=status)


def _wrong() -> LinkPage:
    text = _(
        "It was cut off or changed on its way, so nobody can tell which question it means. Nothing was "
        "decided. Copy the whole link from the message, or look for the question on this site."
    )
    return LinkPage(_("This link is damaged"), text)


def _of_another_purpose() -> LinkPage:
    text = _("It was made by this site for something else than a question. Nothing was decided.")
    return LinkPage(_("This link does not lead to a question"), text)


def _gone() -> LinkPage:
    text = _(
        "It was removed, or it belongs to a space that your account cannot see. Nothing was decided. If you "
        "should see it, sign in with another account or ask an administrator."
    )
    return LinkPage(_("The question of this link is not there"), text, is_hidden=True)


def _over(entry: Entry) -> LinkPage:
    text = _(
        "Links are valid until the question's deadline, or for seven days. Nothing was decided: the question "
        "is still open, and you can answer it on its page."
    )
    return LinkPage(_("This link has expired"), text, words.question_address(entry))


def _too_late(entry: Entry) -> LinkPage:
    """Of a question that the clock has not closed yet; it takes no answer any more."""
    ending = expired(entry)
    return LinkPage(ending.title, ending.text, words.question_address(entry))


def _closed(entry: Entry) -> LinkPage:
    ending = ending_of(entry)
    return LinkPage(ending.title, ending.text, words.question_address(entry))
