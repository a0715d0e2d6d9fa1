"""The frame of every page: what it holds, and that it stands when other things do not."""

import json
import re

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.views.defaults import bad_request, server_error


class Words(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    agreed = forms.BooleanField(required=False)


def field(form: forms.Form, name: str) -> str:
    return render_to_string("halo_site/_field.html", {"field": form[name]})


def test_htmx_evaluates_nothing_and_swaps_refused_forms():
    page = render_to_string("404.html")
    config = json.loads(re.search(r"htmx-config\" content='([^']+)'", page).group(1))
    assert (config["allowEval"], config["includeIndicatorStyles"], config["selfRequestsOnly"]) == (
        False,
        False,
        True,
    )
    assert config["historyCacheSize"] == 0
    assert {"code": "422", "swap": True} in config["responseHandling"]
    assert {"code": "409", "swap": True} in config["responseHandling"]


def test_the_theme_is_chosen_before_the_first_paint():
    head = render_to_string("404.html").partition("</head>")[0]
    assert head.index("js/theme.js") < head.index("css/site.css")
    assert not re.search(r"theme\.js\"[^>]*(defer|async)", head)


@pytest.mark.parametrize(
    ("view", "status"), [(server_error, 500), (lambda request: bad_request(request, None), 400)]
)
def test_error_pages_need_no_database_and_no_context(view, status):
    response = view(RequestFactory().get("/"))
    assert response.status_code == status
    assert b'href="/"' in response.content


def test_a_frame_without_a_signed_in_person_shows_no_navigation():
    assert "<nav" not in render_to_string("404.html")


def test_a_field_names_its_help_and_its_error():
    shown = field(Words({}), "name")
    described = re.search(r'aria-describedby="([^"]+)"', shown).group(1).split()
    assert described == ["id_name_helptext", "id_name_error"]
    assert all(f'id="{place}"' in shown for place in described)


def test_a_field_that_may_stay_empty_says_so():
    class Optional(forms.Form):
        note = forms.CharField(required=False)

    assert "optional" in field(Optional(), "note")
    assert "optional" not in field(Words(), "name")


def test_a_tick_stands_before_its_label():
    shown = field(Words(), "agreed")
    assert shown.index("<input") < shown.index("<label")


def test_the_pager_is_absent_where_there_is_one_page():
    assert (
        render_to_string("halo_site/_pager.html", {"pager": {"prev_url": None, "next_url": None}}).strip()
        == ""
    )
