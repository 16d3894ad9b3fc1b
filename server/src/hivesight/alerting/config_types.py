"""What the sections of receivers are made of: addresses, addresses that are secrets, and faults that only the whole of
a section can show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from hivesight.model.secret import Secret
from hivesight.schema import check_http_url, parsed
from hivesight.schema.loading import Location


class Fault(NamedTuple):
    """at: where, from the section on. on_key: whether the key is at fault and not its value."""

    at: Location
    message: str
    on_key: bool = False


def at_most_one(section: object, *names: str) -> Iterator[Fault]:
    """The fault of a section that gives more than one of these keys."""
    given = [name for name in names if getattr(section, name)]
    if len(given) > 1:
        yield Fault((given[1],), f"at most one of {' and '.join(names)} can be given", on_key=True)


@dataclass(frozen=True, slots=True)
class HostPort:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host_port(text: str) -> HostPort:
    """`host:port` or `[::1]:port`. Raises ValueError with the reason."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"address {text!r}: write host:port, such as smtp.example.org:587")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"address {text!r}: too many colons; write [{host}]:{port} for an IPv6 address")
    return HostPort(host, int(port))


def _secret_url(text: str) -> Secret:
    check_http_url(text)
    return Secret(text)


def _template_url(text: str) -> Secret:
    """A URL may be a template since it can depend on the alerts; then it can only be judged when it is filled in."""
    return Secret(text) if "{{" in text else _secret_url(text)


def _address(text: str) -> HostPort | None:
    return parse_host_port(text) if text else None


Address = Annotated[HostPort | None, parsed(_address)]
"""None where the text is empty."""
SecretUrl = Annotated[Secret, parsed(_secret_url)]
SecretTemplateUrl = Annotated[Secret, parsed(_template_url)]
