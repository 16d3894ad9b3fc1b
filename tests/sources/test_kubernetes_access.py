"""How the API server is reached."""

import base64
from pathlib import Path

import pytest

from hivesight.http_client.config import TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.headers import configured_headers
from hivesight.sources.kubernetes.access import Access, access_of
from hivesight.sources.kubernetes.config import KubernetesSdConfig, Namespaces

IN_CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def access(folder: Path, environ: dict[str, str] | None = None, **settings: object) -> Access:
    return access_of(KubernetesSdConfig(**{"role": "pod", **settings}), environ or {}, folder)


def test_the_service_account_of_the_pod(tmp_path: Path) -> None:
    for name, text in (("token", "t0\n"), ("ca.crt", "x"), ("namespace", "mine")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = access(tmp_path, IN_CLUSTER, namespaces=Namespaces(own_namespace=True, names=("other", "mine")))
    assert (found.base, found.namespaces) == ("https://10.96.0.1:443", ("mine", "other"))
    assert found.http.tls_config.ca_file == str(tmp_path / "ca.crt")
    assert configured_headers(found.http).authorization == "Bearer t0"
    (tmp_path / "token").write_text("t1", encoding="utf-8")
    assert configured_headers(found.http).authorization == "Bearer t1"


def test_the_address_of_a_cluster_with_ipv6(tmp_path: Path) -> None:
    assert access(tmp_path, {**IN_CLUSTER, "KUBERNETES_SERVICE_HOST": "fd00::1"}).base == "https://[fd00::1]:443"


def test_outside_of_a_cluster_something_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="write api_server or kubeconfig_file"):
        access(tmp_path)
    with pytest.raises(SettingError, match="cannot read"):
        access(tmp_path, IN_CLUSTER, namespaces=Namespaces(own_namespace=True))


def test_an_address(tmp_path: Path) -> None:
    found = access(tmp_path, api_server="https://k8s:6443/prefix", tls_config=TlsConfig(ca_file="/ca"))
    assert (found.base, found.namespaces) == ("https://k8s:6443/prefix", ("",))
    assert found.http.tls_config.ca_file == "/ca"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


KUBECONFIG = """
apiVersion: v1
kind: Config
preferences: {{}}
current-context: work
contexts:
- name: home
  context: {{cluster: none, user: none}}
- name: work
  context: {{cluster: big, user: me, namespace: ignored}}
clusters:
- name: big
  cluster:
    server: https://k8s:6443
    {cluster}
users:
- name: me
  user: {{{user}}}
"""


def kubeconfig(folder: Path, user: str, cluster: str = "certificate-authority: ca.pem") -> Access:
    path = folder / "config"
    path.write_text(KUBECONFIG.format(user=user, cluster=cluster), encoding="utf-8")
    return access(folder, kubeconfig_file=str(path))


def test_a_kubeconfig_with_a_token(tmp_path: Path) -> None:
    found = kubeconfig(tmp_path, "token: t0")
    assert (found.base, found.namespaces) == ("https://k8s:6443", ("",))
    assert found.http.tls_config.ca_file == str(tmp_path / "ca.pem")
    assert configured_headers(found.http).authorization == "Bearer t0"


def test_a_kubeconfig_with_a_file_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t1", encoding="utf-8")
    found = kubeconfig(tmp_path, "token: t0, tokenFile: token")
    assert configured_headers(found.http).authorization == "Bearer t1"


def test_a_kubeconfig_with_certificates(tmp_path: Path) -> None:
    data = f"client-certificate-data: {b64('CERT')}, client-key-data: {b64('KEY')}"
    found = kubeconfig(tmp_path, data, f"certificate-authority-data: {b64('CA')}\n    tls-server-name: k8s.internal")
    tls = found.http.tls_config
    assert (tls.ca, tls.cert, tls.server_name) == ("CA", "CERT", "k8s.internal")
    assert tls.key_pem is not None and tls.key_pem.reveal() == "KEY" and tls.ca_file == tls.key_file == ""
    files = kubeconfig(tmp_path, "client-certificate: c, client-key: k", "insecure-skip-tls-verify: true")
    tls = files.http.tls_config
    assert (tls.cert_file, tls.key_file) == (str(tmp_path / "c"), str(tmp_path / "k")) and tls.insecure_skip_verify


def test_a_kubeconfig_with_a_password(tmp_path: Path) -> None:
    assert configured_headers(kubeconfig(tmp_path, "username: u, password: p").http).authorization == "Basic dTpw"


BAD = [
    ("exec: {command: aws}", "the user's exec is not supported"),
    ("as: root", "the user's as is not supported"),
    ("client-key-data: '%'", "not PEM text in base64"),
    ("client-certificate: c", "needs both cert"),
    ("tokn: t", "unknown key 'tokn'"),
]


@pytest.mark.parametrize(("user", "message"), BAD)
def test_a_kubeconfig_that_cannot_be_used(tmp_path: Path, user: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        kubeconfig(tmp_path, user)


def test_a_kubeconfig_whose_names_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "config"
    for text, message in (
        ("current-context: x\n", "no context is called 'x'"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n", "no cluster is called 'c'"),
        ("clusters: [{name: c, cluster: {server: 'k8s:1'}}]\n", "unsupported scheme"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SettingError, match=message):
            access(tmp_path, kubeconfig_file=str(path))
