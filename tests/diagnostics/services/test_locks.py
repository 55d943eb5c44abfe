"""Groups of one run finish at the same moment in different processes; their locks must not wait for each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from diagnostics.domain import ProbeGroup, Seen, Vantage
from diagnostics.models import Case, GroupState
from diagnostics.probes.domain_status import DomainStatus
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_addresses import MxAddresses
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.services.cases import Report, open_case
from diagnostics.services.runs import Claim, claim_group, finish_group, record

ROUNDS = 10
KINDS = {
    ProbeGroup.DNS: DomainStatus,
    ProbeGroup.PORTS: ServerPorts,
    ProbeGroup.DELIVERY: MxRecords,
    ProbeGroup.RECORDS: MxAddresses,
}


@pytest.mark.django_db(transaction=True)
def test_groups_of_one_run_end_together(report: Report) -> None:
    with ThreadPoolExecutor(3) as workers:
        for _ in range(ROUNDS):
            case = open_case(report)
            list(workers.map(work_off, claims_of(case)))
            assert set(case.runs.get().groups.values_list("state", flat=True)) == {GroupState.DONE}
            assert case.runs.get().finished


def claims_of(case: Case) -> list[Claim]:
    claims = [claim_group(group.pk) for group in case.runs.get().groups.all()]
    return [claim for claim in claims if claim]


def work_off(claim: Claim) -> None:
    try:
        kind = KINDS[claim.name]
        for _ in range(3):
            record(claim, [Seen(kind, Vantage.SERVER, datetime.now(UTC), detail="again")])
        finish_group(claim)
    finally:
        connection.close()
