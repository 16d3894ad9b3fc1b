"""Checks of Compose files."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "compose/obsolete-version",
        INFO,
        "the key version",
        "Compose warns of it at each command, and reads it nowhere.",
    ),
    Check(
        "compose/unpinned-image",
        WARNING,
        "an image without a version",
        "An update comes with any pull, unasked, and the version that worked cannot be had again.",
    ),
    Check(
        "compose/stale-registry",
        WARNING,
        "an image from a registry that is no longer filled",
        "No version with mended faults comes from there.",
    ),
    Check(
        "compose/open-port",
        WARNING,
        "a port on every address of the host",
        "Exporters and stores have no sign-in: whoever reaches the host reads them, past most firewalls.",
    ),
    Check("compose/port-clash", ERROR, "two services that publish one port of the host", "The second does not start."),
    Check(
        "compose/port-taken",
        INFO,
        "a port of the host that something outside the stack seems to have",
        "Whichever starts second does not start.",
    ),
    Check(
        "compose/literal-secret",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file or its history has it, and changing it means changing the file.",
    ),
    Check(
        "compose/database-access",
        INFO,
        "a database reached as its superuser, or in the clear",
        "An exporter that is broken into has the whole database.",
    ),
    Check("compose/privileged", WARNING, "a privileged container", "Whoever breaks into it has the host."),
    Check(
        "compose/docker-socket",
        WARNING,
        "a container with Docker's socket",
        "Whoever writes to the socket is root on the host.",
    ),
    Check(
        "compose/docker-socket-to-watch",
        INFO,
        "Docker's socket in a container that watches the others",
        "It is how such programs are meant to be run; whoever breaks into one is root on the host all the same.",
    ),
    Check(
        "compose/writable-host",
        WARNING,
        "the host's file system in a container, to write",
        "Whoever breaks into it has the host.",
    ),
    Check(
        "compose/no-healthcheck",
        INFO,
        "a service without a health check",
        "A process that hangs is taken for one that works.",
    ),
    Check("compose/no-limits", INFO, "a service without limits", "It can take the memory of all others on the host."),
    Check("compose/no-restart", INFO, "a service without a restart policy", "It stays down after a crash or a reboot."),
    Check(
        "compose/endless-logs", INFO, "logs that are never cut", "They fill the disk, and everything on the host stops."
    ),
    Check(
        "compose/no-volume", WARNING, "a store without a volume", "Its data are gone when the container is made anew."
    ),
    Check(
        "compose/node-exporter",
        WARNING,
        "a node exporter that sees the container",
        "Its figures are right for nobody: network and file systems of the container go by the host's name.",
    ),
    Check(
        "compose/unknown-dependency", ERROR, "depends_on a service that is not there", "Compose refuses the whole file."
    ),
    Check("compose/undefined", ERROR, "a network or volume that is not defined", "Compose refuses the whole file."),
    Check(
        "compose/unknown-host",
        WARNING,
        "a host that none of its networks knows",
        "The name does not resolve: the exporter runs and reports nothing.",
    ),
    Check(
        "compose/no-common-network",
        WARNING,
        "a service in other networks than whoever names it",
        "The name does not resolve: the exporter runs and reports nothing.",
    ),
)
