"""The scheduler's view of a subscription."""

from app_manager.spec.parts import Subscription


def schedule_of(subscription: Subscription) -> dict[str, str] | None:
    """Schedule JSON, such as `{"kind": "every", "every": "30m"}`; None if the source is not a schedule.

    `every` is used where both are given. A timezone says nothing about an interval, so only cron carries it.
    """
    if subscription.source.type != "schedule":
        return None
    config = subscription.source.config
    if config.get("every") is not None:
        return {"kind": "every", "every": str(config["every"])}
    schedule = {"kind": "cron", "cron": str(config["cron"]).strip()}
    return schedule | ({"timezone": subscription.timezone} if subscription.timezone else {})
