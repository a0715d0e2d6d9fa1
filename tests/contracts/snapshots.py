"""The committed JSON Schemas. `python3 -m tests.contracts.snapshots` brings them up to date.

Of the app spec there are two: one beside the others, for reviewers, and one among the static files, which the
site serves to editors.
"""

from pathlib import Path

from app_runtime.schemas import APP_SPEC, schema_files

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "tests" / "contracts" / "schemas"
SERVED = ROOT / "static" / "schemas" / APP_SPEC
REFRESH = "python3 -m tests.contracts.snapshots"


def wanted() -> dict[Path, str]:
    """Every committed file and the text that it must have."""
    files = schema_files()
    return {**{SNAPSHOTS / name: text for name, text in files.items()}, SERVED: files[APP_SPEC]}


def stale() -> list[str]:
    """Files that are missing, differ, or belong to no contract any more; paths below the root."""
    texts = wanted()
    committed = {*SNAPSHOTS.iterdir(), *SERVED.parent.iterdir()}
    differ = [path for path, text in texts.items() if path not in committed or path.read_text() != text]
    return sorted(str(path.relative_to(ROOT)) for path in {*differ, *(committed - texts.keys())})


def refresh() -> list[str]:
    """Write what differs, take away what is left over; returns what was changed."""
    changed, texts = stale(), wanted()
    for path in (ROOT / name for name in changed):
        if path in texts:
            path.write_text(texts[path])
        else:
            path.unlink()
    return changed


if __name__ == "__main__":
    print("\n".join(refresh()) or "All schemas are current.")
