"""What app_runtime refuses or meets, each in a sentence that a person can act on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app_manager.models import App
    from app_runtime.models import Run


class RuntimeRefusal(Exception):
    """The root of this package's refusals."""


class NotRunnable(RuntimeRefusal):
    """The app's state does not let it run."""

    def __init__(self, app: "App", reason: str) -> None:
        super().__init__(f"{app.name} cannot run: {reason}")


class AlreadyRunning(RuntimeRefusal):
    """One run of this app is queued or running; a second by hand would do the work twice."""

    def __init__(self, run: "Run") -> None:
        state = "is running" if run.status == "running" else "is waiting to start"
        super().__init__(f"Run {run.short_id} of {run.app.name} {state}. Wait for its end, then try again.")
        self.run = run


class MessageRefused(RuntimeRefusal):
    """What a person wrote cannot be told to a run: it is empty or too long."""


class EngineError(RuntimeRefusal):
    """The engine could not make its turn; ``permanent`` when trying the same again cannot help.

    ``kind`` is one of rate_limit, server, network, timeout, auth, bad_request, unknown_model, bad_answer;
    ``retry_after`` is what the provider asked to wait, in seconds. ``is_free`` is true where the request
    certainly cost nothing: it was never sent, or was refused before any token.
    """

    def __init__(
        self,
        sentence: str,
        *,
        permanent: bool = True,
        kind: str = "bad_request",
        retry_after: float | None = None,
        is_free: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.kind = kind
        self.retry_after = retry_after
        self.is_free = is_free


class SourceUnknown(RuntimeRefusal):
    """There is no model source with that id."""


class TargetUnknown(RuntimeRefusal):
    """There is no notification target with that id, or none at all."""


class MailUnset(RuntimeRefusal):
    """A message is to go by e-mail, and no mail server is set up."""

    def __init__(self) -> None:
        super().__init__("No mail server is set up. Set one up in the settings, under Notifications.")


class CourierLost(RuntimeRefusal):
    """The program that sends ended without an answer."""

    def __init__(self) -> None:
        super().__init__("The program that sends ended without an answer. Whether it arrived is unknown.")


class ToolRefused(RuntimeRefusal):
    """A tool call that is refused to the model, in a sentence that tells it what to do instead."""


class RunStopped(RuntimeRefusal):
    """The run must end now although its work is not done."""


class CapReached(RunStopped):
    """One of the run's caps was reached."""


class RunCancelled(RunStopped):
    """A person stopped the run."""

    def __init__(self, by: str) -> None:
        super().__init__(f"Cancelled by {by}.")


class FolderMissing(RunStopped):
    """The folder in which the run's transcript and memory belong cannot be found."""

    def __init__(self, app: "App") -> None:
        super().__init__(
            f"The folder of {app.name} or of its space is missing, so the run could not begin. "
            "Bring it back (is its disk mounted?), then run the app again."
        )


class RunInterrupted(RunStopped):
    """The worker has to stop and cannot wait for the run's end."""


class LeaseLost(RunStopped):
    """The run belongs to somebody else by now; this worker must not touch it any more."""
