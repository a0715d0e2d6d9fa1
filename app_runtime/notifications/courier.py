"""The process that sends one notification: JSON on its standard input, JSON on its standard output.

In: ``{"url", "title", "text"}``. Out: ``{"problem"}``, empty where the service took it. It is started by its
path and imports nothing of ours: no process of the site loads apprise, and one that hangs can be ended.
"""

import json
import logging
import signal
import sys

LONGEST_SECONDS = 30  # then it ends, even if nobody is left who would end it
# What apprise tells only among its details, which are not repeated: they hold addresses.
CAUSES = {
    "Connection refused": "the connection was refused",
    "timed out": "it did not answer in time",
    "Name or service not known": "its name cannot be resolved",
    "name resolution": "its name cannot be resolved",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not valid",
    "Network is unreachable": "the network cannot be reached",
}


class Hearing(logging.Handler):
    """Keeps what a logger says: warnings in full, of the details only whether they name a known cause."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.causes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage().strip()
        if record.levelno >= logging.WARNING:
            self.words.append(said)
        else:
            self.causes += [words for phrase, words in CAUSES.items() if phrase in said]

    def problem(self) -> str:
        """The reason in words."""
        said = " ".join(dict.fromkeys(self.words)) or "The service did not take it, and gave no reason."
        return f"{said} ({self.causes[0]})" if self.causes else said


def problem_with(url: str, title: str, text: str) -> str:
    """Send it, and say what went wrong; empty where nothing did."""
    import apprise

    hearing, logger = Hearing(), logging.getLogger("apprise")
    logger.addHandler(hearing)
    logger.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="Halo Site", app_desc="Halo Site", app_url="", allow_templates=False, secure_logging=True
    )
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return "What its reference names is no address that apprise knows, such as ntfys://ntfy.sh/TOPIC."
    services = apprise.Apprise(asset=asset)
    services.add(service)
    sent = services.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    return "" if sent else hearing.problem()


def main() -> None:
    """One letter in, one answer out; whatever else is printed goes to the error output."""
    signal.alarm(LONGEST_SECONDS)
    answers, sys.stdout = sys.stdout, sys.stderr
    letter = json.load(sys.stdin)
    try:
        problem = problem_with(**letter)
    except (
        Exception
    ) as error:  # the process boundary: a plugin of apprise's failed; its words may hold the address
        problem = f"apprise failed: {type(error).__name__}."
    json.dump({"problem": problem}, answers)
    answers.flush()


if __name__ == "__main__":
    main()
