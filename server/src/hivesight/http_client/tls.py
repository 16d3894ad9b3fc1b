"""`tls_config` to an SSL context."""

import ssl
import tempfile
from pathlib import Path
from typing import Final

from hivesight.http_client.config import TlsConfig
from hivesight.http_client.errors import SettingError

_VERSIONS: Final = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


def ssl_context(config: TlsConfig) -> ssl.SSLContext:
    """A new context for connections out. Blocks for its files. Raises SettingError where a certificate cannot be
    used."""
    try:
        context = ssl.create_default_context(cafile=config.ca_file or None, cadata=config.ca or None)
        if config.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if config.cert or config.cert_file:
            _load_certificate(context, config)
        if config.min_version:
            context.minimum_version = _VERSIONS[config.min_version]
        if config.max_version:
            context.maximum_version = _VERSIONS[config.max_version]
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError too.
        raise SettingError(f"tls_config cannot be used: {error}") from error
    return context


def _load_certificate(context: ssl.SSLContext, config: TlsConfig) -> None:
    """Python reads certificates from files only, so one that stands in the configuration goes through a file of our
    own, in a folder that nobody else can read, for a moment."""
    with tempfile.TemporaryDirectory() as folder:
        cert, key = config.cert_file, config.key_file
        if not cert:
            cert = _write(Path(folder, "cert"), config.cert)
        if not key and config.key_pem is not None:
            key = _write(Path(folder, "key"), config.key_pem.reveal())
        context.load_cert_chain(cert, key)


def _write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)
