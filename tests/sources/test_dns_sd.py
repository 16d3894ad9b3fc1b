"""`dns_sd_configs`, against a small real DNS server."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import dns.asyncresolver
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from prometheus_client import CollectorRegistry

from hivesight.sources.dns_sd import DnsLook
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.refresh import Looked
from hivesight.sources.sd_config import DnsSdConfig

Zone = dict[tuple[str, str], list[str]]
BROKEN = "broken.test."

ZONE: Zone = {
    ("_http._tcp.test.", "SRV"): ["0 1 9101 b.test.", "0 1 9100 a.test."],
    ("a.test.", "A"): ["10.0.0.2", "10.0.0.1"],
    ("a.test.", "AAAA"): ["fd00::1"],
    ("test.", "MX"): ["10 mail.test."],
    ("test.", "NS"): ["ns.test."],
    ("short.sub.test.", "A"): ["10.0.0.9"],
}


class DnsServer:
    """Answers from a zone that can be changed; SERVFAIL for the names in `failing`."""

    def __init__(self, zone: Zone) -> None:
        self.zone = dict(zone)
        self.failing = {BROKEN}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)

    def resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.socket.getsockname()[1]
        resolver.search = [dns.name.from_text("sub.test.")]
        resolver.ndots = 1
        return resolver

    def _serve(self) -> None:
        while True:
            wire, client = self.socket.recvfrom(4096)
            if not wire:
                return
            self.socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), client)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        asked = question.question[0]
        name, kind = asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(asked.name, 60, "IN", kind, records))
        elif name not in {each for each, _ in self.zone}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@contextlib.contextmanager
def dns_server() -> Iterator[DnsServer]:
    server = DnsServer(ZONE)
    server.thread.start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"", server.socket.getsockname())
        server.thread.join()
        server.socket.close()


def addresses(looked: Looked) -> list[str]:
    assert looked.groups is not None
    return [address for group in looked.groups for address in group.addresses]


LOOKS = [
    ("_http._tcp.test.", "SRV", ["a.test:9100", "b.test:9101"]),
    ("a.test", "A", ["10.0.0.1:80", "10.0.0.2:80"]),
    ("a.test", "AAAA", ["[fd00::1]:80"]),
    ("test.", "MX", ["mail.test:80"]),
    ("test.", "NS", ["ns.test:80"]),
    ("short", "A", ["10.0.0.9:80"]),
    ("a.test", "SRV", []),
    ("none.test", "A", []),
]


@pytest.mark.parametrize(("name", "kind", "found"), LOOKS)
def test_records_are_targets(name: str, kind: str, found: list[str]) -> None:
    with dns_server() as server, ThreadPoolExecutor(1) as executor:
        config = DnsSdConfig(names=(name,), type=kind, port=80)
        looked = asyncio.run(DnsLook(config, executor, ScrapeMetrics(CollectorRegistry()), server.resolver)())
    assert looked.faults == () and addresses(looked) == found
    assert all(group.labels["__meta_dns_name"] == name for group in looked.groups or ())


LABELS = [
    ("SRV", "_http._tcp.test.", {"srv_record_target": "a.test.", "srv_record_port": "9100"}),
    ("A", "a.test", {}),
    ("MX", "test.", {"mx_record_target": "mail.test."}),
    ("NS", "test.", {"ns_record_target": "ns.test."}),
]


@pytest.mark.parametrize(("kind", "name", "labels"), LABELS)
def test_labels(kind: str, name: str, labels: dict[str, str]) -> None:
    with dns_server() as server, ThreadPoolExecutor(1) as executor:
        config = DnsSdConfig(names=(name,), type=kind, port=80)
        looked = asyncio.run(DnsLook(config, executor, ScrapeMetrics(CollectorRegistry()), server.resolver)())
    assert looked.groups is not None
    wanted = {f"__meta_dns_{key}": value for key, value in {"name": name, **labels}.items()}
    assert looked.groups[0].labels == wanted


def test_a_name_that_fails_keeps_its_targets_and_the_others_change() -> None:
    registry = CollectorRegistry()

    async def main(server: DnsServer, executor: ThreadPoolExecutor) -> None:
        config = DnsSdConfig(names=("a.test.", "short.sub.test."), type="A", port=1)
        look = DnsLook(config, executor, ScrapeMetrics(registry), server.resolver)
        assert addresses(await look()) == ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.9:1"]
        server.failing.add("a.test.")
        server.zone[("short.sub.test.", "A")] = ["10.0.0.8"]
        looked = await look()
        assert addresses(looked) == ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.8:1"]
        assert looked.faults == ("A records of a.test.: no server gave a usable answer",)
        server.failing.clear()
        del server.zone[("a.test.", "A")], server.zone[("a.test.", "AAAA")]
        assert addresses(await look()) == ["10.0.0.8:1"]

    with dns_server() as server, ThreadPoolExecutor(1) as executor:
        asyncio.run(main(server, executor))
    assert registry.get_sample_value("prometheus_sd_dns_lookups_total") == 6
    assert registry.get_sample_value("prometheus_sd_dns_lookup_failures_total") == 1


def test_a_name_that_cannot_be_one() -> None:
    with dns_server() as server, ThreadPoolExecutor(1) as executor:
        config = DnsSdConfig(names=("a" * 64 + ".test",), type="A", port=1)
        looked = asyncio.run(DnsLook(config, executor, ScrapeMetrics(CollectorRegistry()), server.resolver)())
    assert len(looked.faults) == 1 and addresses(looked) == []
