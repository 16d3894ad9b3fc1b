"""What each type of agent does with a file. Plain functions: bytes or a parsed file in, an opinion out.

To add an agent: one file here, one line in REVIEWERS, its tools' names in TOOLS, one name in `work.AgentType`.
"""

from collections.abc import Callable, Mapping

from agent_hive.agents import compiler, complexity, documentation, security
from agent_hive.agents.parser import Parsed
from agent_hive.work import AgentType, Opinion

REVIEWERS: Mapping[AgentType, Callable[[Parsed], Opinion]] = {
    "complexity": complexity.review,
    "documentation": documentation.review,
    "security": security.review,
    "compiler": compiler.review,
}
TOOLS = ("parse", "measure_complexity", "read_docstrings", "scan_secrets", "scan_calls", "compile")
