"""Attributes as labels: those of the point, promoted ones of its resource, its scope, and `job` and `instance`."""

from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from hivesight.ingest.otlp.config import OtlpConfig
from hivesight.ingest.otlp.naming import label_name
from hivesight.ingest.otlp.values import text_of
from hivesight.model.labels import METRIC_NAME, Labels

TARGET_INFO: Final = "target_info"
_NAME: Final = "service.name"
_NAMESPACE: Final = "service.namespace"
_INSTANCE: Final = "service.instance.id"
_IDENTIFYING: Final = frozenset((_NAME, _NAMESPACE, _INSTANCE))


def merged(pairs: Iterable[tuple[str, str]], escapes: bool) -> dict[str, str]:
    """Attributes under their label names; values whose names become one are joined in the order of the names."""
    found: dict[str, str] = {}
    for name, value in sorted(pairs, key=lambda pair: pair[0]):
        label = label_name(name, escapes=escapes)
        if label:
            found[label] = f"{found[label]};{value}" if label in found else value
    return found


def texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Name -> text of the value."""
    return {each.key: text_of(each.value) for each in attributes}


class ResourceLabels:
    """What the resource of some metrics gives to their labels."""

    def __init__(self, resource: Resource, config: OtlpConfig) -> None:
        attributes = texts(resource.attributes)
        self._escapes = config.escapes
        self.promoted: dict[str, str] = {}
        for name, value in sorted(attributes.items()):
            label = label_name(name, escapes=config.escapes) if config.promotes(name) else ""
            if label:
                self.promoted.setdefault(label, value)
        self.identity: dict[str, str] = {}
        if _NAME in attributes:
            namespace = f"{attributes[_NAMESPACE]}/" if _NAMESPACE in attributes else ""
            self.identity["job"] = namespace + attributes[_NAME]
        if _INSTANCE in attributes:
            self.identity["instance"] = attributes[_INSTANCE]
        self.target_info = self._target_info(attributes, config)

    def _target_info(self, attributes: Mapping[str, str], config: OtlpConfig) -> Labels | None:
        """None where the resource says nothing but who it is, or does not say that."""
        if not attributes.keys() - _IDENTIFYING or not self.identity:
            return None
        kept = attributes.items()
        if not config.keep_identifying_resource_attributes:
            kept = [(name, value) for name, value in kept if name not in _IDENTIFYING]
        return Labels({**merged(kept, self._escapes), **self.identity, METRIC_NAME: TARGET_INFO})

    def of(self, attributes: Iterable[KeyValue], scope: Mapping[str, str]) -> dict[str, str]:
        """The labels of a point, but for its name."""
        own = merged(((each.key, text_of(each.value)) for each in attributes), self._escapes)
        return {**self.promoted, **own, **scope, **self.identity}


def scope_labels(metrics: ScopeMetrics, config: OtlpConfig) -> dict[str, str]:
    """The labels that name the scope, where the configuration wants them."""
    scope = metrics.scope
    if not config.promote_scope_metadata or not scope.name:
        return {}
    found = {
        "otel_scope_name": scope.name,
        "otel_scope_version": scope.version,
        "otel_scope_schema_url": metrics.schema_url,
    }
    for each in scope.attributes:
        label = label_name(f"otel_scope_{each.key}", escapes=config.escapes)
        if label:
            found[label] = text_of(each.value)
    return found
