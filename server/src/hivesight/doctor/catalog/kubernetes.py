"""Checks of Kubernetes manifests."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "kubernetes/no-endpoints",
        WARNING,
        "a monitor without endpoints",
        "It chooses Services or pods and says nothing of which port to ask: nothing is scraped.",
    ),
    Check(
        "kubernetes/long-timeout",
        ERROR,
        "a scrapeTimeout longer than the interval",
        "The Prometheus operator refuses the monitor, and none of its targets is scraped.",
    ),
    Check(
        "kubernetes/no-such-port",
        WARNING,
        "a port that the chosen Service does not have",
        "A monitor asks for ports by their names in the Service; another name, or a number, finds none.",
    ),
    Check(
        "kubernetes/no-service",
        INFO,
        "a ServiceMonitor that chooses no Service of these files",
        "It looks for labels of Services, not of pods; where no Service has them nothing is scraped.",
    ),
)
