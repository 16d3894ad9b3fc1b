"""From the agents' opinions to one decision, and how sure the hive may be of it."""

from collections.abc import Mapping, Sequence

import hivesight_sdk as hs
from agent_hive.work import Decision, Opinion, Verdict

WEIGHTS: Mapping[str, float] = {
    "complexity": 0.15,
    "documentation": 0.1,
    "security": 0.2,
    "compiler": 0.2,
    "reviewer": 0.35,
}
_APPROVE = 0.75
_CHANGES = 0.4


@hs.track_decision()
def decide(opinions: Sequence[Opinion], expected: Sequence[str]) -> Decision:
    """Weigh the opinions of the `expected` agents.

    Confidence is coverage (the weight of those who answered) times a mix of agreement (the weight of those whose
    own vote is the decision) and margin (how far the score is from the nearest boundary between verdicts).
    """
    total = sum(WEIGHTS[agent] for agent in expected)
    answered = sum(WEIGHTS[opinion.agent] for opinion in opinions)
    if not answered:
        return Decision("reject", 0.0, 0.0, 0.0, 0.0)
    score = sum(WEIGHTS[opinion.agent] * opinion.score for opinion in opinions) / answered
    broken = any(opinion.agent == "compiler" and opinion.score == 0 for opinion in opinions)
    verdict: Verdict = "reject" if broken else _verdict(score)
    agreeing = sum(WEIGHTS[o.agent] for o in opinions if _verdict(o.score) == verdict) / answered
    coverage = min(answered / total, 1.0)
    if broken:  # a file that does not compile needs no second opinion
        return Decision("reject", score, coverage, agreeing, coverage)
    margin = min(min(abs(score - _APPROVE), abs(score - _CHANGES)) / 0.25, 1.0)
    confidence = coverage * (0.45 + 0.35 * agreeing + 0.2 * margin)
    return Decision(verdict, score, confidence, agreeing, coverage)


def _verdict(score: float) -> Verdict:
    if score >= _APPROVE:
        return "approve"
    return "request_changes" if score >= _CHANGES else "reject"
