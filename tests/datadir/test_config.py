"""`config.json`: what a person edits."""

import json
import logging

import pytest
from pydantic import ValidationError

from halo_site.datadir.config import site_config, update_config
from halo_site.datadir.paths import DataDir


def write(directory: DataDir, content: object) -> None:
    directory.config.write_text(json.dumps(content))


def test_without_a_file_the_defaults_hold() -> None:
    assert (site_config().runs.wall_clock_minutes, site_config().runs.model_turns) == (60, 100)


def test_an_edit_is_seen_at_once(data_directory: DataDir) -> None:
    site_config()
    write(data_directory, {"runs": {"model_turns": 7}})
    assert site_config().runs.model_turns == 7


def test_a_change_is_stored_and_keeps_the_rest(data_directory: DataDir) -> None:
    write(data_directory, {"mine": {"x": 1}, "runs": {"model_turns": 7, "later": True}})
    update_config("runs", {"wall_clock_minutes": 5})
    assert json.loads(data_directory.config.read_text()) == {
        "version": 1,
        "mine": {"x": 1},
        "runs": {"model_turns": 7, "later": True, "wall_clock_minutes": 5},
    }


def test_a_wrong_change_is_refused_before_it_is_written(data_directory: DataDir) -> None:
    with pytest.raises(ValidationError):
        update_config("runs", {"model_turns": 0})
    assert not data_directory.config.exists()


def test_a_wrong_value_is_named_and_not_used(
    data_directory: DataDir, caplog: pytest.LogCaptureFixture
) -> None:
    write(data_directory, {"runs": {"model_turns": "many"}})
    with caplog.at_level(logging.ERROR):
        assert site_config().runs.model_turns == 100
    assert "runs.model_turns" in caplog.text


def test_a_wrong_value_is_named_once(data_directory: DataDir, caplog: pytest.LogCaptureFixture) -> None:
    write(data_directory, {"runs": []})
    with caplog.at_level(logging.ERROR):
        site_config()
        site_config()
    assert len(caplog.records) == 1


def test_a_section_that_is_no_object_can_be_mended(data_directory: DataDir) -> None:
    write(data_directory, {"runs": 5})
    assert update_config("runs", {"model_turns": 9}).runs.model_turns == 9
