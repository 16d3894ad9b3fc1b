"""Our own API: what no protocol of the field says."""

from hivesight.api.hive.explain import explain_routes
from hivesight.api.hive.status import Demo, status_routes

__all__ = ["Demo", "explain_routes", "status_routes"]
