"""The sign-in page, and the brake on guessing passwords (abuse case S6)."""

import hashlib
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from halo_site import sign_in_audit

WINDOW = timedelta(minutes=5)
PER_NAME_AND_ADDRESS = 10  # failed attempts within the window
PER_ADDRESS = 100


class Attempts:
    """Counts failed attempts of one kind within `WINDOW`, which the first of them begins.

    The counters live in the local-memory cache: there is one web process, and a restart forgives. Each
    attempt is counted before its password is looked at, so that many at the same moment cannot slip through.
    """

    def __init__(self, limit: int, *what: str) -> None:
        name = hashlib.sha256("\0".join(what).encode()).hexdigest()
        self.limit = limit
        self._count, self._until = f"attempts:{name}", f"attempts-until:{name}"

    def begin(self, now: datetime) -> datetime | None:
        """Count one attempt. Returns when the next may be made, or None when this one may."""
        seconds = WINDOW.total_seconds()
        cache.add(self._until, now + WINDOW, seconds)
        cache.add(self._count, 0, seconds)
        try:
            count = cache.incr(self._count)
        except ValueError:  # the window ended between these lines
            return None
        return cache.get(self._until, now + WINDOW) if count > self.limit else None

    def forgive(self) -> None:
        """Take back the last attempt: it succeeded."""
        try:
            cache.decr(self._count)
        except ValueError:
            return

    def forget(self) -> None:
        """Begin anew: this person knows the password."""
        cache.delete_many([self._count, self._until])


class SignInForm(AuthenticationForm):
    """Django's form; it looks at no password while too many attempts have failed."""

    retry_at: datetime | None = None

    def clean(self) -> dict[str, Any]:
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        name = unicodedata.normalize("NFKC", str(self.cleaned_data.get("username", ""))).casefold()
        everybody = Attempts(PER_ADDRESS, address)
        somebody = Attempts(PER_NAME_AND_ADDRESS, address, name)
        now = timezone.now()
        self.retry_at = everybody.begin(now) or somebody.begin(now)
        if self.retry_at:
            raise ValidationError(too_many(self.retry_at), code="too_many_attempts")
        try:
            cleaned = super().clean()
        except ValidationError:
            sign_in_audit.record_failure(self.request, str(self.cleaned_data.get("username", "")))
            raise
        everybody.forgive()
        somebody.forget()
        return cleaned


class SignInView(LoginView):
    """Django's view: a new session at sign-in, only local addresses in ``next``, one message for failures."""

    form_class = SignInForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        sign_in_audit.record_sign_in(self.request, form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = self.render_to_response(self.get_context_data(form=form), status=422)
        if isinstance(form, SignInForm) and form.retry_at:
            response.status_code = 429
            response["Retry-After"] = str(max(1, int((form.retry_at - timezone.now()).total_seconds()) + 1))
        return response


@login_not_required
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead the admin's own sign-in page, which counts no failed attempts, to ours."""
    query = urlencode({"next": request.GET.get("next") or reverse("admin:index")})
    return redirect(f"{reverse('login')}?{query}")


def too_many(retry_at: datetime) -> str:
    """The sentence for somebody who must wait."""
    moment = date_format(timezone.localtime(retry_at), "H:i:s")
    zone = timezone.get_current_timezone_name()
    return _("Too many failed attempts. Try again after %(time)s (%(zone)s).") % {
        "time": moment,
        "zone": zone,
    }
