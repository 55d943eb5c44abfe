from django.urls import path, re_path

from portal.api import views
from portal.api.v1 import api

app_name = "api"

urlpatterns = [
    path("v1/docs", views.docs, name="docs"),
    path("v1/openapi.json", views.openapi, name="openapi"),
    path("v1/", api.urls),
    re_path(r"^", views.unknown),
]
