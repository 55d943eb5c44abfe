from django.urls import path

from portal.hooks import helpdesk, responder, views

app_name = "hooks"

urlpatterns = [
    path("helpdesk/<slug:slug>/", helpdesk.called, name="helpdesk"),
    path("responder/", responder.handed_over, name="responder"),
    path("<slug:service>/tracking/", views.tracking, name="tracking"),
    path("<slug:service>/inbound/", views.inbound, name="inbound"),
]
