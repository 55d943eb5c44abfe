"""The wizard's addresses. Articles stand last: their slug takes any first part that nothing else has."""

from django.urls import path, re_path

from portal import references  # noqa: F401 - registers the converter
from portal.wizard.views import actions, allowlist, case, links, network, scripts, start, stop

app_name = "wizard"

urlpatterns = [
    # First, because most requests are polls: addresses are tried in this order.
    path("cases/<reference:reference>/", case.case, name="case"),
    path("", start.home, name="home"),
    path("c/<str:token>/", links.open_link, name="open_link"),
    path("c/<str:token>/<slug:section>/", links.open_section, name="open_section"),
    path("it/<str:token>/", links.it, name="it"),
    path("it/<str:token>/script/", links.it_script, name="it_script"),
    path("stop/<str:token>/", stop.stop, name="stop"),
    path("network/now/", network.now, name="network_now"),
    path("network/report/", scripts.report, name="network_report"),
    re_path(r"^(?P<name>check-1\.(?:sh|ps1))$", scripts.script_file, name="script"),
    path("cases/<reference:reference>/do/again/", actions.again, name="again"),
    path("cases/<reference:reference>/do/message/", actions.message, name="message"),
    path("cases/<reference:reference>/do/code/", actions.code, name="code"),
    path("cases/<reference:reference>/do/whereabouts/", actions.whereabouts, name="whereabouts"),
    path("cases/<reference:reference>/do/answer/", actions.answer, name="answer"),
    path("cases/<reference:reference>/do/headers/", actions.headers, name="headers"),
    path("cases/<reference:reference>/do/it-page/", actions.it_page, name="it_page"),
    path("cases/<reference:reference>/do/network/start/", network.start, name="network_start"),
    path("cases/<reference:reference>/do/network/", network.report, name="network"),
    path("cases/<reference:reference>/do/script/", actions.begin_script, name="begin_script"),
    path("cases/<reference:reference>/do/network-paste/", actions.pasted_report, name="pasted_report"),
    path("cases/<reference:reference>/<slug:section>/", case.section, name="section"),
    path("<slug:article>/", start.start, name="start"),
    path("<slug:article>/allowlist.txt", allowlist.as_text, name="allowlist_txt"),
    path("<slug:article>/allowlist.json", allowlist.as_json, name="allowlist_json"),
]
