from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MemoryConfig(AppConfig):
    """What apps, spaces and the user remember: files, and a revision for every change of one."""

    name = "memory"
    verbose_name = _("Memory")
