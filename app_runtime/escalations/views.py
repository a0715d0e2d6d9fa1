"""The pages of questions: load with the right role, one verb, respond. Looking at one decides nothing."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from app_runtime import access
from app_runtime.escalations.card import QuestionCard
from app_runtime.escalations.exceptions import AnswerRefused, QuestionRefusal
from app_runtime.escalations.inbox import InboxPage, next_open
from app_runtime.escalations.live import InboxLive
from app_runtime.escalations.questions import Answer, asked
from app_runtime.escalations.rows import question_rows
from app_runtime.models import Entry, Run
from app_runtime.statuses import Status, Via
from halo_site import audit
from halo_site.access import somewhere, standing
from halo_site.fragments import wants_fragment
from halo_site.roles import Role
from halo_site.unsent import shown_by

SEE_OTHER = 303
INBOX = "inbox"
PART = re.compile(r"(?:choice|text)-(\d{1,3})", re.ASCII)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Every question that waits for a person, over all apps; with a filter, those that ended."""
    page = InboxPage(request, timezone.now())
    return render(request, "app_runtime/escalations/inbox.html", {"page": page, "pager": page.pager})


@require_safe
@somewhere(Role.VIEWER)
def inbox_live(request: HttpRequest) -> HttpResponse:
    """What an open inbox asks again; 204 where it shows just that."""
    live = InboxLive(InboxPage(request, timezone.now()))
    if not live.page.is_live or not live.is_news:
        return HttpResponse(status=204)
    context = {"live": live, "page": live.page, "pager": live.page.pager}
    return render(request, "app_runtime/escalations/_poll.html", context)


@require_safe
def question_detail(request: HttpRequest, entry_id: str) -> HttpResponse:
    """The card of one question."""
    return show(request, access.get_question(request, entry_id))


@shown_by("app_runtime:question_detail")
@require_POST
def question_answer(request: HttpRequest, entry_id: str) -> HttpResponse:
    """Answer every question of the entry; 422 for a wrong answer, 409 where it cannot be decided any more."""
    return answered(request, access.get_question(request, entry_id, needs=Role.OPERATOR), Via.WEB)


@shown_by("app_runtime:question_detail")
@require_POST
def question_dismiss(request: HttpRequest, entry_id: str) -> HttpResponse:
    """Close the question without an answer; 409 where it cannot be decided any more."""
    return dismissed(request, access.get_question(request, entry_id, needs=Role.OPERATOR), Via.WEB)


def answered(request: HttpRequest, question: Entry, via: str) -> HttpResponse:
    """Carry out an answer that came by ``via``. What is refused comes back, with all that was written."""
    answers = answers_in(request.POST, len(asked(question)))
    try:
        run = question.answer(answers, **_how(request, via))
    except AnswerRefused as error:
        return show(request, question, 422, problem=str(error), kept=answers, problem_at=error.numbers)
    except QuestionRefusal as error:
        return show(request, question, 409, problem=str(error), kept=answers)
    messages.success(request, _answered_words(question, run))
    return _onwards(request, question)


def dismissed(request: HttpRequest, question: Entry, via: str) -> HttpResponse:
    """Carry out a dismissal that came by ``via``."""
    try:
        question.dismiss(**_how(request, via))
    except QuestionRefusal as error:
        answers = answers_in(request.POST, len(asked(question)))
        return show(request, question, 409, problem=str(error), kept=answers)
    messages.success(request, _("Dismissed. The app is told nothing, and its run goes on no further."))
    return _onwards(request, question)


def show(request: HttpRequest, question: Entry, status: int = 200, **refused: Any) -> HttpResponse:
    """The card as the question stands now; ``refused`` is what an attempt said."""
    now = timezone.now()
    stored = Entry.objects.select_related("app").get(pk=question.pk)
    row = question_rows([stored], standing(request), now)[0]
    kept = tuple(refused.pop("kept", ()))
    page = QuestionCard(stored, now, row.may_answer, row.space, row.run, kept, **refused)
    context = {"page": page, "app": stored.app, "following": next_open(request.user, stored)}
    return render(request, "app_runtime/escalations/question.html", context, status=status)


def answers_in(posted: QueryDict, count: int) -> list[Answer]:
    """What the form of a card says, one answer for each question: ``choice-0``, ``text-0`` and so on.

    Answers beyond the questions are in it too, so that they are refused and not left out in silence.
    """
    sent = [int(part[1]) + 1 for name, value in posted.items() if value and (part := PART.fullmatch(name))]
    return [
        Answer(posted.get(f"choice-{number}") or None, posted.get(f"text-{number}") or None)
        for number in range(max([count, *sent]))
    ]


def _how(request: HttpRequest, via: str) -> dict[str, Any]:
    return {
        "actor": audit.person(request.user),
        "now": timezone.now(),
        "shown_digest": request.POST.get("digest", ""),
        "via": via,
    }


def _answered_words(question: Entry, run: Run | None) -> str:
    """What came of the answer; the question and the run are links."""
    card = reverse("app_runtime:question_detail", args=[question.pk])
    if run is None:
        words = escape(_("{answered} already, in the same way. Its run is not there any more."))
        return format_html(words, answered=_link(card, _("Answered")))
    its_run = _link(reverse("app_runtime:run_detail", args=[run.pk]), _("Run %(id)s") % {"id": run.short_id})
    words = escape(_what_became_of(run))
    return format_html(words, answered=_link(card, _("Answered")), run=its_run, app=run.app.name)


def _what_became_of(run: Run) -> str:
    """Of the run that has the answer, as a sentence with places for the links."""
    if run.is_unfinished:
        return _("{answered}. {run} of {app} goes on.")
    if run.status == Status.CANCELLED:
        return _("{answered} already, in the same way. {run} of {app} was cancelled; its page runs it again.")
    if run.status == Status.ERROR:
        return _("{answered} already, in the same way. {run} of {app} failed; its page runs it again.")
    return _("{answered} already, in the same way. {run} of {app} has ended with it.")


def _link(address: str, words: str) -> SafeString:
    return format_html('<a class="link" href="{}">{}</a>', address, words)


def _onwards(request: HttpRequest, question: Entry) -> HttpResponse:
    """Back to where it was decided: to the inbox, else to the card, which shows what comes of it."""
    from_inbox = request.POST.get("from") == INBOX
    card = reverse("app_runtime:question_detail", args=[question.pk])
    to = reverse("app_runtime:inbox") if from_inbox else card
    response = HttpResponse(status=200 if wants_fragment(request) else SEE_OTHER)
    response["HX-Redirect" if wants_fragment(request) else "Location"] = to
    return response
