"""Dashboards as code: the pack's dashboards for Grafana, made from the table of metrics and the limits of its alerts.

A module for each dashboard gives plain records (`spec`), `render` makes Grafana's JSON of them with Grafana's own
builders, which the extra `hivesight[dashboards]` installs. The files it made are part of the pack, so that only who
changes them needs it."""
