from django.apps import AppConfig


class AppManagerConfig(AppConfig):
    """What is installed, and whether its spec is legal."""

    name = "app_manager"
    verbose_name = "Apps"

    def ready(self) -> None:
        from app_manager import audit_kinds, job_owner
        from app_manager.places import register
        from halo_site.archive.relocation import register_path_column

        register()
        job_owner.register()
        audit_kinds.register()
        register_path_column("installed_apps", "data_path")
