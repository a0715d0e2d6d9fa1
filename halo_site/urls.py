"""Every address of the site. The pages of each app stand in its own list."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from app_runtime.views import machinery
from halo_site import health, signin, welcome
from halo_site.access import own_account
from halo_site.audit_log import views as audit_views

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/login/", signin.to_sign_in),  # one door: the one that counts wrong passwords
    path("admin/", admin.site.urls),
    path("login/", own_account(signin.SignInView.as_view()), name="login"),
    path("logout/", own_account(LogoutView.as_view()), name="logout"),
    path("welcome/<str:token>/", welcome.welcome, name="welcome"),
    path("audit/", audit_views.audit_list, name="audit_list"),
    path("audit/export/<str:kind>/", audit_views.audit_export, name="audit_export"),
    path("machinery/", machinery, name="machinery"),
    path("memory/", include("memory.urls")),
    path("schedule/", include("scheduler.urls")),
    path("", include("app_manager.urls")),
    path("", include("app_runtime.urls")),
]

handler400 = "halo_site.errors.bad_request"
handler403 = "halo_site.errors.permission_denied"
handler404 = "halo_site.errors.page_not_found"
handler500 = "halo_site.errors.server_error"
