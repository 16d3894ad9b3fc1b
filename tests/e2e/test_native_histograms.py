"""Native histograms and exemplars that are scraped, as whoever asks the server meets them."""

import signal
import time as clock
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from e2e.running import HttpServer, Server, eventually, respond
from ingest.delimited import HISTOGRAM, bucket, delimited, exemplar, family, histogram, integer, metric, native, time

PROTO = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class Target:
    """Serves a native and a classic histogram to whoever asks for protobuf."""

    def __init__(self) -> None:
        self.scrapes = 0
        self.gone = False
        self.began = int(clock.time())
        self._server = HttpServer(self._answer)
        self.address, self.close = self._server.address, self._server.close

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        assert request.headers["Accept"].startswith("application/vnd.google.protobuf")
        self.scrapes += 1
        n = self.scrapes
        example = exemplar(16, 1.5, time(3, self.began), trace_id="abc")
        told = native(4 * n, 6.0 * n, ([(0, 3)], [n, n, 2 * n]), ([], []), example)
        classic = metric(histogram(integer(1, 4 * n), bucket(0.5, n), bucket(1.0, 3 * n)))
        families = [family("classic", HISTOGRAM, classic)]
        if not self.gone:
            families.append(family("told", HISTOGRAM, metric(told, path="/a")))
        respond(request, delimited(*families), content_type=PROTO)


def test_scraped_native_histograms(tmp_path: Path) -> None:
    target = Target()
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_native_histograms: true, convert_classic_histograms_to_nhcb: true}\n"
        f"scrape_configs: [{{job_name: native, static_configs: [{{targets: ['{target.address}']}}]}}]\n"
    )
    arguments = ("--prometheus-config", str(tmp_path / "prometheus.yml"))
    server = Server(tmp_path / "server", *arguments).ready()
    try:
        eventually(lambda: (server.value("histogram_count(told)") or 0) >= 8, 15, "scraped twice")
        assert server.value("histogram_avg(told)") == 1.5
        assert server.value("histogram_quantile(1, told)") == 4
        assert server.value("histogram_fraction(-Inf, 0.5, classic)") == 0.25
        assert server.value('scrape_samples_scraped{job="native"}') == 2
        asked = {"query": "told", "start": target.began - 1, "end": target.began + 1}
        (found,) = server.get("/api/v1/query_exemplars", **asked)["data"]
        assert found["seriesLabels"] == {
            "__name__": "told",
            "instance": target.address,
            "job": "native",
            "path": "/a",
        }
        assert [each["labels"] for each in found["exemplars"]] == [{"trace_id": "abc"}]
        before = server.value("histogram_count(told)")
        server.stop(signal.SIGKILL)

        server = Server(tmp_path / "server", *arguments, port=server.port).ready()
        eventually(lambda: (server.value("histogram_count(told)") or 0) > (before or 0), 15, "scraped again")
        target.gone = True
        eventually(lambda: not server.query("told"), 15, "stale")
        assert server.value("histogram_count(classic)") and server.value("count_over_time(told[1m])") >= 3
        (found,) = server.get("/api/v1/query_exemplars", **asked)["data"]
        assert len(found["exemplars"]) == 1
    finally:
        server.stop(signal.SIGKILL)
        target.close()
