from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.domain import Connection, ConnectOutcome, DnsStatus
from diagnostics.models import Case
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.services.cases import start_run
from tests.portal.wizard.conftest import finish

pytestmark = pytest.mark.django_db
HEADING = "What changed since the last check"


def home(client: Client, case: Case) -> str:
    return client.get(reverse("wizard:case", args=[case.reference])).content.decode()


def port(outcome: ConnectOutcome) -> ServerPorts:
    other = Connection("clocks.example.org", 80, ConnectOutcome.OPEN, "192.0.2.80")
    return ServerPorts((replace(other, port=443, outcome=outcome), other))


def mx(name: str) -> MxRecords:
    return MxRecords(DnsStatus.OK, (MxHost(10, name),))


def test_a_second_run_tells_what_is_different(owner: Client, case: Case) -> None:
    finish(case, port(ConnectOutcome.REFUSED))
    assert HEADING not in home(owner, case)
    start_run(case)
    finish(case, port(ConnectOutcome.OPEN))
    page = home(owner, case)
    assert HEADING in page
    assert "Do our servers answer? It was a problem, it is fine now." in page


def test_mail_hosts_that_moved_are_named(owner: Client, case: Case) -> None:
    finish(case, mx("old.example.org"))
    start_run(case)
    finish(case, mx("new.example.org"))
    assert "Your mail servers are others now: new.example.org. Before: old.example.org." in home(owner, case)


def test_the_same_again_is_not_worth_a_word(owner: Client, case: Case) -> None:
    finish(case, mx("mx.example.org"))
    start_run(case)
    finish(case, mx("mx.example.org"))
    assert HEADING not in home(owner, case)
