from django.urls import path

from portal.hooks import views

app_name = "hooks"

urlpatterns = [
    path("<slug:service>/tracking/", views.tracking, name="tracking"),
    path("<slug:service>/inbound/", views.inbound, name="inbound"),
]
