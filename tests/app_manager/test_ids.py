"""Ids: hyphenated UUIDs of version 4, the same text everywhere (DESIGN §3)."""

import uuid

from app_manager.models import new_id, new_ids


def test_an_id_is_a_random_uuid_in_its_usual_text() -> None:
    for text in [new_id(), *new_ids(500)]:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


def test_no_two_are_alike() -> None:
    assert len({*new_ids(1_000), *new_ids(1_000)}) == 2_000
    assert new_ids(0) == []


def test_many_ascend_as_an_index_likes_them() -> None:
    ids = new_ids(100)
    assert ids == sorted(ids)
