"""The second line behind the loaders, and the tags that hide what somebody may not use."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import RequestFactory

from halo_site.access import ChangesNeedARole, own_account
from halo_site.models import SpaceMember
from halo_site.roles import Role

pytestmark = pytest.mark.django_db


def forgetful(request: HttpRequest) -> HttpResponse:
    """A view that forgot to ask."""
    return HttpResponse("done")


def sent_by(user: User, method: str = "post") -> HttpRequest:
    request: HttpRequest = getattr(RequestFactory(), method)("/")
    request.user = user
    return request


def person(role: Role | None = None, space: str = "") -> User:
    user = User.objects.create_user(f"{role}{space}")
    if role and space:
        SpaceMember.objects.create(user=user, space_id=space, role=role)
    elif role:
        user.groups.add(Group.objects.get(name=role.value))
    return user


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_a_view_that_forgot_to_ask_is_closed_all_the_same(method: str, role: Role | None) -> None:
    with pytest.raises(PermissionDenied, match=r"change nothing here; it has: (no role|Viewer)"):
        ChangesNeedARole(forgetful).process_view(sent_by(person(role), method), forgetful)


@pytest.mark.parametrize("space", ["", "one-space"])
def test_an_operator_anywhere_gets_as_far_as_the_loaders(space: str) -> None:
    ChangesNeedARole(forgetful).process_view(sent_by(person(Role.OPERATOR, space)), forgetful)


def test_ones_own_account_needs_no_role() -> None:
    ChangesNeedARole(forgetful).process_view(
        sent_by(person()), own_account(lambda request: forgetful(request))
    )


def test_looking_needs_nothing_here() -> None:
    ChangesNeedARole(forgetful).process_view(sent_by(person(), "get"), forgetful)


def drawn(text: str, user: User | None, **more: str) -> str:
    context = {"request": sent_by(user, "get")} if user else {}
    return Template("{% load roles %}" + text).render(Context({**context, **more}))


@pytest.mark.parametrize(("space", "shown"), [("mine", "yes"), ("other", "no"), ("", "no")])
def test_a_verb_stands_where_the_role_holds(space: str, shown: str) -> None:
    text = '{% may "operator" space as can %}{{ can|yesno }}'
    assert drawn(text, person(Role.MANAGER, "mine"), space=space) == shown


def test_a_verb_about_no_space_stands_for_whoever_has_the_role_somewhere() -> None:
    text = '{% may_somewhere "manager" as can %}{{ can|yesno }}'
    assert drawn(text, person(Role.MANAGER, "mine")) == "yes"
    assert drawn(text, person(Role.OPERATOR)) == "no"


def test_a_page_without_a_request_offers_nothing() -> None:
    assert drawn('{% may "viewer" as can %}{{ can|yesno }}', None) == "no"
