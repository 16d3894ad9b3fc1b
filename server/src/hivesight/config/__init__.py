"""All configuration files assembled: `hivesight.yml`, the Prometheus file with its rules, the Alertmanager file."""
