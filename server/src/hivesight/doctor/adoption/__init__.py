"""Somebody's Prometheus, Alertmanager and Grafana files, taken over. Enter: the files and folders. Leaves: what carries
over, what does not and why, as the server's own readers judge it, and the files that a server of ours runs on. Called
by the command line."""

from hivesight.doctor.adoption.adopting import adopt
from hivesight.doctor.adoption.adoption import Adoption, Change, Copy, Left

__all__ = ["Adoption", "Change", "Copy", "Left", "adopt"]
