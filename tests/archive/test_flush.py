"""`flush` on a site as it runs: nothing of it is emptied."""

from tests.archive.sites import Site, note, state


def test_flush_is_refused_in_one_line_and_takes_nothing_away(site: Site) -> None:
    note(site, "kept")
    before = state(site)
    words = site.refused("flush", "--no-input")
    assert words.startswith("CommandError: Nothing was emptied. Lines of the audit log are only ever added")
    assert len(words.splitlines()) == 1
    assert state(site) == before
