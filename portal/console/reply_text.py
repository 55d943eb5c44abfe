"""The text that an agent sends to the customer, built from the evidence. Pure; in whatever language is active."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from diagnostics.domain import Remedy, Stage, Vendor, Verdict, Who
from portal.console.plain_text import plain
from portal.console.words import Words
from portal.recipes import Recipe, allowlist

LINK_PLACE = _lazy("[link to the case]")
"""What stands where a link belongs, until the agent has one made."""
MOST_NAMED = 3
WHO: dict[Who, Words] = {
    Who.USER: pgettext_lazy("who does it", "you"),
    Who.IT: _lazy("your IT department or whoever looks after your e-mail"),
    Who.PROVIDER: _lazy("your e-mail provider"),
    Who.VENDOR: pgettext_lazy("who does it", "we"),
}
NETWORK_STAGES = (Stage.DEVICE, Stage.NETWORK, Stage.HOSTS)
"""Where hosts and ports are to be allowed, not senders."""


@dataclass(frozen=True, slots=True)
class NamedCause:
    """A cause of the diagnosis, its remedy filled in. `with_provider`: name and Markdown of what differs there."""

    remedy: Remedy
    sure: bool = True
    contradicted: bool = False
    with_provider: tuple[tuple[str, str], ...] = ()

    @property
    def ours(self) -> bool:
        """Is the first step ours?"""
        return self.remedy.who[:1] == (Who.VENDOR,)

    @property
    def for_it(self) -> bool:
        """Can IT, or the provider, do something about it? Allowing our senders mends no full mailbox."""
        return bool(self.remedy.for_it) or Who.IT in self.remedy.who or Who.PROVIDER in self.remedy.who


@dataclass(frozen=True, slots=True)
class Situation:
    """What a reply rests on. `address` as the customer's own pages show it to others; `link` empty: none was made.

    `verdict` is None while there is none, `arrived` where the customer typed our test code back.
    """

    reference: str
    address: str
    vendor: Vendor
    verdict: Verdict | None = None
    causes: tuple[NamedCause, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    link: str = ""
    arrived: bool = False


def reply_text(now: Situation) -> str:
    """The whole reply: what was found and how sure it is, what to do and who does it, what IT needs, what next."""
    return _joined(
        (
            _("Hello,"),
            _(
                "you told us that no code from %(vendor)s reaches %(address)s."
                " We have looked into it (case %(reference)s)."
            )
            % _said(now),
            *_found(now),
            *_to_do(now),
            *_for_it(now),
            *_link(now),
            *_if_not(now),
        )
    )


def short_reply_text(now: Situation) -> str:
    """The same in a few lines: the finding, the next step, the link."""
    return _joined((_("Hello,"), *_short(now), *_link(now), _closing(now)))


def _short(now: Situation) -> Iterator[str]:
    if not now.causes:
        yield _nothing(now)
        yield _(
            "Please ask for one new code and look for it at once, in the junk folder too. Only the newest code works."
        )
        return
    first = now.causes[0]
    yield f"{first.remedy.headline} {_sureness(first)}"
    yield _our_promise() if first.ours else first.remedy.next_step


def _found(now: Situation) -> Iterator[str]:
    yield _("What we found")
    if not now.causes:
        yield _nothing(now)
        return
    first, *others = now.causes[:MOST_NAMED]
    yield f"{first.remedy.headline} {_sureness(first)}"
    yield plain(first.remedy.meaning)
    if others and not (first.sure and not first.contradicted):
        yield "\n".join((_("It may also be:"), *(f"- {one.remedy.headline}" for one in others)))


def _nothing(now: Situation) -> str:
    if now.arrived:
        return _("Our test message has arrived in your mailbox, so the way to you is open.")
    if now.verdict is Verdict.NOTHING_FOUND:
        return _("We found nothing that keeps our e-mail from you. That does not prove that it reaches your inbox.")
    if now.verdict is Verdict.INCONCLUSIVE:
        return _("We could not find out: some of our checks got no answer. That is our limit, not your fault.")
    return _("Our checks are still under way, so there is no finding yet.")


def _sureness(cause: NamedCause) -> str:
    if cause.contradicted:
        return _("We are not sure: something else that we saw speaks against it.")
    return _("We are sure of this.") if cause.sure else _("This is likely, not certain.")


def _to_do(now: Situation) -> Iterator[str]:
    yield _("What to do now")
    if not now.causes:
        yield _steps(_without_cause(now))
        return
    first = now.causes[0]
    if first.ours:
        yield _our_promise()
    action = plain(first.remedy.action)
    if first.ours and action:
        yield _("Where a step below says that you contact support: you have done that already.")
    yield action or first.remedy.next_step
    yield _("Who does it: %s.") % ", ".join(str(WHO[one]) for one in first.remedy.who)


def _our_promise() -> str:
    return _("The first step is ours: we take care of it and write to you when it is done. Then ask for one new code.")


def _without_cause(now: Situation) -> Iterator[str]:
    senders = ", ".join(now.vendor.senders or now.vendor.domains)
    yield _("Ask for one new code and wait for a minute. Only the newest code works.")
    if senders:
        yield _("Look in the junk folder, in every other folder and in a quarantine, for mail from %s.") % senders
    else:
        yield _("Look in the junk folder, in every other folder and in a quarantine.")
    if not now.arrived:
        yield _("Open the page of your case, send yourself a test message there, and tell us where you find it.")
    if now.verdict is not Verdict.NOTHING_FOUND:
        yield _("On the same page, check again: what got no answer before may get one now.")
    yield _("Give your IT department what stands below, so that our e-mail is let in.")


def _for_it(now: Situation) -> Iterator[str]:
    """What is exact: the remedy's part for IT, the provider's own steps, and what to allow."""
    first = now.causes[0] if now.causes else None
    parts = list(_exactly(now, first))
    if parts:
        yield _("For your IT department")
        yield from parts


def _exactly(now: Situation, first: NamedCause | None) -> Iterator[str]:
    if first:
        if first.remedy.for_it:
            yield plain(first.remedy.for_it)
        for name, text in first.with_provider:
            yield f"{_('With %s:') % name}\n{plain(text)}"
    if first and not first.for_it:
        return
    in_network = first is not None and first.remedy.stage in NETWORK_STAGES
    if not in_network:
        for one in now.recipes:
            if one.steps:
                yield "\n".join((_("To let our e-mail in with %s:") % one.provider.name, _steps(one.steps)))
    wanted = _NETWORK_BLOCKS if in_network else _MAIL_BLOCKS
    lists = [f"{block.label}: {', '.join(block.values)}" for block in allowlist(now.vendor) if block.id in wanted]
    if lists:
        yield "\n".join((_("To be allowed:"), *lists))


def _link(now: Situation) -> Iterator[str]:
    yield _("Everything we found, the exact answers and a button to check again are on the page of your case:") + (
        f"\n{now.link or LINK_PLACE}"
    )


def _if_not(now: Situation) -> Iterator[str]:
    yield _("If it does not help")
    yield _(
        "Reply to this message and tell us which step you did, what you saw, and when you last asked for a code. If a"
        " message from us did arrive somewhere, tell us in which folder."
    )
    yield _closing(now)


def _closing(now: Situation) -> str:
    return _("Your case reference: %s") % now.reference


def _steps(steps: Iterable[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _said(now: Situation) -> dict[str, str]:
    return {"vendor": now.vendor.name, "address": now.address, "reference": now.reference}


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in map(str, parts) if part.strip()) + "\n"


_MAIL_BLOCKS = ("allow-senders", "allow-domains", "allow-addresses")
_NETWORK_BLOCKS = ("allow-addresses", "allow-hosts", "allow-ports")
