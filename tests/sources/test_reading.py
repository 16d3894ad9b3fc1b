"""`prometheus.yml`: what is read, what is wrong, what is known but does nothing."""

from pathlib import Path

import pytest

from hivesight.ingest.protocol import DEFAULT_PROTOCOLS, NATIVE_PROTOCOLS, ScrapeProtocol
from hivesight.model.diagnostics import Severity
from hivesight.model.labels import Labels
from hivesight.sources.config import PrometheusFile, ScrapeConfig
from hivesight.sources.reading import DEFAULT_BODY_SIZE_LIMIT, read, read_text

AT = Path("/etc/prom/prometheus.yml")


def good(text: str, **environ: str) -> PrometheusFile:
    loaded = read_text(text, AT, environ)
    assert loaded.value is not None, loaded.diagnostics
    return loaded.value


def job(text: str) -> ScrapeConfig:
    return good(f"scrape_configs:\n- job_name: a\n  {text}\n").scrape_configs[0]


def test_defaults() -> None:
    file = good("scrape_configs: [{job_name: a}]")
    assert (file.global_.scrape_interval_ms, file.global_.evaluation_interval_ms) == (60_000, 60_000)
    config = file.scrape_configs[0]
    assert (config.scrape_interval_ms, config.scrape_timeout_ms) == (60_000, 10_000)
    assert (config.metrics_path, config.scheme, config.honor_timestamps) == ("/metrics", "http", True)
    assert config.scrape_protocols == DEFAULT_PROTOCOLS
    assert config.body_size_limit == DEFAULT_BODY_SIZE_LIMIT
    assert config.metric_name_escaping_scheme == "allow-utf-8"


def test_an_empty_file_scrapes_nothing() -> None:
    assert good("").scrape_configs == ()


def test_globals_are_inherited() -> None:
    file = good(
        "global: {scrape_interval: 5s, scrape_timeout: 4s, sample_limit: 7, body_size_limit: 1MB, label_limit: 3,\n"
        "  keep_dropped_targets: 2, scrape_protocols: [PrometheusText0.0.4], metric_name_validation_scheme: legacy}\n"
        "scrape_configs: [{job_name: a}, {job_name: b, scrape_interval: 2s, sample_limit: 9, label_limit: 4}]\n"
    )
    a, b = file.scrape_configs
    assert (a.scrape_interval_ms, a.scrape_timeout_ms, a.sample_limit, a.body_size_limit) == (5000, 4000, 7, 1 << 20)
    assert (b.scrape_interval_ms, b.scrape_timeout_ms, b.sample_limit, b.label_limit) == (2000, 2000, 9, 4)
    assert a.scrape_protocols == (ScrapeProtocol.TEXT_0_0_4,)
    assert (a.label_limit, a.keep_dropped_targets, a.metric_name_escaping_scheme) == (3, 2, "underscores")


def test_paths_are_relative_to_the_file() -> None:
    file = good(
        "rule_files: [rules/*.yml, /abs/r.yml]\n"
        "scrape_configs:\n- job_name: a\n  file_sd_configs: [{files: [t/*.json]}]\n"
        "  basic_auth: {username: u, password_file: secret}\n  tls_config: {ca_file: ca.pem}\n"
        "  http_headers: {X-A: {files: [h]}}\n"
        "  kubernetes_sd_configs: [{role: pod, kubeconfig_file: k}]\n"
        "  http_sd_configs: [{url: 'http://x/', authorization: {credentials_file: t}}]\n"
        "- job_name: b\n  oauth2: {client_id: c, token_url: 'http://x/', client_secret_file: s}\n"
    )
    config = file.scrape_configs[0]
    assert file.rule_files == ("/etc/prom/rules/*.yml", "/abs/r.yml")
    assert config.file_sd_configs[0].files == ("/etc/prom/t/*.json",)
    assert config.basic_auth is not None and config.basic_auth.password_file == "/etc/prom/secret"
    assert config.tls_config.ca_file == "/etc/prom/ca.pem"
    assert config.http_headers["X-A"].files == ("/etc/prom/h",)
    discovery = config.http_sd_configs[0].authorization
    assert discovery is not None and discovery.credentials_file == "/etc/prom/t"
    assert config.kubernetes_sd_configs[0].kubeconfig_file == "/etc/prom/k"
    oauth2 = file.scrape_configs[1].oauth2
    assert oauth2 is not None and oauth2.client_secret_file == "/etc/prom/s"


