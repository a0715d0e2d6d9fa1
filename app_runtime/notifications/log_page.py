"""The log of all messages: filters in the address, pages by key, each message with what became of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from app_manager.models import App
from app_runtime.chips import Chip, notification_chip
from app_runtime.models import Notification
from app_runtime.notifications.models import NotificationQuerySet
from app_runtime.statuses import NotificationKind, NotificationState
from halo_site.access import standing
from halo_site.datadir.config import site_config
from halo_site.paging import Page, page_of, searched_page_of
from halo_site.roles import Role, Standing, standing_of

PAGE = 30
WINDOW = 50_000  # messages that a filter without an index looks through in one go (DESIGN §8)
MOST_APPS = 1_000
LOOKED_AT = 2_000  # newest messages, for the targets that are offered to members of spaces
LATELY = timedelta(days=1)
COUNT_CAP = 100
# Filters of links from elsewhere, each with an index of its own
BY_LINK = {"run": "run_id", "entry": "entry_id", "within": "carried_by", "message": "pk"}


class LogFilter(forms.Form):
    """Narrows the log; what is none of its choices finds nothing, and says so."""

    state = forms.ChoiceField(required=False)
    app = forms.ChoiceField(required=False)
    target = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(required=False)

    def __init__(self, query: QueryDict, user: Any) -> None:
        super().__init__(query, auto_id="filter-%s")
        apps = App.objects.visible_to(user).order_by("spec_id", "pk")[:MOST_APPS]
        self._offer("state", _("State"), list(NotificationState.choices))
        self._offer("app", _("App"), [(app.pk, app.name) for app in apps])
        self._offer("target", _("Target"), known_targets(user))
        self._offer("kind", _("Kind"), list(NotificationKind.choices))

    def _offer(self, name: str, label: str, choices: list[tuple[Any, Any]]) -> None:
        chosen = cast("forms.ChoiceField", self.fields[name])
        chosen.label, chosen.choices = label, [("", _("Any")), *choices]

    @property
    def conditions(self) -> dict[str, str]:
        """As a queryset takes them; call `is_valid` first."""
        names = {"state": "state", "app": "app_id", "target": "target_id", "kind": "kind"}
        given = self.cleaned_data
        return {column: given[name] for name, column in names.items() if given.get(name)}


def known_targets(user: Any) -> list[tuple[str, str]]:
    """Ids and names: all that are set up, or for members of spaces those that messages of these went to."""
    if standing_of(user).sees_everything:
        return [(target.id, target.name) for target in site_config().notifications.targets]
    newest = Notification.objects.order_by("-created_at", "-id").values("pk")[:LOOKED_AT]
    theirs = Notification.objects.visible_to(user).filter(pk__in=newest).in_order()
    names = dict(theirs.values_list("target_id", "target_name"))  # the newest name counts
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


@dataclass(frozen=True)
class LoggedNotification:
    """One message, how far it is, and whether whoever looks may have it sent again."""

    row: Notification
    now: datetime
    standing: Standing
    carries: bool = False  # whether other messages went out in it

    @property
    def chip(self) -> Chip:
        return notification_chip(self.row)

    @property
    def is_overdue(self) -> bool:
        """Whether its next try waits for a worker only."""
        return self.row.next_try_at is not None and self.row.next_try_at <= self.now

    @property
    def can_be_sent_again(self) -> bool:
        space_id = self.row.app.space_id if self.row.app else None
        return self.row.may_be_sent_again and self.standing.may(Role.OPERATOR, space_id)


@dataclass(frozen=True)
class LogPage:
    """The messages that whoever looks may see."""

    request: HttpRequest = field(repr=False)
    now: datetime

    @cached_property
    def form(self) -> LogFilter:
        return LogFilter(self.request.GET, self.request.user)

    @cached_property
    def visible(self) -> NotificationQuerySet:
        return Notification.objects.visible_to(self.request.user).select_related("app")

    @cached_property
    def by_link(self) -> dict[str, str]:
        given = {column: self.request.GET.get(name, "") for name, column in BY_LINK.items()}
        return {column: value for column, value in given.items() if value and "\0" not in value}

    @cached_property
    def is_filtered(self) -> bool:
        return not self.form.is_valid() or bool(self.form.conditions or self.by_link)

    @cached_property
    def pager(self) -> Page[Notification]:
        if not self.form.is_valid():
            return page_of(self.request, self.visible.none(), moment="created_at", size=PAGE)
        if self.by_link:
            among = self.visible.filter(**self.by_link)
            rows = among.filter(**self.form.conditions)
            return page_of(self.request, rows, moment="created_at", size=PAGE)
        rows = self.visible.filter(**self.form.conditions)
        return searched_page_of(
            self.request, self.visible, rows, moment="created_at", size=PAGE, window=WINDOW
        )

    @property
    def rows(self) -> list[LoggedNotification]:
        own, shown = standing(self.request), self.pager.rows
        carried = Notification.objects.exclude(carried_by="").filter(carried_by__in=[row.pk for row in shown])
        carriers = set(carried.values_list("carried_by", flat=True))
        return [LoggedNotification(row, self.now, own, row.pk in carriers) for row in shown]


def undelivered(user: Any, now: datetime) -> int:
    """How many messages of the last day did not arrive and are not tried again, up to `COUNT_CAP`.

    A test is none: whoever sent it was told at once.
    """
    failed = Notification.objects.visible_to(user).filter(state=NotificationState.FAILED)
    lost = failed.exclude(kind=NotificationKind.TEST)
    return lost.filter(created_at__gte=now - LATELY)[:COUNT_CAP].count()
