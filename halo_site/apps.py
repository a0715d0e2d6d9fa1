from django.apps import AppConfig


class HaloSiteConfig(AppConfig):
    """The platform: data directory, store, processes, sign-in. Knows no domain words."""

    name = "halo_site"
    verbose_name = "Halo Site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from halo_site import checks  # noqa: F401 - registers the system checks
