"""The runs that due times started, as the ledger of a job shows them."""

from collections.abc import Sequence

from django.urls import reverse

from app_runtime.chips import status_chip
from app_runtime.models import Run
from scheduler.models import Slot
from scheduler.registry import Trace


def of_slots(slots: Sequence[Slot]) -> dict[int, Trace]:
    """Slot id → its run; a run that retention has taken has none. One query."""
    wanted = {slot.pk: run_id_of(slot) for slot in slots}
    runs = Run.objects.in_bulk({run_id for run_id in wanted.values() if run_id})
    return {pk: _trace(runs[run_id]) for pk, run_id in wanted.items() if run_id in runs}


def run_id_of(slot: Slot) -> str:
    """The run that the handler noted; empty where it started none."""
    run_id = slot.metadata.get("runId") if isinstance(slot.metadata, dict) else None
    return run_id if isinstance(run_id, str) else ""


def _trace(run: Run) -> Trace:
    chip = status_chip(run)
    return Trace(
        chip.text, chip.tone, chip.icon, run.short_id, reverse("app_runtime:run_detail", args=[run.pk])
    )