KINDS = [
    "azure",
    "consul",
    "digitalocean",
    "docker",
    "dockerswarm",
    "ec2",
    "eureka",
    "gce",
    "hetzner",
    "ionos",
    "kuma",
    "lightsail",
    "linode",
    "marathon",
    "nerve",
    "nomad",
    "openstack",
    "ovhcloud",
    "puppetdb",
    "scaleway",
    "serverset",
    "stackit",
    "triton",
    "uyuni",
    "vultr",
]


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_of_discovery_are_refused(kind: str) -> None:
    loaded = read_text(f"scrape_configs:\n- job_name: a\n  {kind}_sd_configs: [{{a: b}}]\n", AT)
    (fault,) = loaded.diagnostics
    assert loaded.value is None and (fault.severity, fault.code) == (Severity.ERROR, "config/unsupported")
    assert fault.message.startswith(f"{kind}_sd_configs is not supported") and "http_sd_configs" in fault.message


def test_native_histograms_are_off_unless_asked_for() -> None:
    file = good(
        "scrape_configs:\n- job_name: a\n- job_name: b\n  scrape_native_histograms: true\n"
        "- {job_name: c, scrape_native_histograms: true, scrape_protocols: [PrometheusProto]}\n"
    )
    a, b, c = file.scrape_configs
    assert (a.scrape_native_histograms, a.scrape_protocols) == (False, DEFAULT_PROTOCOLS)
    assert (b.scrape_native_histograms, b.scrape_protocols) == (True, NATIVE_PROTOCOLS)
    assert (c.scrape_native_histograms, c.scrape_protocols) == (True, (ScrapeProtocol.PROTO,))
    keys = ("scrape_native_histograms", "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb")
    file = good(
        f"global: {{{', '.join(f'{key}: true' for key in keys)}}}\n"
        f"scrape_configs:\n- job_name: a\n- {{job_name: b, {', '.join(f'{key}: false' for key in keys)}}}\n"
    )
    assert [getattr(file.scrape_configs[0], key) for key in keys] == [True] * 3
    assert [getattr(file.scrape_configs[1], key) for key in keys] == [False] * 3
    assert [each.scrape_protocols for each in file.scrape_configs] == [NATIVE_PROTOCOLS, DEFAULT_PROTOCOLS]


def test_environment_in_external_labels() -> None:
    file = good("global: {external_labels: {a: '${HOST}-$HOST', b: $$x, c: $NONE}}", HOST="h1")
    assert file.global_.external_labels == Labels({"a": "h1-h1", "b": "$x"})


def test_everything_that_prometheus_knows_is_known() -> None:
    """Every key of a scrape_config of Prometheus 3.5, in one file."""
    loaded = read(Path(__file__).with_name("everything.good.yml"))
    assert [each.severity for each in loaded.diagnostics] == [Severity.WARNING] * len(loaded.diagnostics)
    assert loaded.value is not None
    warned = {each.message.split(":")[0] for each in loaded.diagnostics}
    assert {"remote_read", "storage"} <= warned
    assert not warned & {
        "relabel_configs",
        "file_sd_configs",
        "http_sd_configs",
        "dns_sd_configs",
        "kubernetes_sd_configs",
        "oauth2",
        "scrape_native_histograms",
        "convert_classic_histograms_to_nhcb",
        "native_histogram_bucket_limit",
        "native_histogram_min_bucket_factor",
    }


