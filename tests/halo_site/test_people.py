"""People and their roles in the administration: who comes in, what is written down, who cannot be removed."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from halo_site.datadir.spaces import default_space
from halo_site.models import AuditEntry, SpaceMember
from halo_site.roles import Role, standing_of
from tests.factories import add_space

pytestmark = pytest.mark.django_db
LAST = "There would be no administrator left"


def person(name: str, role: Role | None = None, **fields: Any) -> User:
    user = User.objects.create_user(name, **fields)
    if role:
        user.groups.add(Group.objects.get(name=role.value))
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    """What the page of a person sends; ``spaces`` are (membership or None, space, role)."""
    spaces = changes.pop("spaces", [])
    data: dict[str, Any] = {
        "username": user.username, "date_joined_0": "2026-11-01", "date_joined_1": "09:00:00",
        "is_active": "on" if user.is_active else "", "is_superuser": "on" if user.is_superuser else "",
        "groups": [group.pk for group in user.groups.all()], "memberships-TOTAL_FORMS": len(spaces),
        "memberships-INITIAL_FORMS": sum(known is not None for known, *_rest in spaces), **changes,
    }  # fmt: skip
    for number, (known, space_id, role) in enumerate(spaces):
        at = f"memberships-{number}"
        data |= {f"{at}-id": known.pk if known else "", f"{at}-user": user.pk}
        data |= {f"{at}-space_id": space_id, f"{at}-role": role}
    return {key: value for key, value in data.items() if value != ""}


def save(client: Client, user: User, **changes: Any) -> Any:
    return client.post(f"/admin/auth/user/{user.pk}/change/", form_of(user, **changes))


def test_an_administrator_by_role_works_in_the_administration(db: None) -> None:
    client = browser(person("ann", Role.ADMINISTRATOR))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/auth/user/add/").status_code == 200
    assert client.get("/admin/app_runtime/run/").status_code == 200


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OPERATOR, Role.MANAGER])
def test_staff_without_the_role_is_told_which_one_it_takes(role: Role | None) -> None:
    response = browser(person("ben", role, is_staff=True)).get("/admin/")
    assert response.status_code == 403
    assert "needs the role “Administrator”" in response.content.decode()


def test_the_administrator_of_one_space_is_none_of_the_site() -> None:
    user, space = person("cleo"), default_space()
    assert space is not None
    SpaceMember.objects.create(user=user, space_id=space.id, role=Role.ADMINISTRATOR)
    assert browser(user).get("/admin/").status_code == 403


def test_a_role_in_a_space_is_given_by_the_spaces_name_and_written_down(operator_client: Client) -> None:
    user, space = person("dora"), add_space("Garden")
    page = operator_client.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    assert f'<option value="{space.id}">Garden</option>' in page
    assert save(operator_client, user, spaces=[(None, space.id, "operator")]).status_code == 302
    assert standing_of(User.objects.get(pk=user.pk)).spaces == {space.id: Role.OPERATOR}
    line = AuditEntry.objects.get(verb="change_roles")
    assert line.before is not None
    assert line.after is not None
    assert (line.actor, line.object_id) == ("person:operator", str(user.pk))
    assert (line.before["spaces"], line.after["spaces"]) == ({}, {f"Garden {space.id}": "operator"})


def test_a_role_on_the_site_that_is_taken_away_is_written_down(operator_client: Client) -> None:
    user = person("eva", Role.MANAGER)
    save(operator_client, user, groups=[])
    line = AuditEntry.objects.get(verb="change_roles")
    assert line.before is not None
    assert line.after is not None
    assert (line.before["groups"], line.after["groups"]) == (["manager"], [])


def test_a_name_that_is_changed_is_no_change_of_roles(operator_client: Client) -> None:
    user = person("fay", Role.MANAGER)
    save(operator_client, user, first_name="Fay")
    assert not AuditEntry.objects.filter(verb="change_roles").exists()


@pytest.mark.parametrize("change", [{"is_active": ""}, {"is_superuser": ""}])
def test_the_last_administrator_cannot_be_switched_off_or_demoted(
    operator_client: Client, operator: User, change: dict[str, str]
) -> None:
    page = save(operator_client, operator, **change).content.decode()
    assert LAST in page
    operator.refresh_from_db()
    assert operator.is_active
    assert operator.is_superuser


def test_the_last_administrator_by_role_cannot_lose_it() -> None:
    user = person("gail", Role.ADMINISTRATOR)
    assert LAST in save(browser(user), user, groups=[]).content.decode()
    assert user.groups.exists()


def test_one_of_two_administrators_can_be_demoted(operator_client: Client) -> None:
    user = person("hal", Role.ADMINISTRATOR)
    assert save(operator_client, user, groups=[]).status_code == 302
    assert not user.groups.exists()


def test_somebody_who_is_switched_off_is_no_administrator_to_fall_back_on(
    operator_client: Client, operator: User
) -> None:
    person("ida", Role.ADMINISTRATOR, is_active=False)
    assert LAST in save(operator_client, operator, is_superuser="").content.decode()


def test_nor_is_somebody_without_a_password(operator_client: Client, operator: User) -> None:
    person("ida", Role.ADMINISTRATOR)
    assert LAST in save(operator_client, operator, is_superuser="").content.decode()
    assert User.objects.get(pk=operator.pk).is_superuser


def without_password(client: Client, user: User) -> Any:
    data = {"usable_password": "false", "unset-password": "yes"}
    return client.post(f"/admin/auth/user/{user.pk}/password/", data)


def test_the_last_administrator_keeps_a_password(operator_client: Client, operator: User) -> None:
    person("ida", Role.ADMINISTRATOR)  # without one
    assert LAST in without_password(operator_client, operator).content.decode()
    assert User.objects.get(pk=operator.pk).check_password("correct horse battery")


def test_one_of_two_administrators_can_lose_the_password(operator_client: Client) -> None:
    user = person("jim", Role.ADMINISTRATOR, password="another horse battery")
    assert without_password(operator_client, user).status_code == 302
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_password_is_changed_as_ever(operator_client: Client, operator: User) -> None:
    data = {"password1": "a new long horse", "password2": "a new long horse", "set-password": "yes"}
    assert operator_client.post(f"/admin/auth/user/{operator.pk}/password/", data).status_code == 302
    assert User.objects.get(pk=operator.pk).check_password("a new long horse")


def test_the_last_administrator_cannot_be_deleted(operator_client: Client, operator: User) -> None:
    response = operator_client.post(f"/admin/auth/user/{operator.pk}/delete/", {"post": "yes"})
    assert LAST in response.content.decode()
    assert User.objects.filter(pk=operator.pk).exists()


def test_nor_by_the_action_of_the_list(operator_client: Client, operator: User) -> None:
    person("jo", Role.VIEWER)
    everybody = list(User.objects.values_list("pk", flat=True))
    data = {"action": "delete_selected", "_selected_action": everybody, "post": "yes"}
    assert LAST in operator_client.post("/admin/auth/user/", data).content.decode()
    assert User.objects.count() == 2


def test_the_groups_that_are_roles_stay_as_they_are(operator_client: Client) -> None:
    group = Group.objects.get(name="administrator")
    for view in ("change", "delete"):
        address = f"/admin/auth/group/{group.pk}/{view}/"
        assert operator_client.post(address, {"name": "other", "post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    operator_client.post("/admin/auth/group/", data)
    assert Group.objects.filter(name="administrator").exists()


def test_another_group_can_be_changed(operator_client: Client) -> None:
    group = Group.objects.create(name="readers")
    assert (
        operator_client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "friends"}).status_code == 302
    )
    assert Group.objects.filter(name="friends").exists()


def test_a_role_in_a_space_that_is_gone_is_named_so(operator_client: Client) -> None:
    user = person("kay")
    SpaceMember.objects.create(user=user, space_id="no-such-space", role=Role.VIEWER)
    page = operator_client.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    assert "a space that is gone (no-such-space)" in page


def test_the_list_of_people_tells_their_roles(operator_client: Client) -> None:
    SpaceMember.objects.create(user=person("lou", Role.OPERATOR), space_id="x", role=Role.VIEWER)
    page = operator_client.get("/admin/auth/user/").content.decode()
    assert "Operator, in 1 of the spaces" in page
