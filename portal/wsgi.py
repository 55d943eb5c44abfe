import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from diagnostics import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
# All views are imported here, not while the first visitors wait.
get_resolver().url_patterns  # noqa: B018
garbage.settle()
