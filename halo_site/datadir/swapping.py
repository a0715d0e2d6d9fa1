"""Two names of one folder exchanged in one step, which takes no room and leaves no moment between."""

import ctypes
import errno
import os
from collections.abc import Callable
from functools import cache

RENAME_EXCHANGE = 2  # linux/fs.h
# What a kernel, a C library or a file system says that does not know of it
UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}


def swap(folder: int, one: str, other: str) -> None:
    """Let each of two names in the open ``folder`` stand for what the other one was.

    Raises `FileNotFoundError` where either is missing, and `OSError` with one of `UNKNOWN` where the system
    has no such step.
    """
    call = _renameat2()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), one)
    if call(folder, os.fsencode(one), folder, os.fsencode(other), RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one)


@cache
def _renameat2() -> Callable[..., int] | None:
    found = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if found is None:
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    call: Callable[..., int] = found
    return call
