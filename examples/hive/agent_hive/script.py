"""The script of scripted-model-server: the words of a review, by fixed rules from the facts in the prompt."""

import re

_FACT = re.compile(r"^([a-z_]{1,40}\.[a-z_]{1,40})=(-?\d{1,12}(?:\.\d{1,12})?(?:e[+-]?\d{1,3})?)$", re.MULTILINE)
_FILE = re.compile(r"^file=(.{1,300})$", re.MULTILINE)
_TOKEN = re.compile(r"\w+|[^\w\s]")


def review(prompt: str) -> str:
    """The scripted review of a prompt with lines `agent.fact=number`; same prompt, same words."""
    facts = {str(name): float(value) for name, value in _FACT.findall(prompt)}
    named = _FILE.search(prompt)
    name = named.group(1) if named else "the file"
    objections: list[str] = []
    if facts.get("compiler.compiles") == 0:
        return f"{name} does not compile, so nothing else about it matters.\nVERDICT: reject"
    if (secrets := facts.get("security.secrets", 0)) > 0:
        objections.append(f"{secrets:.0f} secrets must leave the source before anything else")
    if (worst := facts.get("complexity.worst", 0)) > 20:
        objections.append(f"its most complex function has {worst:.0f} paths and should be split")
    if (coverage := facts.get("documentation.coverage", 1.0)) < 0.5:
        objections.append(f"only {coverage:.0%} of its public names are documented")
    if (calls := facts.get("security.dangerous_calls", 0)) > 0:
        objections.append(f"{calls:.0f} calls hand control to data")
    verdict = "reject" if secrets > 1 else "request_changes" if len(objections) > 1 or secrets else "approve"
    body = "; ".join(objections) if objections else "nothing in the measurements speaks against it"
    return f"Review of {name}: {body}.\nVERDICT: {verdict}"


def count_tokens(text: str) -> int:
    """Words and punctuation marks: of the order that a real tokenizer gives."""
    return sum(1 for _ in _TOKEN.finditer(text))
