"""Every process of the hive in one table: its name, its module, the port it takes when that is free."""

from dataclasses import dataclass

PREFIX = "agent-hive-"


@dataclass(frozen=True, slots=True)
class Service:
    """One process. `watched` services get a target file, so that Prometheus scrapes them."""

    name: str
    module: str
    port: int
    watched: bool = False
    smtp: bool = False
    alias: str | None = None

    @property
    def short(self) -> str:
        return self.alias or self.name.removeprefix(PREFIX)

    @property
    def url_variable(self) -> str:
        """The environment variable that tells the other processes where this one listens."""
        return f"HIVE_{self.short.replace('-', '_').upper()}_URL"

    @property
    def default_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


ORCHESTRATOR = Service("agent-hive-orchestrator", "agent_hive.orchestrator", 8081, watched=True)
GATEWAY = Service("agent-hive-api-gateway", "agent_hive.gateway", 8082, watched=True)
STREAMING = Service("agent-hive-event-streaming", "agent_hive.streaming", 8083, watched=True)
WEBHOOKS = Service("agent-hive-webhook-server", "agent_hive.webhooks", 8084, watched=True)
MODEL = Service("scripted-model-server", "agent_hive.model_server", 8085, alias="model")
INBOX = Service("inbox", "agent_hive.inbox", 8086, smtp=True)
LOAD = Service("load", "agent_hive.load", 8087)

SERVICES: tuple[Service, ...] = (ORCHESTRATOR, GATEWAY, STREAMING, WEBHOOKS, MODEL, INBOX, LOAD)
CONTROL_PORT = 8088
SMTP_PORT = 8025


class UnknownService(ValueError):
    """No process of the hive has that name; the text lists those that exist."""


def find(name: str) -> Service:
    """The service of that name, short (`event-streaming`) or long (`agent-hive-event-streaming`)."""
    for service in SERVICES:
        if name in (service.name, service.short):
            return service
    names = ", ".join(service.short for service in SERVICES)
    raise UnknownService(f"the hive has no service {name[:80]!r}; its services are {names}")
