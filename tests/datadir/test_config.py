"""`config.json`: what a person edits."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from halo_site.datadir.config import ConfigDamaged, config_state, site_config, update_config
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


@pytest.mark.parametrize("content", ['{"runs": oops', "", "[]"])
def test_a_file_that_cannot_be_read_is_told_and_never_replaced(data_directory: DataDir, content: str) -> None:
    data_directory.config.write_text(content)
    state = config_state()
    assert state.damage
    assert state.obstacle.startswith("config.json cannot be read")
    assert state.config.ai_sources.is_meant
    with pytest.raises(ConfigDamaged, match="Nothing was saved"):
        update_config("runs", {"model_turns": 9})
    assert data_directory.config.read_text() == content


def test_it_tells_since_when_it_cannot_be_read(data_directory: DataDir) -> None:
    data_directory.config.write_text("{")
    since = config_state().since
    assert since is not None
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=5)


def test_a_file_that_is_mended_counts_at_once(data_directory: DataDir) -> None:
    data_directory.config.write_text("{")
    assert config_state().damage
    write(data_directory, {"runs": {"model_turns": 7}})
    assert (config_state().damage, site_config().runs.model_turns) == ("", 7)


def test_of_a_section_only_the_wrong_value_is_dropped(data_directory: DataDir) -> None:
    write(data_directory, {"runs": {"model_turns": "many", "money_usd": 0.5, "tokens": 9}})
    runs = site_config().runs
    assert (runs.model_turns, str(runs.money_usd), runs.tokens) == (100, "0.5", 9)
    assert config_state().obstacle == ""


@pytest.mark.parametrize("cap", ["money_usd", "tokens"])
def test_a_cap_that_cannot_be_read_is_not_no_cap(data_directory: DataDir, cap: str) -> None:
    write(data_directory, {"runs": {cap: "much"}})
    assert f"runs.{cap}" in config_state().obstacle


def test_what_is_wrong_is_told_without_the_value(data_directory: DataDir) -> None:
    write(data_directory, {"runs": {"tokens": "sk-hush-hush"}, "aiSources": "sk-hush-hush"})
    assert "hush" not in repr(config_state())
