from dataclasses import replace

import pytest

from diagnostics.domain import SmtpStage, Verdict
from diagnostics.lab import scenarios
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.noise import NOISES, dead_ipv6, noisy, one_dead_host, slow_banner, slow_names, wordy
from diagnostics.lab.scenario import Scenario
from diagnostics.lab.trial import Outcome, score
from diagnostics.replies.causes import cause_of

FULL = Scenario(
    slug="full",
    title="Full",
    address="anna@full.test",
    expects="mailbox.full",
    verdict=Verdict.CAUSE_FOUND,
    zone={"full.test": {"MX": ("10 mx.full.test.",)}, "mx.full.test": {"A": ("192.0.2.99",)}},
    hosts={("192.0.2.99", 25): Smtp(replies={SmtpStage.RCPT: "452-4.2.2 Over quota\n452 4.2.2 Try again"})},
)
FINE = Scenario(slug="fine", title="Fine", address="a@fine.test", verdict=Verdict.NOTHING_FOUND)
OPEN = Scenario(slug="open", title="Open", address="a@open.test", verdict=Verdict.INCONCLUSIVE)


def outcome(scenario: Scenario, verdict: Verdict, *named: str) -> Outcome:
    return Outcome(scenario, verdict, named, 1.0)


def test_all_right_is_good() -> None:
    total = score(
        [
            outcome(FULL, Verdict.CAUSE_FOUND, "mailbox.full"),
            outcome(FINE, Verdict.NOTHING_FOUND),
            outcome(OPEN, Verdict.INCONCLUSIVE),
        ]
    )
    assert (total.top, total.top3, total.false_accusations, total.unknown_called_fine) == (1, 1, 0, 0)
    assert total.healthy == 1
    assert total.good


@pytest.mark.parametrize(
    ("wrong", "figure"),
    [
        (outcome(FULL, Verdict.CAUSE_FOUND, "mx.null", "mailbox.full"), ("top", 0.5)),
        (outcome(FULL, Verdict.CAUSE_FOUND, "a", "b", "c", "mailbox.full"), ("top3", 0.5)),
        (outcome(FINE, Verdict.LIKELY_CAUSE, "mx.null"), ("false_accusations", 1)),
        (outcome(OPEN, Verdict.NOTHING_FOUND), ("unknown_called_fine", 1)),
    ],
    ids=["second place", "fourth place", "accused", "called fine"],
)
def test_each_kind_of_mistake_counts(wrong: Outcome, figure: tuple[str, float]) -> None:
    total = score([outcome(FULL, Verdict.CAUSE_FOUND, "mailbox.full"), wrong])
    name, value = figure
    assert getattr(total, name) == value
    assert not total.good


def test_noises_change_the_evidence_and_not_what_must_be_named() -> None:
    for plain, harder in zip(scenarios(), noisy(scenarios()), strict=True):
        assert (plain.slug, plain.expects, plain.verdict) == (harder.slug, harder.expects, harder.verdict)
        assert harder.noises
        assert harder != plain


def test_every_noise_meets_many_scenarios() -> None:
    met = [noise for harder in noisy(scenarios()) for noise in harder.noises]
    assert {noise: met.count(noise) >= 5 for noise in NOISES} == dict.fromkeys(NOISES, True)


def test_the_preferred_host_dies() -> None:
    harder = one_dead_host(FULL)
    assert harder
    assert harder.zone["full.test"] == {"MX": ("1 dead-mx.full.test.", "10 mx.full.test.")}
    assert one_dead_host(FINE) is None


def test_refusals_get_wordy_and_end_with_the_point() -> None:
    harder = wordy(FULL)
    assert harder
    server = harder.hosts["192.0.2.99", 25]
    assert isinstance(server, Smtp)
    lines = server.replies[SmtpStage.RCPT].splitlines()
    assert all(line.startswith("452-4.2.2 ") for line in lines[:-1])
    assert lines[-1] == "452 4.2.2 Try again"
    assert len(lines) == 5


@pytest.mark.parametrize("scenario", [one for one in scenarios() if wordy(one)], ids=lambda one: one.slug)
def test_more_words_leave_the_cause_as_it_is(scenario: Scenario) -> None:
    harder = wordy(scenario)
    assert harder
    for where, server in harder.hosts.items():
        plain = scenario.hosts[where]
        if isinstance(server, Smtp) and isinstance(plain, Smtp):
            for stage, reply in server.replies.items():
                assert cause_of(joined(reply)).tag == cause_of(joined(plain.replies[stage])).tag


def joined(reply: str) -> str:
    """As our client hands it on: the code once, then every line's text."""
    first, *others = reply.splitlines()
    return "\n".join((first, *(line[4:] for line in others)))


def test_what_must_stand_beside_the_cause_is_among_the_three() -> None:
    with_another = replace(FULL, beside=("comparison.mail-server",))
    assert outcome(with_another, Verdict.CAUSE_FOUND, "mailbox.full", "comparison.mail-server").right
    alone = outcome(with_another, Verdict.CAUSE_FOUND, "mailbox.full")
    assert not alone.right
    assert score([alone]).top3 == 0


def test_the_other_noises() -> None:
    v6, late, slow = dead_ipv6(FULL), slow_banner(FULL), slow_names(FULL)
    assert v6
    assert late
    assert slow
    assert "AAAA" in v6.zone["mx.full.test"]
    server = late.hosts["192.0.2.99", 25]
    assert isinstance(server, Smtp)
    assert server.banner_after > 0
    assert slow.dns_delay > 0
