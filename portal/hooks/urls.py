from django.urls import path

from portal.hooks import responder, views

app_name = "hooks"

urlpatterns = [
    path("responder/", responder.handed_over, name="responder"),
    path("<slug:service>/tracking/", views.tracking, name="tracking"),
    path("<slug:service>/inbound/", views.inbound, name="inbound"),
]
