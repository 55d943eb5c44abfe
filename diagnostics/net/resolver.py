"""DNS for probes: several name servers, the quick ones first.

Never raises for what comes back, and says when nothing did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import dns.exception
import dns.inet
import dns.rdatatype
import dns.resolver

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.net.config import Endpoint, NetworkConfig, parse_endpoint
from diagnostics.net.dns_message import CNAME, MX, NOERROR, NS, NXDOMAIN, Message, Question, Records, absolute_name
from diagnostics.net.dns_sockets import LoopEnded
from diagnostics.net.exchange import Exchange, NoUsableAnswer, is_referral

MAX_CHAIN = 8
"""CNAMEs followed; a longer chain, or a loop, is no usable answer."""
MAX_RECORDS = 100
MAX_TEXT = 4096
MAX_CACHED = 10_000
MAX_AT_ONCE = 1000
"""Questions under way. Fewer would make healthy domains wait for the time limits of dead ones."""


@dataclass(frozen=True, slots=True)
class DnsLimits:
    """Seconds.

    `hedge` is how long a name server is waited for while another has not been asked; `total` covers CNAMEs and repeats.
    """

    query: float = 1.5
    hedge: float = 1.0
    total: float = 4.9
    cache: float = 30.0
    shun: float = 30.0
    """How long a silent name server is asked last; doubles with each further silence, up to 32 times."""
    control: float = 3.0
    """How often at most a silent name server is asked for the root, to see whether it is up."""


DEFAULT_LIMITS = DnsLimits()
_UNANSWERED = DnsAnswer(DnsStatus.UNANSWERED, confirmed_by=0)


@dataclass(slots=True)
class _Server:
    endpoint: Endpoint
    of_the_internet: bool
    """Whether it ought to know the names of the public DNS, not just those of a lab or a closed network."""
    cut_off: bool = False
    checked_until: float = 0.0
    silences: int = 0
    shunned_until: float = 0.0
    control: asyncio.Task[bool] | None = None
    controlled_until: float = 0.0

    def answered(self) -> None:
        self.silences, self.shunned_until = 0, 0.0

    def was_silent(self, now: float, shun: float) -> None:
        self.shunned_until = now + shun * 2 ** min(self.silences, 5)
        self.silences += 1


class _Said(NamedTuple):
    """What one name server said; `ttl` in seconds."""

    answer: DnsAnswer
    ttl: float
    alias: str = ""
    """The name server knows no further than this alias: ask for it."""


class _Wanted(NamedTuple):
    """What is looked up, and whether a second name server has to confirm that the name does not exist."""

    question: Question
    confirm: bool

    def named(self, name: str) -> _Wanted:
        return self._replace(question=self.question._replace(name=name))


class _Cached(NamedTuple):
    answer: DnsAnswer
    until: float


@dataclass(slots=True)
class _Opening:
    """The first packet of a search: where it went and when, and what became of it."""

    server: _Server
    at: float
    outcome: Message | OSError


@dataclass(slots=True)
class _Search:
    """A question under way and those who wait for its answer.

    Most end with the first packet that comes back; those that do not go on as a task.
    """

    waiting: list[asyncio.Future[DnsAnswer]] = field(default_factory=list)
    task: asyncio.Task[DnsAnswer] | None = None


@dataclass(slots=True)
class Resolver:
    """Name servers, their health and a short cache. For use on one event loop."""

    config: NetworkConfig
    limits: DnsLimits = DEFAULT_LIMITS
    _servers: dict[str, list[_Server]] = field(default_factory=dict)
    _cache: dict[_Wanted, _Cached] = field(default_factory=dict)
    _asking: dict[_Wanted, _Search] = field(default_factory=dict)
    _exchange: Exchange = field(default_factory=Exchange)
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONCE))

    def resolve(
        self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True
    ) -> asyncio.Future[DnsAnswer]:
        """Records of one type, CNAMEs followed; `unchecked` takes what DNSSEC would hold back, too.

        Without `confirm` one name server's word is enough that the name does not exist. Equal questions at the same
        time are asked once; answers are kept `limits.cache` seconds at most. A text that cannot be a domain name is
        NO_SUCH_NAME, confirmed by nobody. Raises ValueError for an unknown record type.

        The question is on its way when this returns. A future, as many of them wait together without a task for each.
        """
        kind = _record_type(rdtype)
        loop = asyncio.get_running_loop()
        # One who asks may be cancelled without taking the answer from the others; the search ends by its own limit.
        mine: asyncio.Future[DnsAnswer] = loop.create_future()
        try:
            wanted = _Wanted(Question(absolute_name(name), kind, unchecked), confirm)
        except (dns.exception.DNSException, UnicodeError):
            mine.set_result(DnsAnswer(DnsStatus.NO_SUCH_NAME, confirmed_by=0))
            return mine
        now = loop.time()
        cached = self._cache.get(wanted)
        if cached is not None and cached.until > now:
            mine.set_result(cached.answer)
        elif search := self._asking.get(wanted):
            search.waiting.append(mine)
        else:
            self._asking[wanted] = _Search([mine])
            try:
                self._begin(wanted, now)
            except Exception as problem:
                self._end(wanted, problem)  # as a task ends: else whoever asks the same again would wait for nothing
        return mine

    def _begin(self, wanted: _Wanted, now: float) -> None:
        """Send the first packet at once, if its name server is well: a task costs more than such a question."""
        servers = self._servers_for(wanted.question.name)
        if servers and servers[0].shunned_until <= now:
            limit = self.limits.hedge if len(servers) > 1 else self.limits.query
            told = partial(self._hear, wanted, servers[0], now)
            if self._exchange.ask_at_once(servers[0].endpoint, wanted.question, min(limit, self.limits.total), told):
                return
        self._search(wanted, self._look_up(wanted))

    def _hear(self, wanted: _Wanted, server: _Server, at: float, outcome: Message | OSError) -> None:
        """The end of the search, where that is all there is to know."""
        try:
            said = self._settled(wanted, server, outcome) if isinstance(outcome, Message) else None
        except Exception as problem:
            self._end(wanted, problem)  # the same
            return
        if said:
            server.answered()
            self._keep(wanted, said)
            self._end(wanted, said.answer)
        elif isinstance(outcome, LoopEnded):
            self._end(wanted, _UNANSWERED)
        else:
            self._search(wanted, self._look_up(wanted, _Opening(server, at, outcome)))

    def _settled(self, wanted: _Wanted, server: _Server, message: Message) -> _Said | None:
        """What the message says, if nothing is left to ask: no alias to follow, nothing to confirm or to doubt."""
        if message.truncated or is_referral(message):
            return None
        if message.rcode == NXDOMAIN:
            if wanted.confirm or (server.of_the_internet and message.negative_ttl is None):
                return None
        elif message.rcode != NOERROR:
            return None
        said = _read(message, wanted.question.name, wanted.question.rdtype)
        return None if said.alias or said.answer.status is DnsStatus.UNANSWERED else said

    def _search(self, wanted: _Wanted, looking_up: Coroutine[Any, Any, DnsAnswer]) -> None:
        task = self._asking[wanted].task = asyncio.get_running_loop().create_task(looking_up)
        task.add_done_callback(partial(self._tell, wanted))

    def _tell(self, wanted: _Wanted, task: asyncio.Task[DnsAnswer]) -> None:
        if task.cancelled():
            for waits in self._asking.pop(wanted).waiting:
                waits.cancel()
        else:
            self._end(wanted, task.exception() or task.result())

    def _end(self, wanted: _Wanted, outcome: DnsAnswer | BaseException) -> None:
        for waits in self._asking.pop(wanted).waiting:
            if waits.done():
                continue
            if isinstance(outcome, BaseException):
                waits.set_exception(outcome)
            else:
                waits.set_result(outcome)

    async def _look_up(self, wanted: _Wanted, opening: _Opening | None = None) -> DnsAnswer:
        began = opening.at if opening else asyncio.get_running_loop().time()
        try:
            async with self._at_once:
                said = await self._follow(wanted, began + self.limits.total, opening)
        except TimeoutError:
            return _UNANSWERED
        self._keep(wanted, said)
        return said.answer

    def _keep(self, wanted: _Wanted, said: _Said) -> None:
        ttl = min(said.ttl, self.limits.cache)
        if said.answer.status is not DnsStatus.UNANSWERED and ttl > 0:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            self._cache[wanted] = _Cached(said.answer, asyncio.get_running_loop().time() + ttl)

    async def _follow(self, wanted: _Wanted, until: float, opening: _Opening | None) -> _Said:
        """The answer at the end of the aliases. Raises TimeoutError where there is none until then."""
        ttl, authentic = self.limits.cache, True
        seen = [wanted.question.name]
        for _ in range(MAX_CHAIN + 1):
            said = await self._ask_servers(wanted.named(seen[-1]), until, opening if len(seen) == 1 else None)
            ttl, authentic = min(ttl, said.ttl), authentic and said.answer.authentic
            if not said.alias:
                if len(seen) == 1:
                    return _Said(said.answer, ttl)
                end = said.answer.alias_of or _plain_name(seen[-1])
                return _Said(replace(said.answer, alias_of=end, authentic=authentic), ttl)
            if said.alias in seen:
                break
            seen.append(said.alias)
        return _Said(_UNANSWERED, 0)

    async def _ask_servers(self, wanted: _Wanted, until: float, opening: _Opening | None) -> _Said:
        """The first usable answer. A silent server is tried again after the others, one that refused is not."""
        question = wanted.question
        servers = self._by_health(question.name)
        if opening:
            servers.sort(key=lambda server: server is not opening.server)
        failed_by, extended_errors = 0, set[int]()
        gone_quiet = all(server.silences > 2 for server in servers)
        for turn in range(1 if gone_quiet else 3):
            for server in tuple(servers):
                another_waits = turn == 0 and server is not servers[-1]
                try:
                    limit = self.limits.hedge if another_waits else self.limits.query
                    heard = opening.outcome if opening and turn == 0 and server is opening.server else None
                    said = await self._ask_one(server, question, limit, until, heard)
                except NoUsableAnswer as nothing:
                    failed_by += nothing.failed
                    extended_errors.update(nothing.extended_errors)
                    if not nothing.worth_repeating:
                        servers.remove(server)
                    continue
                if wanted.confirm and said.answer.status is DnsStatus.NO_SUCH_NAME:
                    async with asyncio.timeout_at(until):
                        return await self._confirm(said, server, question, until)
                return said
        unanswered = replace(_UNANSWERED, failed_by=failed_by, extended_errors=tuple(sorted(extended_errors)))
        return _Said(unanswered, 0)

    async def _confirm(self, said: _Said, first: _Server, question: Question, until: float) -> _Said:
        """NXDOMAIN is asked of a second name server, if one is up; a question may get lost once.

        Where they disagree, the one that knows the name is right.
        """
        for second in self._by_health(question.name):
            if second is first or not await self._is_up(second):
                continue
            for _ in range(2):
                try:
                    other = await self._ask_one(second, question, self.limits.query, until)
                except NoUsableAnswer as nothing:
                    if not nothing.worth_repeating:
                        break
                    continue
                if other.answer.status is DnsStatus.NO_SUCH_NAME:
                    return _Said(replace(said.answer, confirmed_by=2), min(said.ttl, other.ttl))
                return other
        return said

    async def _is_up(self, server: _Server) -> bool:
        """Silence about one domain may be that domain's own: whether the server answers anything at all."""
        now = asyncio.get_running_loop().time()
        if server.shunned_until <= now:
            return True
        if server.control is None and server.controlled_until <= now:
            server.control = asyncio.create_task(self._control(server))
        return server.control is not None and await asyncio.shield(server.control)

    async def _control(self, server: _Server) -> bool:
        """Any answer, a refusal too, shows that the server is up."""
        try:
            await self._exchange.ask(server.endpoint, _ROOT, self.limits.query)
        except NoUsableAnswer as nothing:
            if nothing.down:
                return False
        finally:
            server.control = None
            server.controlled_until = asyncio.get_running_loop().time() + self.limits.control
        server.answered()
        return True

    async def _ask_one(
        self, server: _Server, question: Question, limit: float, until: float, heard: Message | OSError | None = None
    ) -> _Said:
        """Waits for `limit` seconds, and raises TimeoutError where the search as a whole has no time left.

        `heard` is what came back already.
        """
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            raise TimeoutError
        try:
            message = await self._exchange.ask(server.endpoint, question, min(limit, left), heard)
            if message.rcode == NXDOMAIN and server.of_the_internet and message.negative_ttl is None:
                async with asyncio.timeout_at(until):
                    await self._check_root(server)
        except NoUsableAnswer as nothing:
            if not nothing.down:
                server.answered()
            elif left >= limit or not nothing.worth_repeating:  # one that was given less time may be up
                server.was_silent(asyncio.get_running_loop().time(), self.limits.shun)
            raise
        server.answered()
        return _read(message, question.name, question.rdtype)

    async def _check_root(self, server: _Server) -> None:
        """Raises NoUsableAnswer for a server that is cut off from the public DNS and denies every name.

        Its NXDOMAIN comes without an SOA (see RFC 2308 section 3), and it denies the root, too, which surely exists.
        """
        now = asyncio.get_running_loop().time()
        if server.checked_until <= now:
            try:
                root = await self._exchange.ask(server.endpoint, _ROOT, self.limits.hedge)
                server.cut_off = root.empty
            except NoUsableAnswer:
                server.cut_off = True
            server.checked_until = now + self.limits.cache
        if server.cut_off:
            raise NoUsableAnswer("denies the root: cut off from the public DNS")

    def _by_health(self, name: str) -> list[_Server]:
        """The name servers for a name in their configured order, those that were silent of late last."""
        servers = self._servers_for(name)
        now = asyncio.get_running_loop().time()
        return sorted(servers, key=lambda server: max(server.shunned_until - now, 0.0))

    def _servers_for(self, name: str) -> list[_Server]:
        zone = self._zone(name)
        if zone not in self._servers:
            endpoints = self.config.zones.get(zone) or self.config.nameservers or _system_nameservers()
            of_the_internet = not zone and not (self.config.closed and self.config.nameservers)
            self._servers[zone] = [
                _Server(endpoint, of_the_internet) for endpoint in dict.fromkeys(map(parse_endpoint, endpoints))
            ]
        return self._servers[zone]

    def _zone(self, name: str) -> str:
        """The longest configured suffix that the name ends in; empty where none does."""
        suffix = _plain_name(name) if self.config.zones else ""
        while suffix and suffix not in self.config.zones:
            suffix = suffix.partition(".")[2]
        return suffix


