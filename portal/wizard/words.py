"""What the customer reads for every code of the domain; the wizard turns codes into words nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from diagnostics.domain import (
    ConnectOutcome,
    DnsStatus,
    Gap,
    Membership,
    Stage,
    Status,
    Strength,
    Vantage,
    Verdict,
    Who,
)
from diagnostics.models import MessageState
from diagnostics.probes.mailbox_behind import SignKind
from diagnostics.probes.network_look import How, Place, PortState
from diagnostics.probes.test_message import Whereabouts
from diagnostics.probes.vendor_health import HealthKind
from diagnostics.services.network import Reason

Words = str | Promise

STATUSES: Mapping[Status, Words] = {
    Status.CHECKING: _("Checking"),
    Status.FINE: pgettext_lazy("status", "Fine"),
    Status.PROBLEM: _("Needs action"),
    Status.COULD_NOT_CHECK: _("Could not check"),
    Status.NOT_CHECKED: _("Not checked yet"),
    Status.DOES_NOT_APPLY: _("Does not apply"),
}
STATUS_LINES: Mapping[Status, Words] = {
    Status.CHECKING: _("We are still looking."),
    Status.FINE: _("We found no problem here."),
    Status.PROBLEM: _("We found something here."),
    Status.COULD_NOT_CHECK: _("We could not find out. This is our limit, not your fault."),
    Status.NOT_CHECKED: _("Nothing has been checked here yet."),
    Status.DOES_NOT_APPLY: _("There is nothing to check here for your address."),
}
QUESTIONS: Mapping[str, Words] = {
    "address": _("Is the address free of typing slips?"),
    "directory": _("Do our records have this address as an administrator of this company?"),
    "domain": _("Does the domain exist?"),
    "mx": _("Does the domain say where its e-mail goes?"),
    "mail-system": _("Who handles your e-mail?"),
    "mx-answers": _("Does your mail server answer us?"),
    "mailbox": _("Does your mail server know the mailbox?"),
    "space": _("Is there room in the mailbox?"),
    "deferral": _("Does your mail server take our message at once?"),
    "refusal": _("Does your mail server let our message in?"),
    "held": _("Does a filter or quarantine hold our message?"),
    "seen": _("Is our message in your inbox?"),
    "comparison": _("Does another mailbox get the same message?"),
    "ports": _("Do our servers answer?"),
    "network": _("Does your own network let you through to us?"),
    "our-side": _("Is everything in order on our side?"),
    "headers": _("What do the headers of a message that came say?"),
    "code": _("What happened to the codes that you asked for?"),
    "found": _("Where did you find the code?"),
    "account": _("Does your account page show this address and company ID?"),
    "mailbox-kind": _("Is there something special about the mailbox?"),
    "suppression": _("Does our sending service still send to this address?"),
    "sending": _("Was the code sent, and what became of it?"),
    "test-sending": _("Did our sending service send the test message?"),
}
NOT_CHECKED_LINES: Mapping[str, Words] = {
    "mailbox": _("A test message will tell."),
    "space": _("A test message will tell."),
    "deferral": _("A test message will tell."),
    "refusal": _("A test message will tell."),
    "held": _("A test message, and a look at where it went, will tell."),
    "seen": _("Look for the test message, then tell us where you found it."),
    "comparison": _("Send the test message to a second mailbox of yours."),
    "account": _("Compare this address and company ID with your account page."),
    "network": _("Test from a browser or with the script, in your own network."),
}
GAPS: Mapping[Gap, Words] = {
    Gap.RESOLVER_SILENT: _("The public directory of domain names (DNS) gave no usable answer."),
    Gap.TIMED_OUT: _("No answer came in the time that we allow."),
    Gap.NEEDS_MISSING: _("This builds on something that we could not find out."),
    Gap.NOT_PUBLIC: _("The address is not one that can be reached from the internet."),
    Gap.EGRESS_BLOCKED: _("We cannot reach other servers either right now, so the fault may be ours."),
    Gap.FAULT: _("Our own check failed. We have noted it."),
    Gap.LOST: _("Our own check was interrupted several times."),
    Gap.OUTDATED: _("This was recorded by another version of the portal."),
    Gap.NO_MX: _("There is no mail server to talk to."),
    Gap.NO_HOSTS: _("No servers are listed for this article, so there is nothing to try."),
    Gap.NO_CONTROL: _("No mail server of our own is listed to compare with."),
    Gap.MX_UNREACHABLE: _("No mail server could be talked to, so nothing was handed over."),
    Gap.RELAYED: _("Our mail service passes the message on; what your mail server says to it is not known yet."),
    Gap.NOT_ALL_TRIED: _("Some of the mail servers could not be tried, so we cannot be sure."),
    Gap.NOT_TAKEN: _("The message was refused before, so there is nothing to look for."),
    Gap.OUTCOME_UNKNOWN: _("The connection ended too early: your server may or may not have taken the message."),
    Gap.NOT_SET_UP: _("This site is not connected to the records that would tell."),
    Gap.RECORDS_SILENT: _("Our own records could not be asked right now."),
    Gap.STALE: _("Our last look is too old to count."),
    Gap.NO_RESPONDER: _("No test point is set up for this article, so your own network cannot be tried."),
    Gap.RESPONDER_DOWN: _("Our own test point is down. This says nothing about your firewall."),
    Gap.CANNOT_TEST: _("The browser, or the network around it, did not let the test run."),
}
OUTCOMES: Mapping[ConnectOutcome, Words] = {
    ConnectOutcome.OPEN: _("Answers"),
    ConnectOutcome.REFUSED: _("Turned us away"),
    ConnectOutcome.FILTERED: _("No answer"),
    ConnectOutcome.UNREACHABLE: _("No way there"),
    ConnectOutcome.DNS_FAILURE: _("Name not found"),
    ConnectOutcome.DNS_UNANSWERED: _("Could not look the name up"),
    ConnectOutcome.TLS_FAILURE: _("Encryption failed"),
    ConnectOutcome.NOT_PUBLIC: _("Not a public address"),
}
OUTCOME_STATUSES: Mapping[ConnectOutcome, Status] = {
    ConnectOutcome.OPEN: Status.FINE,
    ConnectOutcome.REFUSED: Status.PROBLEM,
    ConnectOutcome.FILTERED: Status.PROBLEM,
    ConnectOutcome.UNREACHABLE: Status.PROBLEM,
    ConnectOutcome.DNS_FAILURE: Status.PROBLEM,
    ConnectOutcome.DNS_UNANSWERED: Status.COULD_NOT_CHECK,
    ConnectOutcome.TLS_FAILURE: Status.PROBLEM,
    ConnectOutcome.NOT_PUBLIC: Status.PROBLEM,
}
DNS_STATUSES: Mapping[DnsStatus, Words] = {
    DnsStatus.OK: _("found"),
    DnsStatus.NO_DATA: _("no such record"),
    DnsStatus.NO_SUCH_NAME: _("the name does not exist"),
    DnsStatus.UNANSWERED: _("no answer"),
}
WHO: Mapping[Who, Words] = {
    Who.USER: pgettext_lazy("who can fix it", "You"),
    Who.IT: _("Your IT department or e-mail administrator"),
    Who.PROVIDER: _("Your e-mail provider"),
    Who.VENDOR: _("We can, on our side: contact support"),
}
STRENGTHS: Mapping[Strength, Words] = {
    Strength.PROVES: _("We are sure."),
    Strength.HINTS: _("This is likely, not certain."),
    Strength.RULES_OUT: _("This is ruled out."),
}
CONTRADICTED = _("We are not sure: something else that we saw speaks against it.")
TOLD_BY_CUSTOMER = frozenset({"found", "code", "account", "mailbox-kind"})
"""Questions that only the customer's own answers decide."""
LEFT_TO_THE_CUSTOMER = TOLD_BY_CUSTOMER | {"headers"}
"""Nobody has checked them until the customer tells or pastes something."""
FACTS: Mapping[str, Words] = {
    "domain": _("Domain"),
    "host": _("Server"),
    "hosts": _("Servers"),
    "address": _("Address"),
    "suggestion": _("Perhaps meant"),
    "gateway": _("Filter"),
    "provider": _("Provider"),
    "providers": _("Providers"),
    "list": _("Blocklist"),
    "minutes": _("Minutes"),
    "waited": _("Waited"),
    "ports": _("Ports"),
    "policy": _("Policy"),
    "service": _("Sending service"),
    "since": _("Since"),
    "system": _("System"),
    "score": _("Score"),
}
"""The facts of a finding that say how we know, in one line; the others are for the remedy's words alone."""
STAGES: Mapping[Stage, Words] = {
    Stage.SENT: _("Before it is sent"),
    Stage.ROUTED: _("On the way to your mail server"),
    Stage.ACCEPTED: _("At the door of your mail server"),
    Stage.PLACED: _("Inside your mail system"),
    Stage.READ: _("When you read it"),
    Stage.DEVICE: _("At the device"),
    Stage.NETWORK: _("In your network"),
    Stage.HOSTS: _("At our servers"),
}
VANTAGES: Mapping[Vantage, Words] = {
    Vantage.SERVER: _("seen from our server"),
    Vantage.BROWSER: _("seen from your browser"),
    Vantage.SCRIPT: _("seen from your network"),
    Vantage.CUSTOMER: _("told by you"),
    Vantage.SENDER: _("told by our sending service"),
}
SIGNS: Mapping[SignKind, Words] = {
    SignKind.MX: _("the mail (MX) records name %(provider)s"),
    SignKind.AUTODISCOVER: _("mail programs are sent to %(provider)s (autodiscover)"),
    SignKind.DKIM: _("mail is signed by %(provider)s (DKIM)"),
    SignKind.SPF: _("the sender record (SPF) includes %(provider)s"),
    SignKind.TEAMS: _("chat and telephony are with %(provider)s"),
}
"""What speaks for a mailbox provider behind a filter."""
MESSAGE_STATES: Mapping[MessageState, Words] = {
    MessageState.QUEUED: _("It will be sent in a moment."),
    MessageState.SENDING: _("We are handing it over to your mail server."),
    MessageState.ACCEPTED: _("Your mail server accepted it. That is not the same as in your inbox."),
    MessageState.RELAYED: _("Our mail service took it and passes it on. What your mail server says is not known yet."),
    MessageState.DEFERRED: _("Your mail server refused it for now."),
    MessageState.REFUSED: _("Your mail server refused it."),
    MessageState.UNREACHABLE: _("We could not reach your mail server, so nothing was sent."),
    MessageState.UNKNOWN: _(
        "The connection ended too early: your server may or may not have it. We do not send it twice."
    ),
}
MESSAGE_STATUSES: Mapping[MessageState, Status] = {
    MessageState.QUEUED: Status.CHECKING,
    MessageState.SENDING: Status.CHECKING,
    MessageState.ACCEPTED: Status.FINE,
    MessageState.RELAYED: Status.CHECKING,
    MessageState.DEFERRED: Status.PROBLEM,
    MessageState.REFUSED: Status.PROBLEM,
    MessageState.UNREACHABLE: Status.COULD_NOT_CHECK,
    MessageState.UNKNOWN: Status.COULD_NOT_CHECK,
}
MESSAGE_TAGS: Mapping[MessageState, Words] = {
    MessageState.QUEUED: _("Waiting"),
    MessageState.SENDING: _("Sending"),
    MessageState.ACCEPTED: _("Accepted"),
    MessageState.RELAYED: _("Passed on"),
    MessageState.DEFERRED: _("Refused for now"),
    MessageState.REFUSED: _("Refused"),
    MessageState.UNREACHABLE: _("Not sent"),
    MessageState.UNKNOWN: _("Not known"),
}
MEMBERSHIPS: Mapping[Membership, Words] = {
    Membership.ADMINISTRATOR: _("an administrator’s address on this company’s account"),
    Membership.NOT_ADMINISTRATOR: _("on this company’s account, without an administrator profile"),
    Membership.OTHER_COMPANY: _("on file, with another company ID"),
    Membership.NOT_ON_FILE: _("not on this company’s account"),
    Membership.COMPANY_UNKNOWN: _("neither the company ID nor the address is on file"),
}
CAME_BACK = _("Your mail server accepted it, but it came back to us: it did not reach the mailbox.")
CAME_BACK_TAG = _("Came back")
WHEREABOUTS: Mapping[Whereabouts, Words] = {
    Whereabouts.INBOX: _("In the inbox"),
    Whereabouts.SPAM: _("In the spam or junk folder"),
    Whereabouts.QUARANTINE: _("In a quarantine"),
    Whereabouts.NOWHERE: _("Nowhere: I have looked in every folder"),
}
VERDICTS: Mapping[Verdict, Words] = {
    Verdict.CAUSE_FOUND: _("We found the cause."),
    Verdict.LIKELY_CAUSE: _("We found a likely cause."),
    Verdict.NOTHING_FOUND: _("We found nothing that stops your e-mail."),
    Verdict.INCONCLUSIVE: _("We could not find out. This is our limit, not your fault."),
}
FINE_LINES: Mapping[str, Words] = {
    "seen": _("Our message reached your inbox."),
    "comparison": _("The comparison does not point at your mail server."),
    "held": _("No filter held our message."),
    "refusal": _("Your mail server let our message in."),
    "deferral": _("Your mail server took our message in time for a code."),
    "space": _("There is room in the mailbox."),
    "mx-answers": _("Your mail server answers us."),
    "network": _("Your network lets you through to us where it was tried."),
    "ports": _("Our servers answer on every port we tried."),
    "our-side": _("We found no problem on our side."),
    "directory": _("The address is an administrator’s on this company’s account."),
    "mx": _("The domain exists and takes e-mail."),
    "mail-system": _("No other company’s mail filter is visible in front of your mailbox."),
    "domain": _("The domain exists."),
    "mailbox": _("Your mail server knows the mailbox."),
    "address": _("The address has no obvious typing slip."),
    "headers": _("The message whose headers you pasted came without delay."),
    "sending": _("Our records show no trouble with the code e-mail."),
    "suppression": _("Our sending service sends to this address."),
    "test-sending": _("Our sending service sent the test message."),
}
"""The most telling one first: a section shows one line."""
PLACES: Mapping[Place, Words] = {
    Place.DEVICE: _("on the clock’s own cable"),
    Place.WIFI: _("on the clock’s Wi-Fi"),
    Place.OFFICE: _("elsewhere in the company"),
    Place.ELSEWHERE: _("outside the company"),
}
PLACES_WITHOUT_CLOCK: Mapping[Place, Words] = {
    **PLACES,
    Place.DEVICE: _("on the cable in question"),
    Place.WIFI: _("on the Wi-Fi in question"),
}
"""For articles that are not about clocks."""
PLACE_CHOICES: Mapping[Place, Words] = {
    Place.DEVICE: _("On the clock’s own cable"),
    Place.WIFI: _("On the Wi-Fi that the clock uses"),
    Place.OFFICE: _("Elsewhere in the company"),
    Place.ELSEWHERE: _("Somewhere else: home, mobile network"),
}
PLACE_CHOICES_WITHOUT_CLOCK: Mapping[Place, Words] = {
    **PLACE_CHOICES,
    Place.DEVICE: _("On the network cable where it does not work"),
    Place.WIFI: _("On the Wi-Fi where it does not work"),
}
LOOKED_FROM: Mapping[Vantage, Words] = {
    Vantage.BROWSER: _("Browser, %(place)s"),
    Vantage.SCRIPT: _("Script, %(place)s"),
}
PORT_STATES: Mapping[PortState, Words] = {
    PortState.OPEN: _("Open"),
    PortState.ANSWERED_BY_OTHER: _("Not our answer"),
    PortState.BLOCKED_FAST: _("Turned away"),
    PortState.BLOCKED_SILENT: _("No answer"),
    PortState.CANNOT_TEST: _("Could not test"),
    PortState.FLAKY: _("Now and then"),
}
PORT_STATE_LINES: Mapping[PortState, Words] = {
    PortState.OPEN: _("Open."),
    PortState.ANSWERED_BY_OTHER: _(
        "Something on the network answered instead of us, often a web filter or a sign-in page."
    ),
    PortState.BLOCKED_FAST: _("The connection was turned away at once."),
    PortState.BLOCKED_SILENT: _("No answer. A firewall is probably dropping this traffic."),
    PortState.CANNOT_TEST: _("The browser could not run the test. The script can."),
    PortState.FLAKY: _("Worked once, failed once."),
}
PORT_STATUSES: Mapping[PortState, Status] = {
    PortState.OPEN: Status.FINE,
    PortState.ANSWERED_BY_OTHER: Status.PROBLEM,
    PortState.BLOCKED_FAST: Status.PROBLEM,
    PortState.BLOCKED_SILENT: Status.PROBLEM,
    PortState.CANNOT_TEST: Status.COULD_NOT_CHECK,
    PortState.FLAKY: Status.COULD_NOT_CHECK,
}
HOWS: Mapping[How, Words] = {
    How.ECHO: _("our answer"),
    How.OTHER: _("an answer that is not ours"),
    How.FAILED: _("the browser does not say why"),
    How.SILENT: _("the browser does not say at which step"),
    How.NO_NAME: _("name not found (DNS)"),
    How.DNS_SILENT: _("no answer from DNS"),
    How.REFUSED: _("refused"),
    How.FILTERED: _("filtered: never connected"),
    How.NO_ANSWER: _("connected, then silence"),
    How.BROKEN_OFF: _("connected, then broken off"),
    How.CERTIFICATE: _("a certificate that is not ours"),
    How.PROXY_REFUSED: _("the proxy would not connect"),
    How.UNKNOWN: _("the tool failed"),
}
"""Why a port does not get through, as exactly as the script, or the browser, can tell."""
HEALTH_KINDS: Mapping[HealthKind, Words] = {
    HealthKind.SPF: _("Our record of who may send for us (SPF)"),
    HealthKind.DKIM: _("The keys that prove our e-mails genuine (DKIM)"),
    HealthKind.DMARC: _("What our domain asks for when proof fails (DMARC)"),
    HealthKind.ALIGNMENT: _("Whether the proof is about the sender that you see"),
    HealthKind.PTR: _("The names of our mail servers"),
    HealthKind.BLOCKLIST: _("Public blocklists"),
    HealthKind.HOST: _("Our servers"),
    HealthKind.DRIFT_EXTRA: _("The list to allow: is everything on it still ours?"),
    HealthKind.DRIFT_MISSING: _("The list to allow: is anything missing?"),
}
REPORTED: Mapping[str, Words] = {
    "VendorHealth": _("Our own side"),
    "TestMessageReport": _("The test message"),
    "ComparisonReport": _("The test message to your other mailbox"),
    "BounceReport": _("The message that came back to us"),
    "ComparisonBounce": _("The message that came back from your other mailbox"),
    "TestCodeTyped": _("The test code that you typed"),
    "ComparisonCodeTyped": _("The test code from your other mailbox"),
    "MailboxAnswer": _("Where you found the test message"),
    "ComparisonAnswer": _("Where you found it in your other mailbox"),
    "PastedHeaders": _("The headers that you pasted"),
    "CodeArrivalAnswer": _("Whether a code has come"),
    "CodePlaceAnswer": _("Where the code was found"),
    "CodeUsedAnswer": _("Which code was typed in"),
    "OftenAnswer": _("How often a code was asked for"),
    "AskedWhenAnswer": _("When the code was asked for"),
    "OnAccountAnswer": _("What the account page says"),
    "MailboxKindAnswer": _("What kind of mailbox it is"),
    "ColleaguesAnswer": _("Whether colleagues get our e-mail"),
    "ClockAnswer": _("Whether the device shows the right time"),
    "CodeMailEvents": _("What our sending service told of the code meanwhile"),
    "TestMessageStopped": _("Our sending service did not send the test message"),
    "BrowserLook": _("What a browser in your network saw"),
    "ScriptLook": _("What the check script saw in your network"),
    "Sightings": _("What reached our test points"),
}
HEADERS_IN: tuple[tuple[Words, Words], ...] = (
    (
        _("Outlook for Windows"),
        _("Open the message in its own window: File, Properties. Copy all of “Internet headers”."),
    ),
    (
        _("New Outlook, Outlook on the web"),
        _("Open the message: the three dots, View, View message source (or details)."),
    ),
    (_("Outlook for Mac"), _("Right-click the message in the list: View Source.")),
    (_("Gmail"), _("On a computer, open the message: the three dots, Show original, Copy to clipboard.")),
    (_("Apple Mail"), _("Open the message: View, Message, All Headers or Raw Source.")),
    (_("Yahoo"), _("On a computer, open the message: the three dots, View raw message.")),
    (_("Thunderbird"), _("Open the message: View, Message Source.")),
    (_("iPhone, iPad, Android"), _("Not possible in these apps. Open the same mailbox on a computer.")),
)
"""Where each mail program shows the headers of a message."""
REPORT_REFUSED: Mapping[Reason, Words] = {
    Reason.UNKNOWN: _("We do not know this token. Copy the whole command from the page again."),
    Reason.EXPIRED: _("This command is too old to report with. The page has a new one."),
    Reason.USED_UP: _("This command has reported as often as it may. The page has a new one."),
    Reason.OTHER_CASE: _("This report belongs to another case. Paste it into the page that its command came from."),
    Reason.OTHER_PORTS: _("This report is about other ports than ours. Copy the whole command from the page again."),
}
"""Why a report of the check script was not taken; also printed in terminals, so without typographic signs."""
