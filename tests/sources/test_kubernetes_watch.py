"""Discovery against an API server over HTTP: lists, watches, and what goes wrong with them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import trustme
from prometheus_client import CollectorRegistry

from hivesight.http_client.config import Authorization
from hivesight.model.secret import Secret
from hivesight.sources.kubernetes import api, watch
from hivesight.sources.kubernetes.config import AttachMetadata, KubernetesSdConfig, Namespaces, Selector
from hivesight.sources.kubernetes.discovery import KubernetesDiscovery
from hivesight.sources.metrics import ScrapeMetrics
from sources.cluster import ClusterServer, Json, cluster_server, named

PODS = "/api/v1/pods"
SERVICES = "/api/v1/services"
ENDPOINTS = "/api/v1/endpoints"


def pod(name: str, ip: str, namespace: str = "default", **more: object) -> Json:
    return {
        "metadata": named(name, namespace, **more),
        "spec": {"containers": [{"name": "c"}]},
        "status": {"podIP": ip},
    }


class Bench:
    """A discovery that runs against a cluster; its pauses are remembered and short."""

    def __init__(self, cluster: ClusterServer, executor: ThreadPoolExecutor, config: KubernetesSdConfig) -> None:
        self.cluster = cluster
        self.registry = CollectorRegistry()
        self.pauses: list[float] = []
        self.discovery = KubernetesDiscovery(
            config,
            executor,
            metrics=ScrapeMetrics(self.registry),
            sleep=self.sleep,
            environ={},
            account=Path("/nonexistent"),
            chance=lambda: 0.5,
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0.001)

    def addresses(self) -> set[str]:
        return {group.addresses[0] for group in self.discovery.groups()}

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"{name}_total", labels) or 0.0

    async def becomes(self, *addresses: str) -> None:
        await until(lambda: self.discovery.synced and self.addresses() == set(addresses))


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what other threads bring about."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # another thread cannot set an Event of this loop
            await asyncio.sleep(0.002)


def run(
    scenario: Callable[[Bench], Awaitable[None]],
    prepare: Callable[[ClusterServer], None] = lambda cluster: None,
    **settings: object,
) -> Bench:
    async def main(bench: Bench) -> None:
        task = asyncio.create_task(bench.discovery.run())
        try:
            await scenario(bench)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await bench.discovery.close()

    with cluster_server() as cluster, ThreadPoolExecutor(2) as executor:
        prepare(cluster)
        config = KubernetesSdConfig(**{"role": "pod", "api_server": cluster.url, **settings})
        bench = Bench(cluster, executor, config)
        asyncio.run(main(bench))
        return bench


def two(cluster: ClusterServer) -> None:
    cluster.put(PODS, pod("a", "10.0.0.1"))
    cluster.put(PODS, pod("b", "10.0.0.2"))


def test_pods_come_change_and_go() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        revision = bench.discovery.revision
        bench.cluster.put(PODS, pod("c", "10.0.0.3"))
        await bench.becomes("10.0.0.1", "10.0.0.2", "10.0.0.3")
        assert bench.discovery.revision == revision + 1
        bench.cluster.put(PODS, pod("a", "10.0.0.9"))
        bench.cluster.delete(PODS, "b")
        await bench.becomes("10.0.0.9", "10.0.0.3")
        assert bench.discovery.revision == revision + 3

    bench = run(scenario, two)
    counts = [bench.count("prometheus_sd_kubernetes_events", role="pod", event=each) for each in ("add", "update")]
    assert counts == [3, 1]
    assert bench.count("prometheus_sd_kubernetes_events", role="pod", event="delete") == 1
    assert len(bench.cluster.lists(PODS)) == 1
    (asked,) = bench.cluster.watches(PODS)
    assert asked["allowWatchBookmarks"] == "true" and asked["timeoutSeconds"] == "450"


def test_a_change_that_no_target_shows_changes_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        revision = bench.discovery.revision
        bench.cluster.put(PODS, {**pod("a", "10.0.0.1"), "kind": "Pod"})
        bench.cluster.put(PODS, pod("c", "10.0.0.3"))
        await bench.becomes("10.0.0.1", "10.0.0.2", "10.0.0.3")
        assert bench.discovery.revision == revision + 1

    run(scenario, two)


def test_a_list_comes_in_pages(monkeypatch) -> None:
    monkeypatch.setattr(watch, "PAGE_OBJECTS", 2)
    names = [f"10.0.0.{number}" for number in range(1, 6)]

    def prepare(cluster: ClusterServer) -> None:
        for name in names:
            cluster.put(PODS, pod(name, name))

    async def scenario(bench: Bench) -> None:
        await bench.becomes(*names)

    bench = run(scenario, prepare)
    assert [each.get("continue") for each in bench.cluster.lists(PODS)] == [None, "2", "4"]


def test_a_watch_that_ends_goes_on_from_its_last_version() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster.bookmark(PODS)
        bench.cluster.end_watches()
        await until(lambda: len(bench.cluster.watches(PODS)) == 2)
        bench.cluster.put(PODS, pod("c", "10.0.0.3"))
        await bench.becomes("10.0.0.1", "10.0.0.2", "10.0.0.3")

    bench = run(scenario, two)
    assert len(bench.cluster.lists(PODS)) == 1
    # The bookmark was the last version that the client saw.
    assert [each["resourceVersion"] for each in bench.cluster.watches(PODS)] == ["102", "103"]
    assert bench.pauses == [0.75] and bench.count("prometheus_sd_kubernetes_failures") == 0


def test_a_version_that_is_gone_is_listed_anew() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster._objects[PODS].pop(("default", "b"))  # nobody is told
        bench.cluster.forget()
        await bench.becomes("10.0.0.1")
        await until(lambda: bench.cluster.watching.get(PODS) == 2)

    bench = run(scenario, two)
    assert len(bench.cluster.lists(PODS)) == 2
    assert bench.count("prometheus_sd_kubernetes_events", role="pod", event="delete") == 1


def test_a_watch_that_is_refused_with_gone_lists_anew() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster.fail[PODS] = [(410, "too old")]
        bench.cluster.end_watches()
        await until(lambda: bench.cluster.watching.get(PODS) == 2)

    bench = run(scenario, two)
    assert len(bench.cluster.lists(PODS)) == 2 and len(bench.cluster.watches(PODS)) == 3


def test_failures_pause_ever_longer_and_keep_the_targets() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster.fail[PODS] = [(500, "etcd is slow")] * 7
        bench.cluster.end_watches()
        await until(lambda: bench.cluster.watching.get(PODS) == 2)
        assert bench.addresses() == {"10.0.0.1", "10.0.0.2"}

    bench = run(scenario, two)
    assert bench.pauses == [0.75, *(0.75 * each for each in (2, 4, 8, 16, 30, 30, 30))]
    assert bench.count("prometheus_sd_kubernetes_failures") == 7
    assert len(bench.cluster.lists(PODS)) == 1


def test_nothing_is_found_before_all_is_listed() -> None:
    def prepare(cluster: ClusterServer) -> None:
        cluster.fail[SERVICES] = [(403, 'services is forbidden: User "x" cannot list')] * 3
        cluster.put(SERVICES, {"metadata": named("web", labels={"team": "a"}), "spec": {}})
        subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}
        cluster.put(ENDPOINTS, {"metadata": named("web"), "subsets": [subset]})

    async def scenario(bench: Bench) -> None:
        await until(lambda: bool(bench.cluster.watches(ENDPOINTS)) and bool(bench.cluster.watches(PODS)))
        await bench.becomes("10.0.0.1:80")
        (group,) = bench.discovery.groups()
        assert group.labels["__meta_kubernetes_service_label_team"] == "a"
        # A service's labels change those of the targets behind it.
        revision = bench.discovery.revision
        bench.cluster.put(SERVICES, {"metadata": named("web", labels={"team": "b"}), "spec": {}})
        await until(lambda: bench.discovery.revision > revision)
        (group,) = bench.discovery.groups()
        assert group.labels["__meta_kubernetes_service_label_team"] == "b"

    bench = run(scenario, prepare, role="endpoints")
    assert bench.count("prometheus_sd_kubernetes_failures") == 3


def test_namespaces_selectors_and_nodes() -> None:
    def prepare(cluster: ClusterServer) -> None:
        cluster.put("/api/v1/namespaces/x/pods", pod("a", "10.0.0.1", "x"))
        cluster.put("/api/v1/namespaces/y/pods", pod("a", "10.0.0.2", "y"))

    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bool(bench.cluster.watches("/api/v1/nodes")))

    bench = run(
        scenario,
        prepare,
        namespaces=Namespaces(names=("x", "y")),
        selectors=(Selector(role="pod", label="app in (a, b)", field="spec.nodeName=n"),),
        attach_metadata=AttachMetadata(node=True),
        authorization=Authorization(credentials=Secret("t")),
    )
    paths = {path for path, _ in bench.cluster.requests}
    assert paths == {"/api/v1/namespaces/x/pods", "/api/v1/namespaces/y/pods", "/api/v1/nodes"}
    for path, query in bench.cluster.requests:
        selected = path != "/api/v1/nodes"
        assert query.get("labelSelector") == ("app in (a, b)" if selected else None)
        assert query.get("fieldSelector") == ("spec.nodeName=n" if selected else None)
    assert {each["authorization"] for each in bench.cluster.headers} == {"Bearer t"}


def test_objects_and_events_that_are_malformed() -> None:
    def prepare(cluster: ClusterServer) -> None:
        two(cluster)
        cluster.put(PODS, {"metadata": named("bad", labels={"a": 1})})

    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster.put(PODS, {"metadata": named("worse"), "status": []})
        bench.cluster.put(PODS, pod("c", "10.0.0.3"))
        await bench.becomes("10.0.0.1", "10.0.0.2", "10.0.0.3")
        assert bench.count("hivesight_sd_kubernetes_objects_refused") == 2
        bench.cluster.raw(PODS, b"[1")
        await until(lambda: len(bench.cluster.lists(PODS)) == 2)

    bench = run(scenario, prepare)
    assert bench.count("prometheus_sd_kubernetes_failures") >= 1


def test_an_event_that_has_no_end(monkeypatch) -> None:
    monkeypatch.setattr(api, "MAX_EVENT_BYTES", 1000)

    async def scenario(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        await until(lambda: bench.cluster.watching.get(PODS) == 1)
        bench.cluster.raw(PODS, b" " * 100_000)
        await until(lambda: len(bench.cluster.lists(PODS)) == 2)

    assert run(scenario, two).count("prometheus_sd_kubernetes_failures") >= 1


def test_a_page_that_is_too_large_and_objects_that_are_too_many(monkeypatch) -> None:
    async def never(bench: Bench) -> None:
        await until(lambda: bench.count("prometheus_sd_kubernetes_failures") >= 2)
        assert not bench.discovery.synced and bench.addresses() == set()

    monkeypatch.setattr(watch, "MAX_OBJECTS", 1)
    run(never, two)
    monkeypatch.setattr(watch, "MAX_OBJECTS", 2)

    async def full(bench: Bench) -> None:
        await bench.becomes("10.0.0.1", "10.0.0.2")
        bench.cluster.put(PODS, pod("c", "10.0.0.3"))
        await until(lambda: bench.count("hivesight_sd_kubernetes_objects_refused") == 1)
        assert bench.addresses() == {"10.0.0.1", "10.0.0.2"}

    run(full, two)
    monkeypatch.setattr(api, "MAX_PAGE_BYTES", 100)
    run(never, two)


def test_the_service_account_of_the_pod_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "token").write_text("t0", encoding="utf-8")
    (tmp_path / "namespace").write_text("mine", encoding="utf-8")
    path = "/api/v1/namespaces/mine/pods"

    async def main(discovery: KubernetesDiscovery) -> None:
        task = asyncio.create_task(discovery.run())
        await until(lambda: discovery.synced)
        assert [group.addresses for group in discovery.groups()] == [("10.0.0.1",)]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await discovery.close()

    with cluster_server(context) as cluster, ThreadPoolExecutor(2) as executor:
        cluster.put(path, pod("a", "10.0.0.1", "mine"))
        host, _, port = cluster.address.partition(":")
        discovery = KubernetesDiscovery(
            KubernetesSdConfig(role="pod", namespaces=Namespaces(own_namespace=True)),
            executor,
            metrics=ScrapeMetrics(CollectorRegistry()),
            sleep=asyncio.sleep,
            environ={"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port},
            account=tmp_path,
        )
        asyncio.run(main(discovery))
    assert {each["authorization"] for each in cluster.headers} == {"Bearer t0"}
