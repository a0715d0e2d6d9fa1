"""Everything that a spec says is shown as text (abuse case S19)."""

from typing import Any

import pytest
import yaml

from tests.app_manager.factories import SPEC, install_app

pytestmark = pytest.mark.django_db

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "</textarea><b hx-get=/x>",
    "</pre></title><iframe>",
    "{{ 7|add:7 }}{% now 'Y' %}",
)
TAGS = ("<script>alert", "<img src=x", "<svg onload", "<b hx-get", "<iframe")


def hostile(payload: str) -> str:
    """A legal spec that says the payload wherever it can."""
    item = {"label": payload, "description": payload, "placeholder": payload}
    option = {"label": payload, "value": payload}
    spec: dict[str, Any] = {
        **SPEC,
        "name": payload,
        "display_name": payload,
        "version": payload,
        "author": payload,
        "description": payload,
        "system_prompt": payload,
        "icon": payload,
        "permissions": [payload, f"mcp:{payload}"],
        "requires": {
            "mcps": [{"id": payload, "reason": payload}],
            "skills": [{"id": payload, "reason": payload}],
        },
        "config_schema": [
            {"key": payload, "type": "string", "default": payload, "required": True, **item},
            {"key": "b", "type": "select", "options": [option], "default": payload, **item},
            {"key": "c", "type": "text", "default": f"{payload}\n{payload}", **item},
            {"key": "d", "type": "boolean", **item},
            {"key": "e", "type": "url", "required": True, **item},
        ],
        "subscriptions": [
            {"id": payload, "prompt": payload, "source": {"type": "schedule", "config": {"every": "1h"}}},
            {"id": "f", "source": {"type": "file", "config": {"pattern": payload, "path": payload}}},
            {"id": "w", "source": {"type": "webhook", "config": {"path": payload}}},
            {"id": "p", "source": {"type": "webpage", "config": {"url": payload}}},
            {"id": "r", "source": {"type": "rss", "config": {"url": payload}}},
        ],
        "output": {"notify": {"channels": [payload]}},
        "browser_login": [{"url": payload, "label": payload}],
        "i18n": {"en": {"name": payload, "description": payload}},
        payload: payload,
    }
    return yaml.safe_dump(spec, allow_unicode=True)


def assert_harmless(response: Any) -> None:
    page = response.content.decode()
    assert not [tag for tag in TAGS if tag in page]
    assert "14" + "2026" not in page  # nothing of it ran as a template


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_preview_shows_text(operator_client, payload):
    response = operator_client.post("/apps/new/preview/", {"spec_text": hostile(payload)})
    assert response.status_code == 200
    assert_harmless(response)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_problems_and_the_kept_text_are_text(operator_client, payload):
    broken = hostile(payload) + "\ntype: 3\n"
    response = operator_client.post("/apps/new/preview/", {"spec_text": broken})
    assert response.status_code == 422
    assert_harmless(response)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("page", ["/apps/{}/{}/", "/admin/app_manager/app/{}/change/"])
def test_the_pages_of_an_app_show_text(operator_client, payload, page):
    app = install_app(hostile(payload), granted=(payload,))
    for tab in ("config", "spec", "access", "memory"):
        assert_harmless(operator_client.get(page.format(app.pk, tab)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_refused_form_shows_text(operator_client, payload):
    app = install_app(hostile(payload))
    assert_harmless(operator_client.post(f"/apps/{app.pk}/config/save/", {"config-e": payload}))
    assert_harmless(operator_client.get("/admin/app_manager/app/"))
