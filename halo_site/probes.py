"""What the log does without: supervisors' questions, and tracebacks of requests that were refused."""

import logging

PATH = "/readyz"


class NoProbes(logging.Filter):
    """Lets pass what is not about `PATH`: who asks every second is told by the answer, not by a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return request is None or request.path != PATH


class NoTraceback(logging.Filter):
    """Leaves of a record what its message says; of a request that was refused, the rest is our own code."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True
