from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

import pytest

from diagnostics import registry
from diagnostics.domain import Verdict
from diagnostics.lab import neighbourhood, scenarios
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Records, Scenario
from diagnostics.registry import modules_of
from diagnostics.replies.causes import DEFERRAL, MAILBOX, REFUSAL, SPACE

DOCUMENTATION = [
    ip_network(network) for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
UNREACHABLE_ON_PURPOSE = {"mx-private-address", "open-private-and-silent"}
NOTES = {
    "address.disposable",
    "address.role",
    "filter.forwarder",
    "filter.gateway",
    "headers.not-ours",
    "mx.alias",
    "mx.partly-dead",
    "our.article-drift",
    "tls.policy-unreadable",
}
"""Worth knowing, never a problem."""
NEVER_FIRST = {
    "address.near-match": "comes with a proof that the address is not on file",
    "comparison.mail-server": "comes with what the first mailbox's server or its owner said",
    "our.host-down": "by itself a note: what a run has seen of our hosts is newer, and told by itself",
}
every_scenario = pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.slug)


def test_there_are_enough_and_each_file_is_named_after_its_scenario() -> None:
    files = sorted(module.rpartition(".")[2].replace("_", "-") for module in modules_of("diagnostics.lab.catalogue"))
    assert [scenario.slug for scenario in scenarios()] == files


def test_there_are_enough_of_each_kind() -> None:
    kinds = Counter("ill" if scenario.expects else scenario.verdict for scenario in scenarios())
    assert kinds["ill"] >= 60
    assert kinds[Verdict.NOTHING_FOUND] >= 20
    assert kinds[Verdict.INCONCLUSIVE] >= 10


def test_every_tag_that_may_be_a_problem_comes_first_in_some_scenario() -> None:
    emitted = {tag for check in registry.checks() for tag in check.emits}
    assert {scenario.expects for scenario in scenarios()} - {""} == emitted - NOTES - set(NEVER_FIRST)


def test_every_reason_of_a_refusal_is_given_in_two_servers_words() -> None:
    told = Counter(scenario.expects for scenario in scenarios() if scenario.sends_message or scenario.events)
    assert {tag for tag in MAILBOX | SPACE | DEFERRAL | REFUSAL if told[tag] < 2} == set()


def test_every_verdict_occurs() -> None:
    assert {scenario.verdict for scenario in scenarios()} == set(Verdict)


def test_addresses_titles_and_hosts_belong_to_one_scenario_each() -> None:
    assert not repeated(scenario.address for scenario in scenarios())
    assert not repeated(scenario.title for scenario in scenarios())
    assert not repeated(
        [*neighbourhood.ZONE, *(name for scenario in scenarios() for name in {*scenario.zone, scenario.domain})]
    )
    assert not repeated(address for hosts in all_hosts() for address in {address for address, _ in hosts})


@every_scenario
def test_a_cause_goes_with_a_verdict_that_names_one(scenario: Scenario) -> None:
    names_a_cause = scenario.verdict in {Verdict.CAUSE_FOUND, Verdict.LIKELY_CAUSE}
    assert bool(scenario.expects) is names_a_cause


@every_scenario
def test_the_customer_answers_only_after_a_test_message(scenario: Scenario) -> None:
    assert scenario.sends_message or not scenario.customer_says


@every_scenario
def test_hosts_live_at_documentation_addresses_that_some_name_leads_to(scenario: Scenario) -> None:
    named = set(addresses(scenario.zone.values()))
    for address, _ in scenario.hosts:
        assert any(ip_address(address) in network for network in DOCUMENTATION)
        assert address in named


@every_scenario
def test_mail_hosts_are_played_or_missing_on_purpose(scenario: Scenario) -> None:
    if scenario.slug in UNREACHABLE_ON_PURPOSE:
        return
    for name in mail_hosts(scenario):
        for address in addresses([scenario.zone.get(name, {})]):
            assert (address, 25) in scenario.hosts


@every_scenario
def test_only_single_names_are_borrowed_from_the_real_internet(scenario: Scenario) -> None:
    hosts = {*mail_hosts(scenario), scenario.domain}
    assert set(scenario.zones) - {"test"} <= hosts


@every_scenario
def test_a_message_is_sent_only_where_there_is_a_mail_server(scenario: Scenario) -> None:
    if scenario.sends_message:
        assert any(port == 25 for _, port in scenario.hosts)


def repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def all_hosts() -> Iterable[Iterable[tuple[str, int]]]:
    yield neighbourhood.HOSTS
    yield from (scenario.hosts for scenario in scenarios())


def addresses(known: Iterable[Records | NameBehaviour]) -> Iterable[str]:
    for records in known:
        if not isinstance(records, NameBehaviour):
            yield from (*records.get("A", ()), *records.get("AAAA", ()))


def mail_hosts(scenario: Scenario) -> list[str]:
    """The names that mail for the domain goes to: its MX hosts, or the domain itself."""
    records = scenario.zone.get(scenario.domain, {})
    if isinstance(records, NameBehaviour):
        return []
    hosts = [mx.split()[1].removesuffix(".") for mx in records.get("MX", ())]
    return hosts or [scenario.domain]
