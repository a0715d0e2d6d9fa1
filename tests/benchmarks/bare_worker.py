"""A worker whose runs have no session: what the queue itself costs, from the claim to the end in the row.

`python -m tests.benchmarks.bare_worker`, ended by TERM. Everything that is written to files is left out:
transcript, memory, the run's record.
"""

import os
import signal
import threading
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "halo_site.settings")


def main() -> None:
    django.setup()
    from app_runtime import records, worker
    from app_runtime.settlement import End
    from app_runtime.statuses import Outcome, Status

    def no_session(*_all: Any) -> End:
        return End(Status.OK, Outcome.NOOP)

    worker._end_of = no_session
    records.write = lambda *_all: None  # type: ignore[assignment]
    draining = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_all: draining.set())
    worker.Worker(draining).run()


if __name__ == "__main__":
    main()
