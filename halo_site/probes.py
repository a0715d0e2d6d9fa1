"""Keeps supervisors' questions out of the log."""

import logging

PATH = "/readyz"


class NoProbes(logging.Filter):
    """Lets pass what is not about `PATH`: who asks every second is told by the answer, not by a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return request is None or request.path != PATH
