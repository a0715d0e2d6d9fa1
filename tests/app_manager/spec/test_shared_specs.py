import time

import pytest

from app_manager.spec import AppSpec, decode_spec, parse_spec
from tests.shared import shared_path


def spec_files() -> list[str]:
    """Names of real specs; none where they do not lie beside the repository."""
    try:
        folder = shared_path("specs")
    except pytest.skip.Exception:
        return []
    return sorted(path.name for path in folder.glob("*.yaml"))


@pytest.mark.parametrize("name", spec_files() or [""])
def test_a_real_spec_parses_and_survives_a_round_trip(name: str) -> None:
    spec = parse_spec(decode_spec(shared_path(f"specs/{name}").read_bytes()))
    assert spec.warnings == ()
    assert AppSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_the_largest_real_spec_parses_quickly() -> None:
    texts = [path.read_text("utf-8") for path in shared_path("specs").glob("*.yaml")]
    largest = max(texts, key=len)
    parse_spec(largest)  # loads time zones and compiles validators
    started = time.process_time()
    parse_spec(largest)
    assert time.process_time() - started < 0.1
