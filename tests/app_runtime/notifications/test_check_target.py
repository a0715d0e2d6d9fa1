"""check_target: one test message, and what came of it."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from halo_site.datadir.config import update_config
from halo_site.datadir.secrets import set_secret
from tests.wire import Sink

# The command looks at the database before it does anything, from its own thread.
pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "tok-9f8e7d6c5b"


def set_target(url: str) -> None:
    set_secret("phone-url", url)
    update_config("notifications", {"targets": [{"id": "phone", "name": "Phone", "url": "secret:phone-url"}]})


def checked(target: str, **more: StringIO) -> None:
    """The command, in a thread of its own: it has an event loop there, as browser tests have one in this."""

    def run() -> None:
        try:
            call_command("check_target", target, **more)
        finally:
            connection.close()  # this thread's own

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_check_target_sends_a_test_message() -> None:
    with Sink() as sink:
        set_target(sink.url(TOKEN))
        out = StringIO()
        checked("phone", stdout=out)
        assert sink.messages == [("A test from Halo Site", "Notifications of your apps arrive here.")]
    assert out.getvalue().startswith("Sent to Phone.")


def test_check_target_says_why_it_was_not_sent_and_shows_no_token() -> None:
    set_target(f"json://127.0.0.1:1/{TOKEN}")
    with pytest.raises(CommandError, match=r"Not sent to Phone: .*the connection was refused") as refused:
        checked("phone")
    assert TOKEN not in str(refused.value)


def test_check_target_names_the_known_ones() -> None:
    set_target("json://127.0.0.1:1/")
    with pytest.raises(CommandError, match=r"Known: phone \(Phone\)"):
        checked("pager")


def test_check_target_says_that_none_is_set_up() -> None:
    update_config("notifications", {"targets": []})
    with pytest.raises(CommandError, match="No notification target is set up on this site"):
        checked("phone")
