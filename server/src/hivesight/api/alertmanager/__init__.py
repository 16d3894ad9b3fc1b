"""The Alertmanager API v2 (prometheus/alertmanager, api/v2/openapi.yaml)."""

from hivesight.api.alertmanager.routes import routes

__all__ = ["routes"]
