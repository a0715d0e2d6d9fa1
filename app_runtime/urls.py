from django.urls import path

from app_runtime import run_views, views

app_name = "app_runtime"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("apps/", views.app_list, name="app_list"),
    path("apps/<str:app_id>/", views.app_thread, name="app_thread"),
    path("apps/<str:app_id>/runs/", views.app_runs, name="app_runs"),
    path("apps/<str:app_id>/run/", views.app_run, name="app_run"),
    path("apps/<str:app_id>/manage/", views.app_manage, name="app_manage"),
    path("runs/", views.run_list, name="run_list"),
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
