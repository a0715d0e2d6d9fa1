"""The server's time zone."""

from pathlib import Path

import pytest

from halo_site import zones


def test_the_variable_tz_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert zones.system_zone() == "Asia/Tokyo"


def test_a_colon_before_the_zone_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert zones.system_zone() == "Europe/Berlin"


def test_else_the_link_localtime_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    zone = tmp_path / "zoneinfo" / "Europe" / "Paris"
    zone.parent.mkdir(parents=True)
    zone.touch()
    (tmp_path / "localtime").symlink_to(zone)
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zones, "LOCALTIME", tmp_path / "localtime")
    assert zones.system_zone() == "Europe/Paris"


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "CET-1CEST", "posixrules"])
def test_what_is_no_zone_is_utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    monkeypatch.setattr(zones, "LOCALTIME", tmp_path / "absent")
    assert zones.system_zone() == "UTC"
