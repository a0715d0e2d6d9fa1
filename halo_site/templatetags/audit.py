"""Ways to the audit log, for those who may read it: `{% load audit %}`."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from halo_site.filters import encoded
from halo_site.roles import Role, standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def may_audit(context: Any) -> bool:
    """`{% may_audit as allowed %}`: whether whoever looks may read the audit log."""
    user = getattr(context.get("request"), "user", None)
    return user is not None and standing_of(user).may(Role.ADMINISTRATOR)


@register.simple_tag(takes_context=True)
def audit_history(context: Any, kind: str, object_id: str = "") -> SafeString | str:
    """`{% audit_history "app" app.pk %}`: a link to what was done with it; nothing for other people."""
    if not may_audit(context):
        return ""
    query = encoded({"object_type": kind, **({"object_id": str(object_id)} if object_id else {})})
    address = reverse("audit_list") + query
    return format_html('<a class="link" href="{}">{}</a>', address, _("Its history"))
