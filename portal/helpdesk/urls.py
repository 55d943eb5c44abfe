from django.urls import path

from portal.helpdesk import views

app_name = "helpdesk"

urlpatterns = [
    path("go/<slug:slug>/", views.go, name="go"),
    path("l/<str:token>/", views.link, name="link"),
]
