"""Roles: what a person may do, and where."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from halo_site.models import SpaceMember
from halo_site.roles import NOBODY, Role, Standing, create_groups, standing_of

pytestmark = pytest.mark.django_db


def member(name: str, *, site: Role | None = None, **spaces: Role) -> User:
    user = User.objects.create_user(name)
    if site:
        user.groups.add(Group.objects.get(name=site.value))
    for space_id, role in spaces.items():
        SpaceMember.objects.create(user=user, space_id=space_id, role=role)
    return user


def test_the_four_groups_are_there_after_migrate() -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= set(Role.values)


def test_groups_that_were_removed_come_back_once() -> None:
    Group.objects.all().delete()
    create_groups()
    create_groups()
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(Role.values)


@pytest.mark.parametrize("role", Role)
def test_a_role_covers_itself_and_the_ones_before_it(role: Role) -> None:
    assert [other for other in Role if role.covers(other)] == list(Role)[: list(Role).index(role) + 1]


def test_a_role_on_the_site_holds_in_every_space() -> None:
    standing = standing_of(member("ann", site=Role.OPERATOR))
    assert standing.may(Role.OPERATOR, "any")
    assert not standing.may(Role.MANAGER, "any")


def test_a_member_of_one_space_may_nothing_in_another() -> None:
    standing = standing_of(member("ben", here=Role.MANAGER))
    assert standing.may(Role.MANAGER, "here")
    assert not standing.may(Role.VIEWER, "there")
    assert not standing.may(Role.VIEWER)


def test_the_higher_of_both_roles_counts() -> None:
    standing = standing_of(member("cleo", site=Role.VIEWER, here=Role.MANAGER, there=Role.VIEWER))
    assert standing.role_in("here") == Role.MANAGER
    assert standing.role_in("there") == Role.VIEWER


def test_a_superuser_is_an_administrator() -> None:
    assert standing_of(User.objects.create_superuser("root")).site == Role.ADMINISTRATOR


def test_nobody_and_who_is_switched_off_may_nothing() -> None:
    asleep = member("dora", site=Role.MANAGER)
    asleep.is_active = False
    assert standing_of(AnonymousUser()) == standing_of(asleep) == NOBODY == Standing(None)
