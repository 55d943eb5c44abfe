"""What agents read for each code of the domain. Short and exact: agents know the subject."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnostics.checks.sending import SERVICES
from diagnostics.domain import Gap, ProbeGroup, Stage, Status, Strength, SuppressionReason, Vantage, Verdict, Who
from diagnostics.models import CaseState, MessageState, Run
from diagnostics.probes.vendor_health import HealthKind, HealthState
from diagnostics.services.audit import Action
from diagnostics.services.audit_chain import Problem

Words = str | Promise

VERDICTS: Mapping[str, Words] = {
    Verdict.CAUSE_FOUND: _("Cause found"),
    Verdict.LIKELY_CAUSE: _("Likely cause"),
    Verdict.NOTHING_FOUND: _("Nothing found"),
    Verdict.INCONCLUSIVE: _("Inconclusive"),
}
VERDICT_TAGS: Mapping[str, Status] = {
    Verdict.CAUSE_FOUND: Status.PROBLEM,
    Verdict.LIKELY_CAUSE: Status.COULD_NOT_CHECK,
    Verdict.NOTHING_FOUND: Status.FINE,
    Verdict.INCONCLUSIVE: Status.COULD_NOT_CHECK,
}
"""Which colour and sign a verdict is shown with."""
STATUSES: Mapping[str, Words] = {
    Status.CHECKING: _("Checking"),
    Status.FINE: _("Fine"),
    Status.PROBLEM: _("Problem"),
    Status.COULD_NOT_CHECK: _("Could not check"),
    Status.NOT_CHECKED: _("Not checked"),
    Status.DOES_NOT_APPLY: _("Does not apply"),
}
CASE_STATES: Mapping[str, Words] = {
    CaseState.CHECKING: _("Checking"),
    CaseState.OPEN: _("Open"),
    CaseState.RESOLVED: _("Resolved"),
}
ORIGINS: Mapping[str, Words] = {
    "portal": _("Customer, on their own"),
    "helpdesk": _("Link in a ticket"),
    "link": _("Signed link"),
    "api": _("API"),
}
STRENGTHS: Mapping[str, Words] = {
    Strength.PROVES: _("proved"),
    Strength.HINTS: _("a hint"),
    Strength.RULES_OUT: _("ruled out"),
}
STAGES: Mapping[str, Words] = {
    Stage.SENT: _("on sending"),
    Stage.ROUTED: _("on the way to their server"),
    Stage.ACCEPTED: _("at their server"),
    Stage.PLACED: _("between their server and the inbox"),
    Stage.READ: _("in the mailbox"),
    Stage.DEVICE: _("at the device"),
    Stage.NETWORK: _("in their network"),
    Stage.HOSTS: _("at our hosts"),
}
WHO: Mapping[str, Words] = {
    Who.USER: _("the customer"),
    Who.IT: _("their IT"),
    Who.PROVIDER: _("their mail provider"),
    Who.VENDOR: _("us"),
}
GROUPS: Mapping[str, Words] = {
    ProbeGroup.DNS: _("DNS"),
    ProbeGroup.PORTS: _("Ports"),
    ProbeGroup.DELIVERY: _("Delivery"),
    ProbeGroup.RECORDS: _("Our records"),
}
VANTAGES: Mapping[str, Words] = {
    Vantage.SERVER: _("seen from our server"),
    Vantage.BROWSER: _("seen from the customer’s browser"),
    Vantage.SCRIPT: _("seen from the customer’s network"),
    Vantage.CUSTOMER: _("said by the customer"),
    Vantage.SENDER: _("said by the sending service"),
}
GAPS: Mapping[str, Words] = {
    Gap.RESOLVER_SILENT: _("No name server gave a usable answer."),
    Gap.TIMED_OUT: _("No answer came within the time limit."),
    Gap.NEEDS_MISSING: _("Something this builds on could not be seen."),
    Gap.NOT_PUBLIC: _("The address is not a public one, so we do not connect to it."),
    Gap.EGRESS_BLOCKED: _("We could not reach other hosts either: the fault may be ours."),
    Gap.FAULT: _("The probe itself failed; the log has the details."),
    Gap.LOST: _("The worker was lost three times."),
    Gap.OUTDATED: _("It was written by another version of the portal; the raw data is all there is."),
    Gap.NO_MX: _("There is no mail host to talk to."),
    Gap.NO_HOSTS: _("The vendor profile names no hosts."),
    Gap.NO_CONTROL: _("The vendor profile names no control domain."),
    Gap.MX_UNREACHABLE: _("No mail host could be talked to; nothing was handed over."),
    Gap.RELAYED: _("Our relay took it; their server has not been heard yet."),
    Gap.NOT_ALL_TRIED: _("Not every mail host could be tried."),
    Gap.NOT_TAKEN: _("The message was refused before."),
    Gap.OUTCOME_UNKNOWN: _("The connection ended after the message was handed over: it may have been taken or not."),
    Gap.NOT_SET_UP: _("The portal is connected to no such record (directory, sending service)."),
    Gap.RECORDS_SILENT: _("Our directory or sending service gave no usable answer."),
    Gap.STALE: _("The last look is more than an hour old."),
    Gap.NO_RESPONDER: _("The vendor profile names no port responder."),
    Gap.RESPONDER_DOWN: _("Our own port responder does not answer us either."),
    Gap.CANNOT_TEST: _("The browser, or the network around it, did not let the test run."),
}
HEALTH_KINDS: Mapping[str, Words] = {
    HealthKind.SPF: "SPF",
    HealthKind.DKIM: "DKIM",
    HealthKind.DMARC: "DMARC",
    HealthKind.ALIGNMENT: _("Alignment"),
    HealthKind.PTR: _("Reverse name"),
    HealthKind.BLOCKLIST: _("Blocklist"),
    HealthKind.HOST: _("Host"),
    HealthKind.DRIFT_EXTRA: _("In the article"),
    HealthKind.DRIFT_MISSING: _("Missing from the article"),
}
HEALTH_STATES: Mapping[str, Words] = {
    HealthState.FINE: _("Fine"),
    HealthState.PROBLEM: _("Problem"),
    HealthState.UNKNOWN: _("Could not check"),
}
REPORTS: Mapping[str, Words] = {
    "VendorHealth": _("Our own side"),
    "CodeMailEvents": _("What the sending service told of code e-mails meanwhile"),
    "TestMessageStopped": _("The sending service did not send the test message"),
    "TestMessageReport": _("Hand-over of the test message"),
    "ComparisonReport": _("Hand-over of the comparison message"),
    "BounceReport": _("A bounce of the test message"),
    "ComparisonBounce": _("A bounce of the comparison message"),
    "TestCodeTyped": _("The test code was typed back"),
    "ComparisonCodeTyped": _("The code of the comparison message was typed back"),
    "MailboxAnswer": _("Where the test message was found"),
    "ComparisonAnswer": _("Where the comparison message was found"),
    "PastedHeaders": _("Headers of a message that arrived"),
    "CodeArrivalAnswer": _("Whether a code has come"),
    "CodePlaceAnswer": _("Where the code was found"),
    "CodeUsedAnswer": _("Which code was typed in"),
    "OftenAnswer": _("How often a code was asked for"),
    "AskedWhenAnswer": _("When the code was asked for"),
    "OnAccountAnswer": _("What the account page says"),
    "MailboxKindAnswer": _("What kind of mailbox it is"),
    "ColleaguesAnswer": _("Whether colleagues get our e-mail"),
    "ClockAnswer": _("Whether the device shows the right time"),
    "BrowserLook": _("Ports as a browser in the customer’s network sees them"),
    "ScriptLook": _("Ports as the check script in the customer’s network sees them"),
    "Sightings": _("What reached our port responders"),
}
SUPPRESSION_REASONS: Mapping[str, Words] = {
    SuppressionReason.BOUNCE: _("an earlier message came back"),
    SuppressionReason.COMPLAINT: _("a message was reported as spam"),
    SuppressionReason.UNSUBSCRIBE: _("unsubscribed"),
    SuppressionReason.MANUAL: _("put there by hand"),
    SuppressionReason.OTHER: _("for another reason"),
}
RELEASE_CONDITIONS: Mapping[str, Words] = {
    SuppressionReason.BOUNCE: _("The cause is mended: the mailbox exists, is spelled right and has room."),
    SuppressionReason.COMPLAINT: _("The customer has said that they want our e-mail, and marked it as “not spam”."),
    SuppressionReason.UNSUBSCRIBE: _("The customer has said that they want our e-mail again."),
    SuppressionReason.MANUAL: _("I know why the address was put on the list, and that it is over."),
    SuppressionReason.OTHER: _("The cause that the service notes is mended."),
}
RELEASE_OUTCOMES: Mapping[str, Words] = {
    "": _("Waiting to be released."),
    "asking": _("Being released."),
    "released": _("Released: the service sends to this address again."),
    "refused": _("The service refused to release the address."),
    "silent": _("The service gave no usable answer: the address may be released or not. Run again to see."),
}
MESSAGE_STATUSES: Mapping[str, Status] = {
    MessageState.QUEUED: Status.CHECKING,
    MessageState.SENDING: Status.CHECKING,
    MessageState.ACCEPTED: Status.FINE,
    MessageState.RELAYED: Status.CHECKING,
    MessageState.DEFERRED: Status.PROBLEM,
    MessageState.REFUSED: Status.PROBLEM,
    MessageState.UNREACHABLE: Status.COULD_NOT_CHECK,
    MessageState.UNKNOWN: Status.COULD_NOT_CHECK,
}
"""Which colour and sign the state of a test message is shown with."""


ACTIONS: Mapping[str, Words] = {
    Action.CASE_READ: _("Read a case"),
    Action.CASE_EXPORTED: _("Exported a case"),
    Action.CASE_RESOLVED: _("Resolved a case"),
    Action.CASE_REOPENED: _("Reopened a case"),
    Action.RUN_STARTED: _("Ran the checks again"),
    Action.MESSAGE_SENT: _("Sent a test message"),
    Action.NOTE_WRITTEN: _("Wrote a note"),
    Action.TICKET_NOTE_RETRIED: _("Tried a ticket’s note again"),
    Action.CUSTOMERS_PAGE_USED: _("Acted on the customer’s page"),
    Action.SUPPRESSION_RELEASED: _("Released an address"),
    Action.LINK_MADE: _("Made a link"),
    Action.LINK_REVOKED: _("Revoked a link"),
    Action.INCIDENT_CLOSED: _("Closed an incident"),
    Action.SIGNED_IN: _("Signed in"),
    Action.SIGN_IN_REFUSED: _("Was refused at sign-in"),
    Action.SIGNED_OUT: _("Signed out"),
    Action.AGENT_CHANGED: _("Changed an account"),
    Action.API_CLIENT_CHANGED: _("Changed an API client"),
    Action.WEBHOOK_CHANGED: _("Changed a webhook"),
    Action.AUDIT_EXPORTED: _("Downloaded the audit trail"),
    Action.AUDIT_VERIFIED: _("Verified the audit trail"),
    Action.DIRECTORY_IMPORTED: _("Imported a directory"),
    Action.PERSON_LOOKED_UP: _("Looked up a person’s data"),
    Action.PERSON_EXPORTED: _("Exported a person’s data"),
    Action.ERASURE_ASKED: _("Asked for a person’s erasure"),
    Action.PERSON_ERASED: _("Erased a person"),
    Action.PURGED: _("Deleted what was too old"),
}
AUDIT_PROBLEMS: Mapping[str, Words] = {
    Problem.CHANGED: _("it was changed."),
    Problem.MISSING: _("the entry before it is missing."),
    Problem.INSERTED: _("what stands before it was put in between."),
    Problem.ORDER: _("it stands before the one that it follows."),
    Problem.BEGINNING: _("the trail does not begin there."),
    Problem.HEAD: _("it is gone, or another one."),
}
KEPT_TABLES: Mapping[str, Words] = {
    "Case": _("Cases"),
    "TestMessage": _("Test messages"),
    "SenderEvent": _("Events of sending services"),
    "DeepLink": _("Links from tickets"),
    "DirectoryEntry": _("Directory entries"),
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A word in a frame; `status` gives it colour and sign."""

    status: Status
    word: str


def verdict_tag(run: Run | None) -> Tag:
    """The verdict of a finished run, or that it is under way."""
    if run is None or not run.finished:
        return Tag(Status.CHECKING, word(STATUSES, Status.CHECKING))
    return Tag(VERDICT_TAGS.get(run.verdict, Status.NOT_CHECKED), word(VERDICTS, run.verdict))


def service_name(slug: str) -> str:
    """What a sending service is called; one that is not known by its slug."""
    return SERVICES.get(slug, slug)


def word(words: Mapping[str, Words], code: str) -> str:
    """The words for a code; a code from another version is shown as it is."""
    return str(words.get(code, code.replace("_", " ")))
