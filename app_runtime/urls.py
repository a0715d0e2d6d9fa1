from django.urls import path

from app_runtime import views
from app_runtime.escalations import views as question_views
from app_runtime.notifications import log_views
from app_runtime.notifications import views as notification_views
from app_runtime.runs import batch_views
from app_runtime.runs import views as run_views
from app_runtime.settings import notification_views as target_views
from app_runtime.settings import views as settings_views
from app_runtime.thread import views as thread_views
from app_runtime.usage import views as usage_views

app_name = "app_runtime"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("apps/", views.app_list, name="app_list"),
    path("apps/<str:app_id>/", thread_views.app_thread, name="app_thread"),
    path("apps/<str:app_id>/live/", thread_views.thread_live, name="thread_live"),
    path("apps/<str:app_id>/quiet/", thread_views.quiet_list, name="quiet_list"),
    path("apps/<str:app_id>/read/", thread_views.thread_read, name="thread_read"),
    path("apps/<str:app_id>/reply/", thread_views.app_reply, name="app_reply"),
    path("apps/<str:app_id>/entries/<str:entry_id>/", thread_views.entry_detail, name="entry_detail"),
    path("apps/<str:app_id>/entries/<str:entry_id>/data/", thread_views.entry_data, name="entry_data"),
    path("apps/<str:app_id>/runs/", views.app_runs, name="app_runs"),
    path("apps/<str:app_id>/run/", views.app_run, name="app_run"),
    path("apps/<str:app_id>/manage/", views.app_manage, name="app_manage"),
    path("apps/<str:app_id>/limits/save/", settings_views.app_limits_save, name="app_limits_save"),
    path("settings/", settings_views.settings_index, name="settings_index"),
    path("settings/models/", settings_views.source_list, name="source_list"),
    path("settings/models/new/", settings_views.source_new, name="source_new"),
    path("settings/models/create/", settings_views.source_create, name="source_create"),
    path("settings/models/order/", settings_views.source_order, name="source_order"),
    path("settings/models/<str:source_id>/", settings_views.source_detail, name="source_detail"),
    path("settings/models/<str:source_id>/save/", settings_views.source_save, name="source_save"),
    path("settings/models/<str:source_id>/test/", settings_views.source_test, name="source_test"),
    path("settings/models/<str:source_id>/default/", settings_views.source_default, name="source_default"),
    path("settings/models/<str:source_id>/delete/", settings_views.source_delete, name="source_delete"),
    path("settings/limits/", settings_views.limits, name="limits"),
    path("settings/limits/save/", settings_views.limits_save, name="limits_save"),
    path("settings/notifications/", target_views.notification_settings, name="notification_settings"),
    path("settings/notifications/targets/new/", target_views.target_new, name="target_new"),
    path("settings/notifications/targets/create/", target_views.target_create, name="target_create"),
    path("settings/notifications/targets/<str:target_id>/", target_views.target_detail, name="target_detail"),
    path(
        "settings/notifications/targets/<str:target_id>/save/", target_views.target_save, name="target_save"
    ),
    path(
        "settings/notifications/targets/<str:target_id>/delete/",
        target_views.target_delete,
        name="target_delete",
    ),
    path(
        "settings/notifications/targets/<str:target_id>/test/", target_views.target_test, name="target_test"
    ),
    path("settings/notifications/rules/create/", target_views.rule_create, name="rule_create"),
    path("settings/notifications/rules/<int:number>/delete/", target_views.rule_delete, name="rule_delete"),
    path("settings/notifications/quiet/save/", target_views.quiet_save, name="quiet_save"),
    path("settings/notifications/mail/save/", target_views.mail_save, name="mail_save"),
    path("settings/notifications/mail/test/", target_views.mail_test, name="mail_test"),
    path("notifications/", log_views.notification_list, name="notification_list"),
    path(
        "notifications/<str:notification_id>/again/", log_views.notification_again, name="notification_again"
    ),
    path("settings/prices/", settings_views.price_list, name="price_list"),
    path("settings/prices/create/", settings_views.price_create, name="price_create"),
    path("settings/prices/<int:price_id>/delete/", settings_views.price_delete, name="price_delete"),
    path("escalations/link/<str:token>/", notification_views.escalation_link, name="escalation_link"),
    path("usage/", usage_views.usage_detail, name="usage_detail"),
    path("usage/export.csv", usage_views.usage_export, name="usage_export"),
    path("escalations/", question_views.inbox, name="inbox"),
    path("escalations/live/", question_views.inbox_live, name="inbox_live"),
    path("escalations/<str:entry_id>/", question_views.question_detail, name="question_detail"),
    path("escalations/<str:entry_id>/answer/", question_views.question_answer, name="question_answer"),
    path("escalations/<str:entry_id>/dismiss/", question_views.question_dismiss, name="question_dismiss"),
    path("runs/", views.run_list, name="run_list"),
    path("runs/cancel/", batch_views.runs_cancel, name="runs_cancel"),
    path("runs/cancel/preview/", batch_views.runs_cancel_preview, name="runs_cancel_preview"),
    path("runs/again/", batch_views.runs_again, name="runs_again"),
    path("runs/again/preview/", batch_views.runs_again_preview, name="runs_again_preview"),
    path("runs/batches/<str:batch_id>/", batch_views.batch_detail, name="batch_detail"),
    path("runs/<str:run_id>/", run_views.run_detail, name="run_detail"),
    path("runs/<str:run_id>/progress/", run_views.run_progress, name="run_progress"),
    path("runs/<str:run_id>/transcript/", run_views.run_transcript, name="run_transcript"),
    path("runs/<str:run_id>/results/<str:name>/", run_views.run_result, name="run_result"),
    path("runs/<str:run_id>/cancel/", run_views.run_cancel, name="run_cancel"),
    path("runs/<str:run_id>/stop/", run_views.run_stop, name="run_stop"),
    path("runs/<str:run_id>/again/", run_views.run_repeat, name="run_repeat"),
    path("runs/<str:run_id>/continue/", run_views.run_continue, name="run_continue"),
    path("runs/<str:run_id>/message/", run_views.run_message, name="run_message"),
    path("runs/<str:run_id>/<str:tab>/", run_views.run_detail, name="run_tab"),
]
