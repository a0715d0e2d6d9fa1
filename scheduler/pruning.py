"""The ledger keeps the newest slots of each job (BEHAVIOUR, Retention): some jobs in each sweep, in turn."""

from datetime import datetime

from scheduler.models import Job, Slot

JOBS_A_SWEEP = 1_000  # to count a thousand slots of each takes SQLite some tenths of a second


class Pruning:
    """Goes round all jobs, in the order of their ids, a part of them in each sweep."""

    def __init__(self, jobs: int = JOBS_A_SWEEP) -> None:
        self._jobs = jobs
        self._after = ""

    def sweep(self, now: datetime) -> int:
        """Prune the next jobs; returns how many slots went."""
        ids = Job.objects.filter(pk__gt=self._after).order_by("pk").values_list("pk", flat=True)
        part = list(ids[: self._jobs])
        self._after = part[-1] if len(part) == self._jobs else ""
        return Slot.objects.filter(job__in=part).prune() if part else 0
