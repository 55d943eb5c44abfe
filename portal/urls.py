"""Every address of the site; each face brings its own."""

from django.urls import include, path

from portal import health

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("console/", include("portal.console.urls")),
    path("hooks/", include("portal.hooks.urls")),
    path("", include("portal.helpdesk.urls")),
    path("", include("portal.wizard.urls")),
]
