"""The production stack as files that people own: what is scraped, which rules are evaluated, who hears of what."""

import shutil
from pathlib import Path
from typing import Final

FILES: Final = Path(__file__).parent / "files"
"""The files as they are shipped."""

RULES: Final = FILES / "rules"
GENERAL_RULES: Final = (RULES / "infrastructure_rules.yml", RULES / "monitoring_rules.yml")
"""The rules for machines and for the monitoring itself, which hold without any configuration."""


def write(directory: Path) -> None:
    """Writes the pack's files into `directory`, over those of the same names; what else stands there stays."""
    shutil.copytree(FILES, directory, dirs_exist_ok=True)
