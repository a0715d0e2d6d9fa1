from django.urls import path

from app_runtime import views

app_name = "app_runtime"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("apps/", views.app_list, name="app_list"),
    path("apps/<str:app_id>/", views.app_thread, name="app_thread"),
    path("apps/<str:app_id>/runs/", views.app_runs, name="app_runs"),
    path("apps/<str:app_id>/run/", views.app_run, name="app_run"),
    path("apps/<str:app_id>/manage/", views.app_manage, name="app_manage"),
    path("runs/", views.run_list, name="run_list"),
    path("runs/<str:run_id>/", views.run_detail, name="run_detail"),
    path("runs/<str:run_id>/progress/", views.run_progress, name="run_progress"),
    path("runs/<str:run_id>/transcript/", views.run_transcript, name="run_transcript"),
]
