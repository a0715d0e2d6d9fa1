from django.urls import path

from memory import editing_views, history_views, search_views, views

app_name = "memory"
# The name of a document ends in ".md", so no verb below it can be taken for one. Each verb has two addresses:
# that of the main file, and that of a file in the folder.
urlpatterns = [
    path("", views.place_list, name="place_list"),
    path("search/", search_views.search_detail, name="search_detail"),
    path("orphans/", search_views.orphan_list, name="orphan_list"),
    path("raw/<str:place_key>/", views.document_raw, name="document_raw"),
    path("raw/<str:place_key>/<path:relative>/", views.document_raw, name="document_raw"),
    path("<str:place_key>/new/", editing_views.document_new, name="document_new"),
    path("<str:place_key>/new/create/", editing_views.document_create, name="document_create"),
    path("<str:place_key>/new/preview/", editing_views.new_preview, name="new_preview"),
    path("<str:place_key>/deleted/", history_views.deleted_list, name="deleted_list"),
    *(
        path(f"<str:place_key>/{middle}{verb}/", view, name=name)
        for middle in ("", "<path:relative>/")
        for verb, view, name in (
            ("edit", editing_views.document_edit, "document_edit"),
            ("preview", editing_views.document_preview, "document_preview"),
            ("save", editing_views.document_save, "document_save"),
            ("merge", editing_views.document_merge, "document_merge"),
            ("copy", editing_views.document_copy, "document_copy"),
            ("text", editing_views.text_download, "text_download"),
            ("rename", editing_views.document_rename, "document_rename"),
            ("remove", editing_views.document_remove, "document_remove"),
            ("restore", history_views.document_restore, "document_restore"),
            ("history", history_views.document_history, "document_history"),
            ("history/<int:number>", history_views.revision_detail, "revision_detail"),
            ("blame", history_views.document_blame, "document_blame"),
        )
    ),
    path("<str:place_key>/", views.document_detail, name="document_detail"),
    path("<str:place_key>/<path:relative>/", views.document_detail, name="document_detail"),
]
