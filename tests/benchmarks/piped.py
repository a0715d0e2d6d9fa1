"""A process that is asked over a pipe: one JSON request a line, one JSON answer a line."""

import json
import sys
from typing import Any


def answer(subject: Any) -> None:
    """Call what each request names (``{"do": name, …arguments}``) until nobody asks any more."""
    for line in sys.stdin:
        request = json.loads(line)
        given = getattr(subject, request.pop("do"))(**request)
        sys.stdout.write(json.dumps(given) + "\n")
        sys.stdout.flush()
