"""What a table was measured on."""

import os
import platform
import sqlite3
from importlib.metadata import version


def facts() -> dict[str, str]:
    """Cores, load, and the versions that matter."""
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load": ", ".join(f"{value:.2f}" for value in os.getloadavg()) + " (1, 5, 15 min)",
        "python": platform.python_version(),
        "django": version("django"),
        "sqlite": sqlite3.sqlite_version,
    }