WARNINGS = [
    ("remote_read: [{url: http://x/}]\n", 1, 1, "only samples of this server"),
    ("remote_write:\n- url: http://x/\n  sigv4: {}\n", 3, 3, "a proxy that signs"),
    ("remote_write:\n- url: http://x/\n  round_robin_dns: true\n", 3, 3, "the system's resolver"),
    ("storage: {tsdb: {}}\n", 1, 1, "storage settings"),
    ("global:\n  query_log_file: x\n", 2, 3, "no query log"),
    ("runtime: {gogc: 75}\n", 1, 1, "no effect"),
    (
        "scrape_configs:\n- job_name: a\n  scrape_native_histograms: true\n  scrape_protocols: [PrometheusText0.0.4]\n",
        3,
        3,
        "scrape_native_histograms: only PrometheusProto carries native histograms, and scrape_protocols leaves it out",
    ),
]


@pytest.mark.parametrize(("text", "line", "col", "message"), WARNINGS)
def test_what_does_nothing_is_told(text: str, line: int, col: int, message: str) -> None:
    loaded = read_text(text, AT)
    (warning,) = loaded.diagnostics
    assert loaded.value is not None
    assert (warning.severity, warning.line, warning.col, warning.code) == (
        Severity.WARNING,
        line,
        col,
        "config/unsupported",
    )
    assert message in warning.message


def in_job(text: str) -> str:
    return f"scrape_configs:\n- job_name: a\n  {text}\n"


def kubernetes(text: str) -> str:
    return in_job(f"kubernetes_sd_configs: [{{role: pod, {text}}}]")


FAULTS = [
    ("scrape_config: []\n", 1, 1, "did you mean 'scrape_configs'?"),
    (in_job("scrape_intervall: 1s"), 3, 3, "did you mean 'scrape_interval'?"),
    ("scrape_configs:\n- metrics_path: /m\n", 2, 3, "'job_name' is missing"),
    ("scrape_configs:\n- job_name: ''\n", 2, 3, "job_name is empty"),
    ("scrape_configs:\n- job_name: a\n- job_name: a\n", 3, 13, "multiple scrape configs with job name"),
    ("global:\n  scrape_interval: 5s\n  scrape_timeout: 6s\n", 3, 19, "greater than scrape interval"),
    (in_job("scrape_timeout: 2m"), 3, 19, "greater than scrape interval"),
    (in_job("scrape_interval: 5"), 3, 20, "not a valid duration"),
    (in_job("relabel_configs: [{action: nope}]"), 3, 30, "unknown relabel action"),
    (in_job("metric_relabel_configs: [{regex: '('}]"), 3, 36, "bad regular expression"),
    (in_job("static_configs: [{targets: ['http://x/']}]"), 3, 31, "not a valid hostname"),
    (in_job("file_sd_configs: [{files: [t.txt]}]"), 3, 21, "not valid for file discovery"),
    (in_job("file_sd_configs: [{files: []}]"), 3, 21, "at least one path"),
    (in_job("http_sd_configs: [{url: 'ftp://x/'}]"), 3, 27, "unsupported scheme 'ftp'"),
    (in_job("http_sd_configs: [{}]"), 3, 21, "'url' is missing"),
    (in_job("http_sd_configs: [{url: 'http://x/', refresh_interval: 0s}]"), 3, 58, "longer than zero"),
    (in_job("dns_sd_configs: [{names: []}]"), 3, 20, "at least one name"),
    (in_job("dns_sd_configs: [{names: [a], type: A}]"), 3, 20, "a port is required"),
    (in_job("dns_sd_configs: [{names: [a], type: TXT, port: 1}]"), 3, 39, "known: A, AAAA, SRV, MX, NS"),
    (in_job("dns_sd_configs: [{names: [a], port: 65536}]"), 3, 39, "expected a port"),
    (in_job("kubernetes_sd_configs: [{}]"), 3, 27, "'role' is missing"),
    (in_job("kubernetes_sd_configs: [{role: pods}]"), 3, 34, "unknown value 'pods'; known: node, pod"),
    (kubernetes("kubeconfig_file: k, api_server: 'http://x'"), 3, 27, "kubeconfig_file and api_server simultaneously"),
    (kubernetes("kubeconfig_file: k, bearer_token: x"), 3, 27, "together with kubeconfig_file"),
    (kubernetes("bearer_token: x"), 3, 27, "provide the api_server URL explicitly"),
    (kubernetes("api_server: 'http://x', namespaces: {own_namespace: true}"), 3, 27, "own_namespace simultaneously"),
    (kubernetes("kubeconfig_file: k, namespaces: {own_namespace: true}"), 3, 27, "own_namespace simultaneously"),
    (kubernetes("namespaces: {names: [a/b]}"), 3, 51, "not the name of a namespace"),
    (kubernetes("selectors: [{role: node}]"), 3, 27, "pod role supports only pod selectors"),
    (kubernetes("selectors: [{role: pod}, {role: pod}]"), 3, 27, "duplicated selector role: pod"),
    (in_job("basic_auth: {password_ref: x}"), 3, 16, "write password_file"),
    (in_job("tls_config: {ca_ref: x}"), 3, 16, "no secret manager is asked"),
    (in_job("http_sd_configs: [{url: 'http://x', basic_auth: {password_ref: x}}]"), 3, 52, "write password_file"),
    (in_job("oauth2: {client_id: x}"), 3, 11, "'token_url' is missing"),
    (in_job("consul_sd_configs: [{server: a}]"), 3, 3, "bridge its targets"),
    (in_job("scheme: ftp"), 3, 11, "unknown value 'ftp'"),
    (in_job("sample_limit: -1"), 3, 17, "expected a whole number"),
    (in_job("scrape_protocols: [Text]"), 3, 22, "unknown scrape protocol"),
    (in_job("scrape_protocols: []"), 2, 3, "cannot be empty"),
    (in_job("basic_auth: {username: u}\n  bearer_token: x"), 2, 3, "at most one of"),
    (in_job("authorization: {type: Basic}"), 3, 18, 'use "basic_auth" instead'),
    (in_job("tls_config: {cert_file: x}"), 3, 15, "needs both cert"),
    (in_job("no_proxy: x"), 2, 3, "proxy_url must also be configured"),
    ("remote_write: [{name: a}]\n", 1, 16, "'url' is missing"),
    ("remote_write: [{url: 'http://x/', headers: {User-Agent: a}}]\n", 1, 16, "set by other means"),
    ("remote_write: [{url: 'http://x/', queue_config: {min_shards: 60}}]\n", 1, 49, "must not be above"),
    ("remote_write: [{url: 'http://x/', protobuf_message: v3}]\n", 1, 53, "unknown value 'v3'"),
    ("remote_write:\n- {url: 'http://x/', name: a}\n- {url: 'http://y/', name: a}\n", 3, 28, 'with name "a"'),
    ("rule_files: ['a/*/b.yml']\n", 1, 14, "only the last part"),
]


