"""All configuration files assembled: `hivesight.yml`, the Prometheus file with its rules, the Alertmanager file."""

from hivesight.config.assembly import Config, Options, load, read_settings
from hivesight.config.settings import Settings, address, optional_address

__all__ = ["Config", "Options", "Settings", "address", "load", "optional_address", "read_settings"]
