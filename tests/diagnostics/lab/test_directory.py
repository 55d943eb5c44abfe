"""The lab's directory, asked by the product's own adapter."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection

from diagnostics import registry
from diagnostics.addresses import parse_address
from diagnostics.articles import article
from diagnostics.directory import configured_directory
from diagnostics.directory.http import HttpDirectory
from diagnostics.domain import Address, Answer, Membership, ProbeGroup, Target, Verdict
from diagnostics.lab import directory, scenarios
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.scenario import OnFile, Scenario
from diagnostics.lab.serve import Lab
from diagnostics.models import Case
from diagnostics.net.configured import configured_network
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.records import ConfiguredRecords
from diagnostics.remedies import remedies
from diagnostics.runner import observe
from diagnostics.services.cases import Report, open_case, start_run
from diagnostics.services.domain_proof import record_name, record_text
from diagnostics.services.runs import diagnosis_of
from diagnostics.tasks import run_groups
from diagnostics.vendors import vendor
from diagnostics.verdicts import diagnose

ADDRESS = "203.0.113.219"
BY_TAG = {
    "company.unknown": Membership.COMPANY_UNKNOWN,
    "address.other-company": Membership.OTHER_COMPANY,
    "address.not-on-file": Membership.NOT_ON_FILE,
    "address.not-administrator": Membership.NOT_ADMINISTRATOR,
}


async def test_every_scenario_gets_what_it_expects_and_no_other_is_accused() -> None:
    async with directory.serving(scenarios()) as url:
        asked = HttpDirectory(url)
        for act in [one for one in scenarios() if "directory" not in one.records_down]:
            address = parse_address(act.address, extra_suffixes=configured.EXTRA_SUFFIXES)
            found = await asked.look_up(Target(address, vendor("timeclock"), act.company_id))
            expected = BY_TAG.get(act.expects, Membership.ADMINISTRATOR) if act.on_file else Membership.ADMINISTRATOR
            assert (act.slug, found.membership) == (act.slug, expected)


@pytest.mark.parametrize("act", [act for act in scenarios() if act.on_file], ids=lambda act: act.slug)
async def test_what_is_on_file_comes_first_at_tier_1_and_makes_no_difference_below(
    settings, tmp_path: Path, act: Scenario
) -> None:
    settings.LAB_STATE = tmp_path / "state.json"
    address = parse_address(act.address, extra_suffixes=settings.EXTRA_SUFFIXES)
    target = Target(address, vendor("timeclock"), act.company_id)
    wanted = [one for one in registry.probes() if one.group is ProbeGroup.DNS or one.observes is DirectoryMatch]
    async with Lab(tmp_path, acts=[act]):
        net = configured_network().with_records(ConfiguredRecords(connected=configured_directory()))
        evidence = await observe(wanted, target, net)
    causes = {tag: remedy.cause for tag, remedy in remedies().items()}
    full, public = diagnose(evidence, causes=causes, tier=1), diagnose(evidence, causes=causes, tier=0)
    assert [cause.cause for cause in full.causes][:1] == ([act.expects] if act.expects else [])
    assert public.causes == ()


@pytest.mark.parametrize(
    ("slug", "near"),
    [("slip-before-the-at", "annah@slip-before-the-at.test"), ("slip-after-the-at", "anna@slip-after-the-at.test")],
)
async def test_a_slip_on_either_side_of_the_at_finds_the_address_that_was_meant(slug: str, near: str) -> None:
    act = next(act for act in scenarios() if act.slug == slug)
    async with directory.serving([act]) as url:
        address = parse_address(act.address, extra_suffixes=configured.EXTRA_SUFFIXES)
        found = await HttpDirectory(url).look_up(Target(address, vendor("timeclock"), act.company_id))
    assert found.near == near


async def test_whom_no_scenario_knows_may_give_any_company_id() -> None:
    async with directory.serving([]) as url:
        found = await HttpDirectory(url).look_up(Target(Address("anna", "example.org"), vendor("timeclock"), "any"))
    assert found.membership is Membership.ADMINISTRATOR


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"vendor": "timeclock"}', b"x" * 5000], ids=range(5))
async def test_what_is_no_question_gets_no_answer(body: bytes) -> None:
    async with directory.serving([]) as url:
        request = urllib.request.Request(url, body, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            await asyncio.to_thread(urllib.request.urlopen, request, timeout=5)
        with refused.value:
            assert refused.value.code == 400


@pytest.mark.django_db(transaction=True)
async def test_a_token_in_dns_opens_the_directory_s_answer_to_the_customer(settings, tmp_path: Path) -> None:
    """The whole way: a case at tier 0, the TXT record, "check again", a case at tier 1."""
    settings.LAB_STATE = tmp_path / "state.json"
    case = await asyncio.to_thread(_in_thread, _opened)
    async with Lab(tmp_path, acts=[_act({})]):
        assert await asyncio.to_thread(_in_thread, _probed, case) == (0, None, "address.not-administrator")
    async with Lab(tmp_path, acts=[_act({record_name(case): {"TXT": (f'"{record_text(case)}"',)}})]):
        await asyncio.to_thread(_in_thread, start_run, case)
        assert await asyncio.to_thread(_in_thread, _probed, case) == (1, None, "address.not-administrator")


def _act(more: dict[str, dict[str, tuple[str, ...]]]) -> Scenario:
    return Scenario(
        slug="proof",
        title="Proof by DNS",
        address="anna@proof.test",
        verdict=Verdict.CAUSE_FOUND,
        expects="address.not-administrator",
        on_file=(OnFile("100200", "anna@proof.test", administrator=False),),
        zone={"proof.test": {"MX": ("10 mx.proof.test.",)}, "mx.proof.test": {"A": (ADDRESS,)}, **more},
        hosts={(ADDRESS, 25): Smtp()},
    )


def _in_thread(do, *args):
    """Whatever talks to the database, beside the event loop that the lab runs on."""
    try:
        return do(*args)
    finally:
        connection.close()


def _opened() -> Case:
    timeclock = article("timeclock")
    assert timeclock is not None
    return open_case(Report(timeclock, "100200", Address("anna", "proof.test"), "192.0.2.1"))


def _probed(case: Case) -> tuple[int, Answer | None, str]:
    """Does what workers do; the case's tier, the public answer to the directory's question, and the cause in all."""
    run = case.runs.order_by("-number")[0]
    for group in run.groups.all():
        run_groups([group.pk])
    run.refresh_from_db()
    assert run.finished
    case.refresh_from_db()
    public, full = diagnosis_of(run, 0), diagnosis_of(run, 1)
    assert public
    assert full
    return case.tier, public.answer("directory"), full.causes[0].cause
