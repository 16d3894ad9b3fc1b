"""The reviewer agent: asks a language model for its verdict on what the other agents found.

Only the facts go to the model, never the source. Pure here: the words out, the words back.
"""

import re
from collections.abc import Iterable

from agent_hive.work import Opinion

_VERDICT = re.compile(r"VERDICT:\s*(approve|request_changes|reject)\b", re.IGNORECASE)
_SCORES = {"approve": 0.9, "request_changes": 0.5, "reject": 0.1}
_NOTE_CHARS = 300

INSTRUCTIONS = (
    "You review Python files from facts that other agents measured. Answer with one paragraph, then a last line "
    "of exactly 'VERDICT: approve', 'VERDICT: request_changes' or 'VERDICT: reject'."
)


def prompt(name: str, lines: int, opinions: Iterable[Opinion]) -> str:
    """The facts as lines of `agent.fact=number`, in a fixed order, for the model to judge."""
    facts = [f"file={name}", f"lines={lines}"]
    facts += [f"{o.agent}.{key}={value:.4g}" for o in opinions for key, value in sorted(o.facts.items())]
    return "\n".join(facts)


def opinion(answer: str) -> Opinion | None:
    """The model's vote, or None when its answer holds no verdict (a real model may ramble)."""
    votes = _VERDICT.findall(answer)
    if not votes:
        return None
    verdict = str(votes[-1]).lower()
    note = " ".join(answer.split())[:_NOTE_CHARS]
    return Opinion("reviewer", _SCORES[verdict], {"answer_chars": float(len(answer))}, (note,))
