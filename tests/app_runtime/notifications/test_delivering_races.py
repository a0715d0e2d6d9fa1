"""Two workers and one notification: real transactions in threads, one message at the target."""

import asyncio

import pytest

from app_runtime.models import Notification, Run
from app_runtime.notifications import delivering
from tests.app_runtime.notifying import make_notification, set_targets, use_sink
from tests.factories import NINE, make_app, make_run
from tests.scheduler.test_two_clocks import in_threads
from tests.wire import Sink

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_that_race_send_each_once() -> None:
    app = make_app()
    run = make_run(app, engine="model")
    for number in range(3):
        make_notification(app, run, title=str(number))
    with Sink() as sink:
        use_sink(sink)
        in_threads(lambda: delivering.send_due(lambda: NINE), 4)
        assert sorted(title for title, _text in sink.messages) == ["0", "1", "2"]
    assert set(Notification.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert Run.objects.get().delivery == "sent"


def test_results_that_come_together_are_both_in_the_run_s_delivery() -> None:
    """Neither sums up the rows as they were before the other's result."""
    app = make_app()
    run = make_run(app, engine="model")
    rows = [make_notification(app, run, target_id=target) for target in ("phone", "mail")]
    waiting = iter(rows)
    with Sink() as sink:
        set_targets(phone=sink.url(), mail=sink.url())
        in_threads(lambda: delivering.attempt([next(waiting)], lambda: NINE, asyncio.run, 20), 2)
    assert Run.objects.get().delivery == "sent"
