from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HaloSiteConfig(AppConfig):
    """The platform: data directory, store, processes, sign-in. Knows no domain words."""

    name = "halo_site"
    verbose_name = "Halo Site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from halo_site import checks, roles, sign_in_audit  # noqa: F401 - checks registers itself
        from halo_site.audit_log import objects

        objects.register_own()
        sign_in_audit.register()
        post_migrate.connect(lambda **_: roles.create_groups(), sender=self, weak=False, dispatch_uid="roles")
