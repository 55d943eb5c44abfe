from datetime import UTC, datetime

import pytest

from diagnostics.changes import AnswerChange, MxChange, answer_changes, mx_change
from diagnostics.domain import Answer, Diagnosis, DnsStatus, Evidence, Seen, Status, Vantage, Verdict
from diagnostics.probes.mx import MxHost, MxRecords


def diagnosis(**statuses: Status) -> Diagnosis:
    return Diagnosis(Verdict.NOTHING_FOUND, (), tuple(Answer(name, status) for name, status in statuses.items()))


def evidence(*names: str) -> Evidence:
    mx = MxRecords(DnsStatus.OK, tuple(MxHost(10, name) for name in names))
    return Evidence([Seen(MxRecords, Vantage.SERVER, datetime(2026, 1, 1, tzinfo=UTC), mx)])


@pytest.mark.parametrize(
    ("before", "now", "changed"),
    [
        (Status.PROBLEM, Status.FINE, True),
        (Status.FINE, Status.PROBLEM, True),
        (Status.FINE, Status.FINE, False),
        (Status.COULD_NOT_CHECK, Status.PROBLEM, False),
        (Status.FINE, Status.COULD_NOT_CHECK, False),
    ],
)
def test_only_what_was_known_can_change(before: Status, now: Status, changed: bool) -> None:
    found = answer_changes(diagnosis(mx=before), diagnosis(mx=now, space=Status.FINE))
    assert found == ((AnswerChange("mx", before, now),) if changed else ())


def test_other_mail_hosts_are_noticed_another_order_is_not() -> None:
    assert mx_change(evidence("a.test", "b.test"), evidence("b.test", "a.test")) is None
    assert mx_change(evidence("a.test"), evidence("b.test")) == MxChange(("a.test",), ("b.test",))
    assert mx_change(Evidence(), evidence("b.test")) is None
