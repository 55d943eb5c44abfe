"""The wizard's addresses. Articles stand last: their slug takes any first part that nothing else has."""

from django.urls import path

from portal import references  # noqa: F401 - registers the converter
from portal.wizard.views import actions, allowlist, case, links, start, stop

app_name = "wizard"

urlpatterns = [
    path("", start.home, name="home"),
    path("c/<str:token>/", links.open_link, name="open_link"),
    path("it/<str:token>/", links.it, name="it"),
    path("stop/<str:token>/", stop.stop, name="stop"),
    path("cases/<reference:reference>/", case.case, name="case"),
    path("cases/<reference:reference>/do/again/", actions.again, name="again"),
    path("cases/<reference:reference>/do/message/", actions.message, name="message"),
    path("cases/<reference:reference>/do/code/", actions.code, name="code"),
    path("cases/<reference:reference>/do/whereabouts/", actions.whereabouts, name="whereabouts"),
    path("cases/<reference:reference>/do/answer/", actions.answer, name="answer"),
    path("cases/<reference:reference>/do/headers/", actions.headers, name="headers"),
    path("cases/<reference:reference>/do/it-page/", actions.it_page, name="it_page"),
    path("cases/<reference:reference>/<slug:section>/", case.section, name="section"),
    path("<slug:article>/", start.start, name="start"),
    path("<slug:article>/allowlist.txt", allowlist.as_text, name="allowlist_txt"),
    path("<slug:article>/allowlist.json", allowlist.as_json, name="allowlist_json"),
]
