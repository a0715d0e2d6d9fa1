from django.apps import AppConfig


class AppManagerConfig(AppConfig):
    """What is installed, and whether its spec is legal."""

    name = "app_manager"
    verbose_name = "Apps"

    def ready(self) -> None:
        from app_manager.places import register

        register()
