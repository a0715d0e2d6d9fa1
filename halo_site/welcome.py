"""The one-time link that creates the first administrator: there is no default account (DESIGN §9)."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.core import signing
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from halo_site import audit
from halo_site.roles import administrators
from halo_site.store.fields import from_ms, to_ms
from halo_site.store.recorder import NamespaceVersion

SALT = "halo_site.welcome"
LIFETIME = timedelta(hours=1)


def link(base_url: str, now: datetime) -> str:
    """An address below ``base_url`` that creates one administrator within an hour after ``now``.

    It works while there is no active administrator, and never after any account was made since.
    """
    facts = {"until": to_ms(now + LIFETIME), "newest": newest_account()}
    return base_url.rstrip("/") + reverse("welcome", args=[signing.dumps(facts, salt=SALT)])


def is_needed() -> bool:
    """Whether there is no active administrator."""
    return not administrators().exists()


def newest_account() -> int:
    """The highest account number, 0 where there is none."""
    newest = get_user_model()._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return int(newest or 0)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind the link; a POST creates the administrator and signs them in."""
    try:
        facts = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return closed(request, 404)
    now = timezone.now()
    if not is_open(facts, now):
        return closed(request, 410)
    form: UserCreationForm[Any] = UserCreationForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "halo_site/welcome.html", {"form": form})
    with transaction.atomic():
        take_turn()
        if not is_open(facts, now):  # of two at once, the other one was first
            return closed(request, 410)
        if not form.is_valid():
            return render(request, "halo_site/welcome.html", {"form": form}, status=422)
        user = create_administrator(form, now)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("/")


def is_open(facts: dict[str, int], now: datetime) -> bool:
    """Whether the link with these signed facts still works."""
    return now < from_ms(facts["until"]) and is_needed() and facts["newest"] == newest_account()


def take_turn() -> None:
    """Make others wait until this transaction ends. On SQLite its BEGIN IMMEDIATE has done so already."""
    if connection.features.has_select_for_update:
        list(NamespaceVersion.objects.using("default").select_for_update().filter(namespace="halo_site"))


def create_administrator(form: Any, now: datetime) -> Any:
    user = form.save(commit=False)
    user.is_staff = user.is_superuser = True
    user.save()
    summary = "first administrator, by the one-time link"
    audit.record(
        audit.person(user), "create", object_type="user", object_id=str(user.pk), now=now, summary=summary
    )
    return user


def closed(request: HttpRequest, status: int) -> HttpResponse:
    """The page for a link that does not work: 404 when it was never one of ours, else 410."""
    return render(request, "halo_site/welcome_closed.html", {"is_used": not is_needed()}, status=status)
