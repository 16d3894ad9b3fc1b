"""`dns_sd_configs`: names whose records are targets (Prometheus 3.5, `discovery/dns`)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV

from hivesight.model.labels import Labels
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.refresh import Looked
from hivesight.sources.sd_config import DnsSdConfig
from hivesight.sources.target import TargetGroup, host_port

_AT_ONCE: Final = 16
_LIFETIME_SECONDS: Final = 10.0

MakeResolver = Callable[[], dns.asyncresolver.Resolver]


class DnsLook:
    """A Look at one entry of dns_sd_configs. A name that cannot be asked for keeps its targets; a name that does not
    exist has none. make_resolver: by default the system's (/etc/resolv.conf), read anew at every look."""

    def __init__(
        self,
        config: DnsSdConfig,
        executor: Executor,
        metrics: ScrapeMetrics,
        make_resolver: MakeResolver = dns.asyncresolver.Resolver,
    ) -> None:
        self._config = config
        self._executor = executor
        self._metrics = metrics
        self._make_resolver = make_resolver
        self._known: dict[str, tuple[TargetGroup, ...]] = {}

    async def __call__(self) -> Looked:
        try:
            resolver = await asyncio.get_running_loop().run_in_executor(self._executor, self._make_resolver)
        except (dns.exception.DNSException, OSError) as error:
            return Looked(None, (f"no resolver: {error}",))
        gate = asyncio.Semaphore(_AT_ONCE)
        faults = await asyncio.gather(*(self._ask(resolver, gate, name) for name in self._config.names))
        groups = tuple(group for name in self._config.names for group in self._known.get(name, ()))
        return Looked(groups, tuple(fault for fault in faults if fault))

    async def close(self) -> None:
        """Nothing is held."""

    async def _ask(self, resolver: dns.asyncresolver.Resolver, gate: asyncio.Semaphore, name: str) -> str:
        """Asks for one name. Returns what went wrong, or an empty text."""
        self._metrics.dns_lookups.inc()
        try:
            async with gate:
                answer = await resolver.resolve(
                    name, self._config.type, search=True, raise_on_no_answer=False, lifetime=_LIFETIME_SECONDS
                )
        except dns.resolver.NXDOMAIN:
            # All servers agree that there is no such name.
            self._known[name] = ()
            return ""
        except (dns.exception.DNSException, OSError, ValueError) as error:
            self._metrics.dns_failures.inc()
            return f"{self._config.type} records of {name}: {_reason(error)}"
        # Sorted: the order of records changes with every answer, and is no change of the targets.
        records: list[Any] = list(answer.rrset or ())  # pyright: ignore[reportUnknownArgumentType]  # its base is untyped
        found = sorted({_target(record, self._config.port) for record in records})
        self._known[name] = tuple(
            TargetGroup((address,), Labels({"__meta_dns_name": name, **dict(labels)}), name)
            for address, labels in found
        )
        return ""


def _target(record: Any, port: int) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A record's address and labels. Host names without the final dot in the address, and with it in the label."""
    match record:
        case SRV():
            host = record.target.to_text()
            return host_port(host.rstrip("."), record.port), (
                ("__meta_dns_srv_record_target", host),
                ("__meta_dns_srv_record_port", str(record.port)),
            )
        case MX():
            host = record.exchange.to_text()
            return host_port(host.rstrip("."), port), (("__meta_dns_mx_record_target", host),)
        case NS():
            host = record.target.to_text()
            return host_port(host.rstrip("."), port), (("__meta_dns_ns_record_target", host),)
        case A() | AAAA():
            return host_port(record.address, port), ()
        case _:
            raise TypeError(f"a record of type {record.rdtype} was not asked for")


def _reason(error: Exception) -> str:
    if isinstance(error, dns.resolver.LifetimeTimeout):
        return f"no answer within {_LIFETIME_SECONDS:g} s"
    if isinstance(error, dns.resolver.NoNameservers):
        return "no server gave a usable answer"
    return str(error)[:300] or type(error).__name__