@pytest.mark.parametrize(("text", "line", "col", "message"), FAULTS)
def test_faults(text: str, line: int, col: int, message: str) -> None:
    loaded = read_text(text, AT)
    fault = loaded.diagnostics[0]
    assert loaded.value is None
    assert message in fault.message
    assert (fault.severity, fault.line, fault.col) == (Severity.ERROR, line, col)


def test_scrape_config_files(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "b.yml").write_text(
        "scrape_configs: [{job_name: b, file_sd_configs: [{files: [x.json]}]}]", encoding="utf-8"
    )
    main = tmp_path / "prometheus.yml"
    main.write_text("scrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: a}]\n", encoding="utf-8")
    loaded = read(main)
    assert loaded.value is not None
    assert [each.job_name for each in loaded.value.scrape_configs] == ["a", "b"]
    assert loaded.value.scrape_configs[1].file_sd_configs[0].files == (str(tmp_path / "jobs" / "x.json"),)

    (tmp_path / "jobs" / "c.yml").write_text("scrape_configs: [{job_name: a}]", encoding="utf-8")
    (fault,) = read(main).diagnostics
    assert fault.path.endswith("c.yml") and "first found in" in fault.message


def test_the_packs_file_is_good() -> None:
    import hivesight

    path = Path(hivesight.__file__).parent / "pack" / "files" / "prometheus" / "prometheus.yml"
    loaded = read(path)
    assert loaded.diagnostics == () and loaded.value is not None
