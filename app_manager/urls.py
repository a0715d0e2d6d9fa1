from django.urls import path

from app_manager.views import app, installing, spaces

app_name = "app_manager"
urlpatterns = [
    path("apps/new/", installing.app_new, name="app_new"),
    path("apps/new/preview/", installing.app_preview, name="app_preview"),
    path("apps/new/install/", installing.app_install, name="app_install"),
    path("apps/<str:app_id>/config/", app.app_config, name="app_config"),
    path("apps/<str:app_id>/config/save/", app.app_config_save, name="app_config_save"),
    path("apps/<str:app_id>/config/reset/", app.app_config_reset, name="app_config_reset"),
    path("apps/<str:app_id>/memory/", app.app_memory, name="app_memory"),
    path("apps/<str:app_id>/spec/", app.app_spec, name="app_spec"),
    path("apps/<str:app_id>/spec/download/", app.app_spec_download, name="app_spec_download"),
    path("apps/<str:app_id>/access/", app.app_access, name="app_access"),
    path("spaces/", spaces.space_list, name="space_list"),
]
