"""A pipeline from a checked configuration: all that can fail about it fails here, before anything is swapped."""

from collections.abc import Callable, Sequence

from hivesight.alerting.config import ConfigFile
from hivesight.alerting.config_receivers import Receiver
from hivesight.alerting.journal import Journal
from hivesight.alerting.nflog import NotificationLog
from hivesight.alerting.outlook import Muter
from hivesight.model.clock import Clock
from hivesight.model.errors import ConfigError
from hivesight.notify.group_commit import GroupCommit
from hivesight.notify.history import History
from hivesight.notify.metrics import NotifyMetrics
from hivesight.notify.notification import Integration
from hivesight.notify.pipeline import Pipeline
from hivesight.notify.registry import KINDS, Surroundings
from hivesight.notify.rendering import check_settings, load_templates
from hivesight.notify.retry import Patience
from hivesight.notify.stages import Parts


def build_pipeline(
    file: ConfigFile,
    *,
    muter: Muter,
    log: NotificationLog,
    journal: Journal,
    history: History,
    metrics: NotifyMetrics,
    clock: Clock,
    external_url: str,
    patience: Patience | None = None,
    dressed: Callable[[Integration], Integration] = lambda one: one,
) -> Pipeline:
    """muter, log, journal: the alerting room and what it keeps. external_url: where people reach us, for links.
    dressed: what is put in place of each integration, such as one that looks on.
    Raises ConfigError, also for templates that cannot be parsed."""
    if file.config is None:
        raise ConfigError(file.diagnostics)
    config = file.config
    templates = load_templates(config.templates, file.directory)
    faults = check_settings(file, templates)
    if faults:
        raise ConfigError(faults)
    around = Surroundings(config.global_, templates, file.directory)
    parts = Parts(
        muter,
        log,
        GroupCommit(log.record),
        GroupCommit(history.add),
        journal,
        metrics,
        clock,
        external_url.rstrip("/"),
        patience or Patience(),
    )
    return Pipeline(parts, {each.name: [*map(dressed, integrations(each, around))] for each in config.receivers})


def integrations(receiver: Receiver, around: Surroundings) -> Sequence[Integration]:
    """A notifier for each section of the receiver."""
    return [
        Integration(receiver.name, kind.name, index, section.send_resolved, kind.make(section, around))
        for kind in KINDS
        for index, section in enumerate(kind.sections(receiver))
    ]
