"""What the end of a run does for the memory of its app, and what the clock does for everybody's."""

import pytest

from app_manager.models import App
from app_runtime import records
from app_runtime.statuses import Outcome
from memory import documents
from memory.models import Revision
from memory.permissions import Caller
from memory.places import Place, app_place
from scheduler import registry
from tests.factories import NINE, make_run
from tests.memory.test_compaction import LONG

pytestmark = pytest.mark.django_db


def place_of(app: App) -> Place:
    place = app_place(app.pk)
    assert place
    return place


@pytest.mark.parametrize("outcome", [Outcome.USEFUL, Outcome.NOOP, Outcome.ERROR])
def test_a_memory_that_became_too_long_is_shortened_after_any_run(app: App, outcome: str) -> None:
    documents.replace(Caller("app", app.pk, app.space_id), place_of(app), LONG, now=NINE)
    records.write(make_run(app, outcome=outcome), NINE)
    assert Revision.objects.filter(operation="archived").get().data() == LONG.encode()
    assert len(documents.on_disk(place_of(app), "") or b"") < len(LONG)


def test_the_clock_records_what_other_programs_did(app: App) -> None:
    place = place_of(app)
    (place.base / place.below("")).write_text("by an editor on the server")
    sweeps = {sweep.name: sweep for sweep in registry.sweeps()}
    sweeps["memory.outside"].function(NINE)
    assert Revision.objects.get().operation == "outside"
