from django.urls import include, path, re_path

from portal import references  # noqa: F401 - registers the converter
from portal.console import api_keys, audit, fleet, links, macros, privacy, suppression, views
from portal.console.account import lasting
from portal.console.case import accuracy, actions, diff, export, page, reply
from portal.console.sign_in import SignIn, sign_out

app_name = "console"

urlpatterns = [
    path("", views.cases, name="cases"),
    path("cases/<reference:reference>/", page.case, name="case"),
    path("cases/<reference:reference>/again/", actions.again, name="again"),
    path("cases/<reference:reference>/diff/", diff.diff, name="diff"),
    path("cases/<reference:reference>/export.json", export.as_json, name="export"),
    path("cases/<reference:reference>/link/", actions.link, name="link"),
    path("cases/<reference:reference>/message/", actions.message, name="message"),
    path("cases/<reference:reference>/note/", actions.note, name="note"),
    path("cases/<reference:reference>/print/", export.for_print, name="print"),
    path("cases/<reference:reference>/reopen/", actions.reopen, name="reopen"),
    path("cases/<reference:reference>/reply/", reply.reply, name="reply"),
    path("cases/<reference:reference>/resolve/", actions.resolve, name="resolve"),
    path("cases/<reference:reference>/release/", suppression.release, name="release"),
    path("cases/<reference:reference>/links/", links.of_case, name="case_links"),
    path("links/<int:pk>/revoke/", links.revoke_one, name="revoke_link"),
    path("ticket-notes/<int:pk>/again/", links.note_again, name="note_again"),
    path("settings/helpdesks/", macros.helpdesks, name="helpdesks"),
    path("settings/api/", api_keys.clients, name="api"),
    path("settings/api/clients/<int:client_pk>/keys/", api_keys.new_key, name="api_key"),
    path("settings/api/keys/<int:key_pk>/revoke/", api_keys.revoke, name="api_revoke"),
    path("settings/webhooks/", include("portal.console.webhooks.urls")),
    re_path(
        r"^tickets/(?P<helpdesk>[a-z0-9-]{1,20})/(?P<ticket>[A-Za-z0-9._:#-]{1,64})/links/\Z",
        links.of_ticket,
        name="ticket_links",
    ),
    re_path(
        r"^tickets/(?P<helpdesk>[a-z0-9-]{1,20})/(?P<ticket>[A-Za-z0-9._:#-]{1,64})/\Z", views.ticket, name="ticket"
    ),
    path("fleet/", fleet.overview, name="fleet"),
    path("fleet/incidents/<int:pk>/close/", fleet.close_incident, name="close_incident"),
    path("accuracy/", accuracy.accuracy, name="accuracy"),
    path("audit/", audit.audit, name="audit"),
    path("audit.csv", audit.download, name="audit_csv"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/export/", privacy.export_person, name="privacy_export"),
    path("privacy/erase/", privacy.erase_person, name="privacy_erase"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_out, name="sign_out"),
    path("session/", lasting.session, name="session"),
]
