"""Files that lie beside the repository on some machines only."""

from pathlib import Path

import pytest


def shared_path(relative: str) -> Path:
    """A file or folder below `../shared`; the test is skipped where there is none."""
    path = Path(__file__).resolve().parents[2] / "shared" / relative
    if not path.exists():
        pytest.skip(f"There is no shared/{relative} beside the repository on this machine.")
    return path