_ROOT = Question(".", NS)


@lru_cache(maxsize=64)
def _record_type(text: str) -> int:
    try:
        return int(dns.rdatatype.from_text(text))
    except dns.rdatatype.UnknownRdatatype as problem:
        raise ValueError(f"{text!r} is not a DNS record type") from problem


@cache
def _system_nameservers() -> tuple[str, ...]:
    try:
        configured = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(
        str(Endpoint(server, 53)) for server in configured if isinstance(server, str) and dns.inet.is_address(server)
    )


def _read(message: Message, name: str, rdtype: int) -> _Said:
    """What the message says about the name; records of other names are not listened to."""
    asked, ttl, authentic = name, float("inf"), message.authentic
    end = ""
    for _ in range(MAX_CHAIN):
        if wanted := message.answers.get((name, rdtype)):
            found = DnsAnswer(DnsStatus.OK, _texts(wanted, rdtype), 1, end, authentic)
            return _Said(found, min(ttl, wanted.ttl))
        alias = message.answers.get((name, CNAME))
        if not alias:
            break
        ttl = min(ttl, alias.ttl)
        name = alias.texts[0].lower()
        end = _plain_name(name)
    else:
        return _Said(_UNANSWERED, 0)
    negative_ttl = 0 if message.negative_ttl is None else min(ttl, message.negative_ttl)
    if message.rcode == NXDOMAIN:
        return _Said(_nothing(DnsStatus.NO_SUCH_NAME, end, authentic), negative_ttl)
    if name != asked and message.negative_ttl is None:
        return _Said(replace(_UNANSWERED, authentic=authentic), ttl, alias=name)
    return _Said(_nothing(DnsStatus.NO_DATA, end, authentic), negative_ttl)


@lru_cache(maxsize=256)
def _nothing(status: DnsStatus, alias_of: str, authentic: bool) -> DnsAnswer:
    return DnsAnswer(status, alias_of=alias_of, authentic=authentic)


def _plain_name(name: str) -> str:
    return name.removesuffix(".") or "."


def _texts(records: Records, rdtype: int) -> tuple[str, ...]:
    if len(records.texts) == 1:
        return (records.texts[0][:MAX_TEXT],)
    texts = {text[:MAX_TEXT] for text in records.texts}
    ordered = sorted(texts, key=_by_preference) if rdtype == MX else sorted(texts)
    return tuple(ordered[:MAX_RECORDS])


def _by_preference(mx: str) -> tuple[int, str]:
    preference, _, host = mx.partition(" ")
    return int(preference), host
