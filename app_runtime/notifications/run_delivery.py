"""What the notifications about a run mean for its `delivery`; nothing else of the run is touched."""

from app_runtime.models import Notification, Run
from app_runtime.statuses import Delivery, NotificationState

WORST_FIRST = {
    NotificationState.FAILED: Delivery.FAILED,
    NotificationState.PENDING: Delivery.PENDING,
    NotificationState.HELD: Delivery.PENDING,
    NotificationState.SENT: Delivery.SENT,
}


def tell_run(run_id: str) -> None:
    """Sum up. What went out in another message arrived if that did; what is not needed does not count."""
    if not run_id:
        return
    about = Notification.objects.filter(run_id=run_id)
    states = set(about.values_list("state", flat=True))
    if NotificationState.MERGED in states:
        carriers = about.exclude(carried_by="").values("carried_by")
        states |= set(Notification.objects.filter(pk__in=carriers).values_list("state", flat=True))
    word = next((word for state, word in WORST_FIRST.items() if state in states), Delivery.NONE)
    Run.objects.filter(pk=run_id).update(delivery=word)


def tell_carried(row: Notification) -> None:
    """The same for every run whose messages went out in this one."""
    carried = Notification.objects.filter(carried_by=row.pk).exclude(run_id="")
    for run_id in sorted(set(carried.values_list("run_id", flat=True))):
        tell_run(run_id)
