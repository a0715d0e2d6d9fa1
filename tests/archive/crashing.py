"""`manage.py` in a process that is killed at its Nth rename: `crashing.py N command…`"""

import os
import runpy
import signal
import sys
from typing import Any

from tests.processes import ROOT

real = os.rename
left = int(sys.argv[1])


def rename(*arguments: Any, **options: Any) -> None:
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments, **options)


os.rename = rename
sys.argv = [str(ROOT / "manage.py"), *sys.argv[2:]]
runpy.run_path(sys.argv[0], run_name="__main__")
