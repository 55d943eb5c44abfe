"""Every address of the site; each face brings its own."""

from django.urls import include, path

from portal import health
from portal.admin import site

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("console/", include("portal.console.urls")),
    path("console/", include("portal.console.account.urls")),
    path("admin/", site.urls),
    path("hooks/", include("portal.hooks.urls")),
    path("api/", include("portal.api.urls")),
    path("", include("portal.helpdesk.urls")),
    path("", include("portal.wizard.urls")),
]
