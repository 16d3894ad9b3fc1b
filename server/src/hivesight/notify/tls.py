"""TLS contexts from a `tls_config`."""

import ssl
import tempfile
from pathlib import Path
from typing import Final

from hivesight.alerting.config_http import TlsConfig
from hivesight.notify.errors import FailureReason, NotifyError

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


def tls_context(config: TlsConfig, directory: Path) -> ssl.SSLContext:
    """The context for connections out. Raises NotifyError where its files cannot be used."""
    try:
        context = ssl.create_default_context()
        if config.ca_file or config.ca:
            context = ssl.create_default_context(
                cafile=str(directory / config.ca_file) if config.ca_file else None, cadata=config.ca or None
            )
        if config.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if config.min_version:
            context.minimum_version = _version(config.min_version)
        if config.max_version:
            context.maximum_version = _version(config.max_version)
        if config.cert_file:
            context.load_cert_chain(str(directory / config.cert_file), str(directory / config.key_file))
        elif config.cert and config.key is not None:
            _load_inline(context, config.cert, config.key.reveal())
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError too.
        raise NotifyError(FailureReason.CONFIG, f"tls_config: {error}", retry=True) from error
    return context


def _version(name: str) -> ssl.TLSVersion:
    if name not in _VERSIONS:
        raise ValueError(f"unknown TLS version {name!r}; write one of {', '.join(_VERSIONS)}")
    return _VERSIONS[name]


def _load_inline(context: ssl.SSLContext, cert: str, key: str) -> None:
    """OpenSSL takes a certificate and its key from a file only; this one nobody else may read, and it does not stay."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write(f"{key}\n{cert}\n")
        file.flush()
        context.load_cert_chain(file.name)
