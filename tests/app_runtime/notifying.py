"""What the tests of notifications have in common: targets at a sink, and messages of a run."""

from typing import Any

from app_manager.models import App
from app_runtime.models import Notification, Run
from app_runtime.statuses import Delivery
from halo_site.datadir.config import update_config
from halo_site.datadir.secrets import set_secret
from tests.factories import NINE
from tests.wire import Sink

TOKEN = "tok-9f8e7d6c5b"


def set_targets(**urls: str) -> None:
    """Targets by id; their names are the ids with a capital letter."""
    listed = [{"id": key, "name": key.capitalize(), "url": f"secret:{key}-url"} for key in urls]
    for key, url in urls.items():
        set_secret(f"{key}-url", url)
    update_config("notifications", {"targets": listed})


def use_sink(sink: Sink, *, options: str = "") -> None:
    """One target, "phone", whose address holds a token."""
    set_targets(phone=sink.url(f"{TOKEN}{options}"))


def make_notification(app: App, run: Run, **values: Any) -> Notification:
    """A pending notification of the run to "phone", due since nine; the run knows of it."""
    facts: dict[str, Any] = {
        "target_id": "phone",
        "target_name": "Phone",
        "title": "Kettle",
        "text": "It costs 20.",
        "created_at": NINE,
        "next_try_at": NINE,
        "step": 2,
    }
    row = Notification.objects.create(app=app, run_id=run.run_id, **{**facts, **values})
    Run.objects.filter(pk=run.pk).update(delivery=Delivery.PENDING)
    return row
