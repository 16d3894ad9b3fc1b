"""Build hook of the `hivesight` wheel: adds the reference hive, so that `--demo` works from a plain install."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReferenceHive(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install reads `examples/hive` where it lies; a wheel takes a copy."""
        example = Path(self.root).parent / "examples" / "hive" / "agent_hive"
        if version == "standard" and example.is_dir():
            build_data["force_include"][str(example)] = "agent_hive"
