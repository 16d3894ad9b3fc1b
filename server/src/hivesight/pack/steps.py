"""What is left to do by hand once the stack is written: secrets that only its owner has, and how it is started."""

from pathlib import Path
from typing import Final

from hivesight.pack.placing import SECRETS
from hivesight.pack.stack import ALERT_SECRETS, Stack

_HIDDEN: Final = {
    "slack": "the address of your Slack webhook",
    "email": "the password of the mail relay",
    "pagerduty": "the integration key of PagerDuty",
}


def steps(directory: Path, stack: Stack) -> list[str]:
    """Sentences and commands in their order. The directory must be there. Raises OSError."""
    found = [
        f"Put {what} into {directory}/alertmanager/{SECRETS}/{ALERT_SECRETS[kind]}."
        for kind, what in _HIDDEN.items()
        if kind in stack.receivers
    ]
    found += [
        f"Look at the addresses and channels in {directory}/alertmanager/alertmanager.yml.",
        f"Give Postgres the role hive_monitor (pg_monitor) with the password in {directory}/{SECRETS}/"
        "postgres_password, and write Redis' password, if it has one, into redis_passwords beside it.",
    ]
    if directory.stat().st_mode & 0o077:
        found.append(f"Let nobody else read it: chmod 700 {directory}")
    if "compose" in stack.platforms:
        found += [
            "Make the network of the hive, if there is none: docker network create agent-hive",
            f"docker compose -f {directory}/docker-compose.monitoring.yml up -d",
        ]
    if "kubernetes" in stack.platforms:
        found += [
            f"Where no Prometheus Operator runs: kubectl apply --server-side -k {directory}/kubernetes/operator",
            f"hivesight init {directory} --remake && kubectl apply --server-side -k {directory}",
        ]
    return [
        *found,
        f"Or the same rules and routes in one process: hivesight up --config {directory}/hivesight.yml",
    ]
