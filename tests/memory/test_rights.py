"""The table of who may read, append and replace says of people what the loaders do."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from halo_site.models import SpaceMember
from halo_site.roles import Role
from memory.access import get_place, readable_places
from memory.places import Place
from memory.rights import rights_of
from tests.memory.conftest import Apps

pytestmark = pytest.mark.django_db


def request_of(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def member(role: Role, space_id: str) -> User:
    user = User.objects.create_user(f"{role}-{space_id[:8]}")
    SpaceMember.objects.create(user=user, space_id=space_id, role=role)
    return user


def may(user: User, key: str, needs: Role) -> bool:
    try:
        get_place(request_of(user), key, needs)
    except (Http404, PermissionDenied):
        return False
    return True


def test_the_rows_of_people_are_true(apps: Apps, place: Place) -> None:
    edits, looks, others, *_agents = rights_of(place)
    people = (
        (edits, member(Role.OPERATOR, apps.space.id)),
        (looks, member(Role.VIEWER, apps.space.id)),
        (others, member(Role.MANAGER, "another-space")),
    )
    for row, user in people:
        assert row.can_read == may(user, place.key, Role.VIEWER)
        assert row.can_append == row.can_replace == may(user, place.key, Role.OPERATOR)


def test_the_rows_of_the_users_memory_are_true(apps: Apps, own_place: Place) -> None:
    _edits, _looks, others, *_agents = rights_of(own_place)
    somebody = member(Role.ADMINISTRATOR, apps.space.id)
    assert others.can_read == may(somebody, own_place.key, Role.VIEWER) is False


def test_a_member_reads_the_places_of_their_space(apps: Apps, place: Place, shared_place: Place) -> None:
    assert set(readable_places(member(Role.VIEWER, apps.space.id))) == {place.key, shared_place.key}
    assert readable_places(member(Role.VIEWER, "another-space")) == {}


def test_somebody_without_a_role_reads_nothing(apps: Apps, place: Place) -> None:
    assert readable_places(User.objects.create_user("newcomer")) == {}
