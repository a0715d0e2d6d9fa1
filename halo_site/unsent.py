"""Forms that were not taken, since their session ended or another one began: what was typed is given back."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

# Fields with a text that somebody took time to write. No others are shown again: keys and passwords never.
# A card has text-0, text-1… for its questions; the last ones here are forms of Django's administration
TEXT_FIELD = re.compile(
    r"text(-\d{1,3})?|mine|merged|spec_text|configuration|granted_and_denied|overrides|rule"
)
CONFIG_FIELD = re.compile(r"config-.+")  # an app's configuration: a text has several words, a key has one
NAME_FIELD = re.compile(r"name")  # given back beside a text only: alone it is typed again in no time

View = Callable[..., HttpResponseBase]


def shown_by(page: str) -> Callable[[View], View]:
    """Say which page has the form that a view takes: a name for `reverse`, with the view's own arguments."""

    def named(view: View) -> View:
        view.form_page = page  # type: ignore[attr-defined]
        return view

    return named


def page_of(request: HttpRequest) -> str:
    """The address of the page to which whoever sent this form goes back; empty where none is known."""
    match = request.resolver_match
    page = getattr(match.func, "form_page", "") if match else ""
    if match and page:
        return reverse(page, kwargs=match.kwargs)
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return ""
    return urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl()


def texts_of(request: HttpRequest) -> list[str]:
    """The different texts that the form had, none if another site made it or it cannot be read."""
    return _sent(request, _is_text) if is_from_here(request) else []


def is_from_here(request: HttpRequest) -> bool:
    """Whether a form was sent, and not by a page of another site, as far as the browser says."""
    origin = request.headers.get("Origin")
    return request.method == "POST" and (not origin or urlsplit(origin).netloc == request.get_host())


def names_of(request: HttpRequest) -> list[str]:
    """The names that were typed for those texts; none where `texts_of` has none."""
    return _sent(request, _is_name) if texts_of(request) else []


def given_back(request: HttpRequest) -> dict[str, list[str]]:
    """What a page about a form that was not taken shows again; nothing to a script, which keeps its text."""
    if "HX-Request" in request.headers:
        return {"texts": [], "names": []}
    return {"texts": texts_of(request), "names": names_of(request)}


def _is_text(field: str, value: str) -> bool:
    is_of_many = CONFIG_FIELD.fullmatch(field) and len(value.split()) > 1
    return bool(TEXT_FIELD.fullmatch(field) or is_of_many)


def _is_name(field: str, _value: str) -> bool:
    return bool(NAME_FIELD.fullmatch(field))


def _sent(request: HttpRequest, is_meant: Callable[[str, str], bool]) -> list[str]:
    try:
        sent = [str(value) for field, value in request.POST.items() if is_meant(field, str(value))]
    except (UnreadablePostError, MultiPartParserError, SuspiciousOperation):
        return []
    return list(dict.fromkeys(text for text in sent if text.strip()))


class SignInRequired(LoginRequiredMiddleware):
    """Django's middleware; a form that comes without a session is not thrown away for the sign-in page.

    A text that it had is given back on a page. After the sign-in the browser opens the page of the form, not
    the address of the form, which has nothing to show.
    """

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: tuple[Any, ...], view_kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is None or request.method in {"GET", "HEAD"}:
            return refused
        page = page_of(request) or "/"
        context = {**given_back(request), "page": page}
        if context["texts"]:
            return render(request, "403_signed_out.html", context, status=403)
        return redirect_to_login(page, self.get_login_url(view_func))
