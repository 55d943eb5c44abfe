"""What a customer may do to see our own records' side of the case: show that the domain is theirs."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.probes.domain_proof import LABEL
from diagnostics.services.directory import directory_name
from diagnostics.services.domain_proof import can_be_proven, record_name, record_text
from portal.wizard.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Proof:
    """The TXT record to publish: `name` in full, `label` what of it stands before the domain, and its `text`."""

    domain: str
    name: str
    label: str
    text: str


def proof(file: CaseFile) -> Proof | None:
    """None where it would change nothing: no records to show, they are shown already, or the domain is a provider's."""
    case = file.case
    if file.tier or file.masked or not directory_name() or not can_be_proven(case):
        return None
    return Proof(case.domain, record_name(case), LABEL, record_text(case))
