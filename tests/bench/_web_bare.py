"""What the portal's pages are measured against: Django with one view that renders one template, and nothing else but
that the answer says how long it is.

`/<name>` renders `<name>.html` of the folder BARE_PAGES, which holds as much text as the portal's page of that name.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="bare",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # says how long an answer is
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [os.environ.get("BARE_PAGES", "")]}
    ],
)


def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, f"{name}.html", {"said": "hello"})


urlpatterns = [path("<slug:name>", page)]
application = get_wsgi_application()
