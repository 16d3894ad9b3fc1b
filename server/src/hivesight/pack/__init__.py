"""The production stack as files that people own: what is scraped, which rules are evaluated, who hears of what."""

import shutil
from pathlib import Path
from typing import Final

from hivesight.pack.yaml_text import without

FILES: Final = Path(__file__).parent / "files"
"""The files as they are shipped; `stack.render` gives them somebody's values."""

RULES: Final = FILES / "prometheus" / "rules"
RULE_TESTS: Final = FILES / "prometheus" / "tests"
"""Their unit tests in promtool's format, `<rules>.test.yml`."""
USER: Final = FILES / "prometheus" / "user"
"""What Prometheus' `--web.user-assets` and the embedded server serve at `/user/`."""
RUNBOOKS: Final = USER / "runbooks"
"""The page of each alert, `<Alert>.html`, where its `runbook_url` leads."""
GENERAL_RULES: Final = (RULES / "infrastructure_rules.yml", RULES / "monitoring_rules.yml")
"""The rules for machines and for the monitoring itself, which hold without any configuration."""


def write(directory: Path) -> None:
    """Writes what the embedded server reads side by side into `directory`, over files of the same names; what else
    stands there stays. Notifications go where a machine of its own can receive them: mail, Slack's format, webhooks."""
    for part in ("prometheus", "alertmanager"):
        shutil.copytree(FILES / part, directory, dirs_exist_ok=True)
    routes = directory / "alertmanager.yml"
    routes.write_text(without(routes.read_text(encoding="utf-8"), {"pagerduty_configs"}), encoding="utf-8")
