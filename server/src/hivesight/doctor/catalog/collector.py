"""Checks of files of the OpenTelemetry Collector."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check("collector/undefined", ERROR, "a component that is used and not defined", "The Collector does not start."),
    Check(
        "collector/unused",
        INFO,
        "a component that is defined and not used",
        "The Collector does not run it, and says nothing.",
    ),
    Check("collector/unknown-signal", ERROR, "a pipeline for no signal", "The Collector does not start."),
    Check("collector/no-end", ERROR, "a pipeline without receivers or exporters", "The Collector does not start."),
    Check("collector/half-connector", ERROR, "a connector at one end alone", "The Collector does not start."),
    Check(
        "collector/removed",
        ERROR,
        "a component that the Collector has removed",
        "A Collector of today does not start with it.",
    ),
    Check(
        "collector/no-memory-limiter",
        INFO,
        "a pipeline without memory_limiter",
        "It ends out of memory when data come faster than they go.",
    ),
    Check(
        "collector/late-memory-limiter",
        WARNING,
        "memory_limiter after a processor that keeps data",
        "It refuses what was taken already: data are lost in place of being sent again.",
    ),
    Check(
        "collector/memory-limiter-not-first",
        INFO,
        "memory_limiter after other processors",
        "Work is done on data that are refused then.",
    ),
    Check("collector/no-batch", INFO, "a pipeline without batch", "Many small requests load the backend."),
    Check(
        "collector/early-batch", INFO, "batch before what takes data out", "Batches leave smaller than they were made."
    ),
    Check(
        "collector/open-endpoint",
        WARNING,
        "a receiver on every address",
        "Whoever reaches the host can send data, and fill it.",
    ),
    Check(
        "collector/literal-secret",
        WARNING,
        "a secret in the file",
        "Everyone who can read the file or its history has it.",
    ),
    Check(
        "collector/unverified",
        WARNING,
        "a connection that trusts any certificate",
        "Whoever is in between reads the data.",
    ),
    Check("collector/silent", WARNING, "no metrics of the Collector itself", "What it drops is lost unseen."),
    Check(
        "collector/old-telemetry",
        WARNING,
        "a key of telemetry that is read no more",
        "The Collector's own metrics are elsewhere, or it does not start.",
    ),
    Check(
        "collector/no-health-check",
        INFO,
        "a Collector without health_check",
        "Whoever runs it cannot tell whether it works.",
    ),
)
