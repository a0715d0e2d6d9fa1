from django.urls import path

from scheduler import views

app_name = "scheduler"
urlpatterns = [
    path("", views.schedule_list, name="schedule_list"),
    path("day/", views.schedule_day, name="schedule_day"),
    path("<path:job_id>/", views.job_detail, name="job_detail"),
]
