"""Questions as the tests of this room ask them, and people who answer."""

import re
from datetime import datetime
from typing import Any

from django.test import Client

from app_manager.models import App
from app_runtime.escalations.questions import Answer, digest_of
from app_runtime.models import Entry, Run
from app_runtime.statuses import EntryType, Status
from halo_site.audit import Actor
from halo_site.store.fields import to_ms
from tests.factories import MINUTE, NINE, make_entry, make_question, make_run, set_status

ANNA, BEN = Actor("person", "anna"), Actor("person", "ben")
LATER = NINE + 10 * MINUTE
TWO = [{"question": "Which?", "choices": ["Red", "Blue"]}, {"question": "How many?"}]


def ask(app: App, *, at: datetime = NINE, deadline: datetime | None = None, **content: Any) -> Entry:
    """A question of a run and an app that wait for it."""
    run = make_run(app, Status.WAITING_USER, at=at)
    if content:
        more = {} if deadline is None else {"deadlineAt": to_ms(deadline)}
        entry = make_entry(app, EntryType.ESCALATION, run=run, at=at, **content, **more)
    else:
        entry = make_question(app, run=run, at=at, deadline=deadline)
    app.refresh_from_db()
    if app.status == "active":
        set_status(app, "waiting_user", pending_escalation_id=entry.pk)
    return entry


def say(entry: Entry, *answers: Answer, **more: Any) -> Run | None:
    """Answer as Anna does, having seen the question as it is."""
    how = {"actor": ANNA, "now": LATER, "shown_digest": digest_of(entry), "via": "web", **more}
    return entry.answer(answers, **how)


def drop(entry: Entry, **more: Any) -> None:
    """Dismiss as Anna does."""
    entry.dismiss(**{"actor": ANNA, "now": LATER, "shown_digest": digest_of(entry), "via": "web", **more})


def page(client: Client, entry: Entry | None = None, query: str = "") -> str:
    """The inbox, or the card of a question, as it is shown."""
    address = f"/escalations/{entry.pk}/" if entry else "/escalations/"
    response = client.get(address + query)
    assert response.status_code == 200
    return response.content.decode()


def title(html: str) -> str:
    """The heading of a page."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html)
    assert found
    return found[1]
