"""Who signed in and out, and what was tried in vain, as lines of the audit log."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils import timezone

from halo_site import audit

KIND = "session"
NOBODY = "unknown"  # what was typed may be a password in the wrong field, so it is not kept


def register() -> None:
    """Called once, when Django is ready."""
    user_logged_out.connect(_signed_out, dispatch_uid="audit sign-out")


def record_sign_in(request: HttpRequest, user: Any) -> None:
    """Somebody gave the right password."""
    _record(audit.person(user), "sign_in", request)


def record_failure(request: HttpRequest | None, name: str) -> None:
    """A wrong password, or a name of nobody. The brake on guessing bounds how many lines this makes."""
    known = User.objects.filter(username=name).first() if "\0" not in name else None
    _record(audit.person(known) if known else audit.system(NOBODY), "sign_in_failed", request)


def _signed_out(sender: Any, request: HttpRequest, user: Any, **_more: Any) -> None:
    if user is not None:
        _record(audit.person(user), "sign_out", request)


def _record(actor: audit.Actor, verb: str, request: HttpRequest | None) -> None:
    """Nobody is kept outside because a line cannot be written: a full disk is mended by who can sign in."""
    address = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    facts: dict[str, Any] = {"after": {"address": address}} if address else {}
    now = timezone.now()
    try:
        with transaction.atomic():
            audit.record(actor, verb, object_type=KIND, object_id="", now=now, **facts)
    except DatabaseError:
        audit.logger.exception("A sign-in is missing in the audit log: %s %s", actor, verb)
