"""The process that sends one notification: JSON on its standard input, JSON on its standard output.

In: ``{"url", "title", "text", "tone"}``, or for an e-mail ``{"mail", "title", "text"}``. Out:
``{"problem"}``, empty where the service took it. It is started by its path and imports nothing of ours: no
process of the site loads apprise, and one that hangs can be ended.
"""

import json
import logging
import signal
import smtplib
import sys
from typing import Any

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

MAIL_SECONDS = 10  # for each answer of a mail server
MAIL_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "The mail server refused user name or password"),
    (smtplib.SMTPSenderRefused, "The mail server refused the sender"),
    (smtplib.SMTPNotSupportedError, "The mail server does not offer what is set up (STARTTLS or sign-in)"),
    (smtplib.SMTPServerDisconnected, "The mail server broke the connection off"),
    (smtplib.SMTPConnectError, "The mail server turned the connection away"),
    (smtplib.SMTPResponseException, "The mail server refused the message"),
)


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


def problem_with(url: str, title: str, text: str, tone: str) -> str:
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
    sent = services.notify(body=text, title=title, notify_type=tone, body_format=apprise.NotifyFormat.TEXT)
    return "" if sent else hearing.problem()


def problem_with_mail(mail: dict[str, Any], title: str, text: str) -> str:
    """The same for an e-mail, through Django's own backend: ``mail`` is the server, sender and recipient."""
    from django.conf import settings
    from django.core.mail import EmailMessage, get_connection

    settings.configure()
    connection = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=mail["host"],
        port=mail["port"],
        username=mail["user"],
        password=mail["password"],
        use_tls=mail["security"] == "starttls",
        use_ssl=mail["security"] == "tls",
        timeout=MAIL_SECONDS,
    )
    headers = {"Auto-Submitted": "auto-generated", "Message-ID": mail["message_id"]}
    message = EmailMessage(title, text, mail["sender"], [mail["to"]], connection=connection, headers=headers)
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        return mail_trouble(error)
    return ""


def mail_trouble(error: Exception) -> str:
    """What a mail server, or the way to it, had against the message; its own words may hold addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _words in error.recipients.values()})
        return f"The mail server refused the recipient ({', '.join(map(str, codes))})."
    for kind, words in MAIL_TROUBLES:
        if isinstance(error, kind):
            code = getattr(error, "smtp_code", "")
            return f"{words} ({code})." if code else f"{words}."
    cause = next((words for phrase, words in CAUSES.items() if phrase in str(error)), type(error).__name__)
    return f"The mail server could not be reached ({cause})."


def main() -> None:
    """One letter in, one answer out; whatever else is printed goes to the error output."""
    signal.alarm(LONGEST_SECONDS)
    answers, sys.stdout = sys.stdout, sys.stderr
    letter = json.load(sys.stdin)
    try:
        problem = problem_with_mail(**letter) if "mail" in letter else problem_with(**letter)
    except (
        Exception
    ) as error:  # the process boundary: a plugin of apprise's failed, say; its words may hold the address
        problem = f"It could not be sent: {type(error).__name__}."
    json.dump({"problem": problem}, answers)
    answers.flush()


if __name__ == "__main__":
    main()
