"""Every address of the site; each face brings its own."""

from django.urls import include, path

from portal import health
from portal.admin import site
from portal.watching.exposition import metrics

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("readyz/", health.readyz, name="readyz"),
    path("readyz/intake/", health.intake, name="readyz-intake"),
    path("metrics", metrics, name="metrics"),
    path("console/", include("portal.console.urls")),
    path("console/", include("portal.console.account.urls")),
    path("admin/", site.urls),
    path("hooks/", include("portal.hooks.urls")),
    path("api/", include("portal.api.urls")),
    path("", include("portal.helpdesk.urls")),
    path("", include("portal.wizard.urls")),
]

handler500 = "portal.away.error_or_away"
