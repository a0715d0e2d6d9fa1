from django.urls import path, register_converter

from scheduler import views
from scheduler.addresses import JobId

app_name = "scheduler"
register_converter(JobId, "job_id")
urlpatterns = [
    path("", views.schedule_list, name="schedule_list"),
    path("day/", views.schedule_day, name="schedule_day"),
    path("<job_id:job_id>/", views.job_detail, name="job_detail"),
]
