from django.urls import path

from memory import views

app_name = "memory"
urlpatterns = [
    path("", views.place_list, name="place_list"),
    path("raw/<str:place_key>/", views.document_raw, name="document_raw"),
    path("raw/<str:place_key>/<path:relative>/", views.document_raw, name="document_raw"),
    path("<str:place_key>/", views.document_detail, name="document_detail"),
    path("<str:place_key>/<path:relative>/", views.document_detail, name="document_detail"),
]
