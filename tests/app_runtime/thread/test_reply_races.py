"""One form, sent by many windows at once: one reply, one run."""

import threading

import pytest
from django.db import connection

from app_manager.models import App, new_id
from app_runtime.models import Reply, Run
from app_runtime.thread.replies import reply
from halo_site.audit import Actor
from tests.factories import NINE, make_app


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_by_eight_windows_at_once_is_one_reply() -> None:
    app, form, sent = make_app(), new_id(), []

    def send(app: App) -> None:
        try:
            sent.append(reply(app, "And the teapot?", form, Actor("person", "anna"), NINE).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[app]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sent), len(set(sent))) == (8, 1)
    assert (Reply.objects.count(), Run.objects.count()) == (1, 1)
