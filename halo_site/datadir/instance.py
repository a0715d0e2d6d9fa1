"""At most one `up` on a data directory."""

import fcntl
import os

from halo_site.datadir.paths import DataDir


class AlreadyRunning(Exception):
    """Another `up` uses this data directory; the message names its process."""


def claim(directory: DataDir) -> int:
    """Hold this data directory until the returned descriptor is closed or this process ends, however it ends.

    Raises `AlreadyRunning`. The file itself means nothing: one that a dead process left is no obstacle.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(directory.temp / "up.lock", flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise AlreadyRunning(
            f"Halo Site already runs on {directory.root} (process {holder or 'unknown'}). "
            "End that one first, or name another directory in HALO_DATA_DIR."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
