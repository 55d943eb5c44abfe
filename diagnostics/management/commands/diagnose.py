"""`manage.py diagnose ADDRESS`: the portal's probes and checks, without database or broker."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from datetime import UTC, datetime
from email.utils import make_msgid
from time import perf_counter
from types import MethodType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from diagnostics import registry
from diagnostics.addresses import BadAddress, parse_address
from diagnostics.articles import article, articles
from diagnostics.codec import encode
from diagnostics.domain import Diagnosis, Evidence, Seen, SendOutcome, Target, Transmission, Vantage, Verdict
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.net.configured import configured_network
from diagnostics.net.live import LiveNetwork
from diagnostics.net.senders import sender
from diagnostics.plain import escaped
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.remedies import remedies
from diagnostics.runner import observe
from diagnostics.services.messages import SEND_DEADLINE, content_of, sender_of
from diagnostics.vendors import vendor
from diagnostics.verdicts import diagnose

BAD_USAGE = 64
"""EX_USAGE of sysexits.h."""
MOST_NAMED = 3
"""How many causes are named at most: more are no help."""
EXIT_CODES = {
    Verdict.NOTHING_FOUND: 0,
    Verdict.CAUSE_FOUND: 1,
    Verdict.LIKELY_CAUSE: 1,
    Verdict.INCONCLUSIVE: 2,
}


class Command(BaseCommand):
    help = (
        "Find out what keeps codes from an address. Exit: 0 nothing found, 1 cause found, 2 inconclusive, 64 bad usage."
    )
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        setattr(parser, "error", MethodType(_bad_usage, parser))  # noqa: B010 - argparse's own hook; its exit code 2 means "inconclusive" here
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the administrator's e-mail address")
        parser.add_argument("--article", required=True, help=f"one of: {', '.join(articles())}")
        parser.add_argument("--company", default="", help="the company ID")
        parser.add_argument("--send-test-message", action="store_true", help="hand a test message to their server too")
        parser.add_argument("--json", action="store_true", help="print the diagnosis as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = article(options["article"])
        if chosen is None:
            self._refuse(f"no article {options['article']!r}: there are {', '.join(articles())}")
        try:
            address = parse_address(options["address"], extra_suffixes=settings.EXTRA_SUFFIXES)
        except BadAddress as bad:
            self._refuse(f"not a usable e-mail address: {bad}")
        target = Target(address, vendor(chosen.vendor), options["company"])
        started = perf_counter()
        evidence = asyncio.run(self._gather(target, options["company"], send=options["send_test_message"]))
        diagnosis = diagnose(evidence, causes={tag: remedy.cause for tag, remedy in remedies().items()})
        elapsed_ms = round((perf_counter() - started) * 1000)
        if options["json"]:
            told = _as_json(diagnosis, evidence, elapsed_ms)
            self.stdout.write(escaped(json.dumps(told, indent=2, ensure_ascii=False)))
        else:
            self._print(diagnosis, elapsed_ms)
        sys.exit(EXIT_CODES[diagnosis.verdict])

    async def _gather(self, target: Target, company: str, *, send: bool) -> Evidence:
        net = configured_network()
        evidence = await observe(
            registry.probes(), target, net, on_seen=lambda probe, seen: self._progress(probe, seen)
        )
        if send:
            evidence.add(await self._hand_over(target, company, net))
        return evidence

    async def _hand_over(self, target: Target, company: str, net: LiveNetwork) -> Seen:
        case = Case(vendor=target.vendor.slug, company_id=company, address=str(target.address), reference="COMMAND")
        sent_at = datetime.now(UTC)
        message = TestMessage(
            case=case,
            purpose=Purpose.PRIMARY,
            address=case.address,
            code=f"{secrets.randbelow(10**6):06}",
            message_id=make_msgid(domain=sender_of(case).rpartition("@")[2]),
            sent_at=sent_at,
        )
        self.stderr.write("sending the test message …")
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                service = sender(settings.TEST_MESSAGE_SENDER, net)
                transmission = await service.send(content_of(message), sender_of(case), target.address)
        except TimeoutError:
            transmission = Transmission(SendOutcome.UNKNOWN, via=settings.TEST_MESSAGE_SENDER, detail="time limit")
        self.stderr.write(f"test message: {transmission.outcome}")
        return Seen(
            kind=TestMessageReport,
            vantage=Vantage.SENDER,
            at=datetime.now(UTC),
            observation=TestMessageReport(target.domain, sent_at, transmission),
        )

    def _progress(self, probe: registry.Probe, seen: Seen) -> None:
        outcome = "seen" if seen.observation is not None else f"not seen ({seen.gap})"
        self.stderr.write(f"{probe.group}/{probe.name}: {outcome}, {seen.elapsed_ms} ms")

    def _print(self, diagnosis: Diagnosis, elapsed_ms: int) -> None:
        self.stdout.write(f"verdict: {diagnosis.verdict} ({elapsed_ms} ms)")
        for cause in diagnosis.causes[:MOST_NAMED]:
            facts = ", ".join(
                f"{name}: {' / '.join(value.splitlines())}" for name, value in cause.facts.items() if value
            )
            who = ", ".join(cause.who)
            self.stdout.write(f"- {cause.cause} ({cause.strength}; stage {cause.stage}; {who}) {facts}".rstrip())
        for answer in diagnosis.answers:
            self.stdout.write(f"  {answer.question}: {answer.status}{f' ({answer.gap})' if answer.gap else ''}")

    def _refuse(self, why: str) -> NoReturn:
        self.stderr.write(self.style.ERROR(why))
        sys.exit(BAD_USAGE)


def _bad_usage(parser: CommandParser, message: str) -> NoReturn:
    parser.print_usage(sys.stderr)
    parser.exit(BAD_USAGE, f"{parser.prog}: {message}\n")
    raise AssertionError  # parser.exit does not return


def _as_json(diagnosis: Diagnosis, evidence: Evidence, elapsed_ms: int) -> dict[str, object]:
    system = evidence.get(MailSystem)
    return {
        "verdict": diagnosis.verdict,
        "causes": [
            {
                "cause": one.cause,
                "strength": one.strength,
                "stage": one.stage,
                "who": list(one.who),
                "facts": dict(one.facts),
            }
            for one in diagnosis.causes[:MOST_NAMED]
        ],
        "gateway": (system.gateway if system else "") or None,
        "mailbox_provider": mailbox_of(system, evidence.get(MailboxBehind)) or None,
        "observations": [_observation(seen) for seen in evidence],
        "unanswered": [
            {"question": answer.question, "why": answer.gap}
            for answer in diagnosis.answers
            if answer.question in diagnosis.unanswered
        ],
        "elapsed_ms": elapsed_ms,
    }


def _observation(seen: Seen) -> dict[str, object]:
    return {
        "kind": seen.kind.__name__,
        "vantage": seen.vantage,
        "at": seen.at.isoformat(),
        "elapsed_ms": seen.elapsed_ms,
        "observed": None if seen.observation is None else encode(seen.observation),
        "gap": seen.gap,
    }
