from django.urls import path, re_path

from portal import references  # noqa: F401 - registers the converter
from portal.console import suppression, views
from portal.console.sign_in import SignIn, SignOut

app_name = "console"

urlpatterns = [
    path("", views.cases, name="cases"),
    path("cases/<reference:reference>/", views.case, name="case"),
    path("cases/<reference:reference>/again/", views.again, name="again"),
    path("cases/<reference:reference>/release/", suppression.release, name="release"),
    re_path(
        r"^tickets/(?P<helpdesk>[a-z0-9-]{1,20})/(?P<ticket>[A-Za-z0-9._:#-]{1,64})/\Z", views.ticket, name="ticket"
    ),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
]
