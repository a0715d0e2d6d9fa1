from datetime import timedelta

import pytest

from scheduler import ledger, models
from scheduler.ledger import Line
from scheduler.models import Job, Slot
from scheduler.pruning import Pruning
from scheduler.statuses import Verdict
from tests.scheduler.factories import NINE, put_job

pytestmark = pytest.mark.django_db
KEPT = 3


@pytest.fixture(autouse=True)
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three jobs with ten slots each, of which three may stay."""
    monkeypatch.setattr(models.SlotQuerySet.prune, "__defaults__", (KEPT,))
    for name in ("a", "b", "c"):
        put_job(name)
        ledger.write(Line(name, number * 1_000, Verdict.RAN) for number in range(10))


def held() -> list[int]:
    return [job.slots.count() for job in Job.objects.order_by("pk")]


def test_one_sweep_looks_at_so_many_jobs_and_the_next_goes_on_from_there() -> None:
    pruning = Pruning(jobs=2)
    assert pruning.sweep(NINE) == 14
    assert held() == [KEPT, KEPT, 10]
    assert pruning.sweep(NINE) == 7
    assert held() == [KEPT] * 3


def test_after_the_last_job_it_begins_anew() -> None:
    pruning = Pruning(jobs=3)
    pruning.sweep(NINE)
    ledger.write(Line("a", number * 1_000, Verdict.RAN) for number in range(10, 15))
    pruning.sweep(NINE)  # past the last
    pruning.sweep(NINE + timedelta(minutes=1))
    assert held() == [KEPT] * 3


def test_the_newest_stay() -> None:
    Pruning().sweep(NINE)
    kept = Slot.objects.filter(job="a").order_by("due_at").values_list("due_at", flat=True)
    assert [moment.timestamp() for moment in kept] == [7, 8, 9]


def test_without_jobs_there_is_nothing_to_do() -> None:
    Job.objects.all().delete()
    assert Pruning().sweep(NINE) == 0
