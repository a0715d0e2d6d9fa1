from django.apps import AppConfig


class AppRuntimeConfig(AppConfig):
    """Runs of apps, what they report and ask. The only app that imports the other three."""

    name = "app_runtime"
    verbose_name = "Runs"

    def ready(self) -> None:
        from app_runtime import registration

        registration.register()
