from django.urls import path, re_path

from portal.helpdesk import embed, views

app_name = "helpdesk"

urlpatterns = [
    path("start", views.start, name="start"),
    path("start/", views.start, name="start_with_slash"),
    path("go/<slug:slug>/", views.go, name="go"),
    path("l/<str:token>/", views.link, name="link"),
    re_path(
        r"^agent/t/(?P<helpdesk>[a-z0-9-]{1,20})/(?P<ticket>[A-Za-z0-9._:#-]{1,64})/?\Z", views.agent, name="agent"
    ),
    path("embed/zendesk/", embed.zendesk, name="embed_zendesk"),
    path("embed/zendesk/ticket/", embed.zendesk_ticket, name="embed_zendesk_ticket"),
    path("embed/<str:token>", embed.card, name="embed"),
]
