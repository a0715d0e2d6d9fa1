from django.urls import path

from app_manager.views import app, installing, lifecycle, spaces, updating

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
    path("apps/<str:app_id>/spec/update/", updating.app_update, name="app_update"),
    path("apps/<str:app_id>/spec/update/preview/", updating.app_update_preview, name="app_update_preview"),
    path("apps/<str:app_id>/spec/update/confirm/", updating.app_update_confirm, name="app_update_confirm"),
    path("apps/<str:app_id>/spec/versions/<int:number>/", updating.spec_version, name="spec_version"),
    path(
        "apps/<str:app_id>/spec/versions/<int:number>/restore/",
        updating.spec_version_restore,
        name="spec_version_restore",
    ),
    path("apps/<str:app_id>/schedule/reset/", app.app_schedule_reset, name="app_schedule_reset"),
    path("apps/<str:app_id>/notifications/save/", app.app_notifications_save, name="app_notifications_save"),
    path("apps/<str:app_id>/access/", app.app_access, name="app_access"),
    path("apps/<str:app_id>/access/save/", app.app_access_save, name="app_access_save"),
    path("apps/<str:app_id>/pause/", lifecycle.app_pause, name="app_pause"),
    path("apps/<str:app_id>/resume/", lifecycle.app_resume, name="app_resume"),
    path("apps/<str:app_id>/uninstall/", lifecycle.app_uninstall, name="app_uninstall"),
    path("apps/<str:app_id>/reinstall/", lifecycle.app_reinstall, name="app_reinstall"),
    path("apps/<str:app_id>/move/", lifecycle.app_move, name="app_move"),
    path("apps/<str:app_id>/delete/", lifecycle.app_delete, name="app_delete"),
    path("spaces/", spaces.space_list, name="space_list"),
    path("spaces/new/", spaces.space_new, name="space_new"),
    path("spaces/create/", spaces.space_create, name="space_create"),
    path("spaces/reorder/", spaces.space_reorder, name="space_reorder"),
    path("spaces/recovery-seen/", spaces.space_recovery_seen, name="space_recovery_seen"),
    path("spaces/<str:space_id>/", spaces.space_detail, name="space_detail"),
    path("spaces/<str:space_id>/save/", spaces.space_save, name="space_save"),
    path("spaces/<str:space_id>/repair/", spaces.space_repair, name="space_repair"),
    path("spaces/<str:space_id>/delete/", spaces.space_delete, name="space_delete"),
]
