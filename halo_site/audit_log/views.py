"""The pages of the audit log: for administrators, to read and to take along."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from halo_site.access import require
from halo_site.audit_log.page import COLUMNS, AuditPage, exported
from halo_site.export import TYPES, csv_lines, plain, stream
from halo_site.roles import Role


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    """Who did what, when, before and after."""
    require(request, Role.ADMINISTRATOR)
    page = AuditPage(request, timezone.now())
    context = {"page": page, "pager": page.pager}
    return render(request, "halo_site/audit/list.html", context, status=200 if page.is_right else 422)


@require_safe
def audit_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All matching lines, however many, as CSV or as JSON lines."""
    require(request, Role.ADMINISTRATOR)
    if kind not in TYPES:
        raise Http404(_("There is no such format."))
    page = AuditPage(request, timezone.now())
    if not page.is_right:
        return render(request, "halo_site/audit/list.html", {"page": page, "pager": page.pager}, status=422)
    rows = exported(page)
    lines = csv_lines(rows, COLUMNS) if kind == "csv" else _json_lines(rows)
    return stream(lines, kind, "audit-log")


def _json_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for values in rows:
        facts = {name: plain(value) for name, value in zip(COLUMNS, values, strict=True)}
        yield json.dumps(facts, ensure_ascii=False, default=str) + "\n"
