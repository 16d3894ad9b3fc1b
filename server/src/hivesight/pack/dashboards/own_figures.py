"""PromQL over what servers say of themselves, in the panels' scope of jobs and instances."""


def series(name: str, where: str = "") -> str:
    """A selector. where: matchers besides the scope."""
    matchers = filter(None, ('job=~"$job", instance=~"$instance"', where))
    return f"{name}{{{', '.join(matchers)}}}"


def total(name: str, *by: str) -> str:
    """What gauges say together, by labels."""
    return f"sum{_by(by)} ({series(name)})"


def rate(name: str, *by: str) -> str:
    """How often a second, by labels."""
    return f"sum{_by(by)} (rate({series(name)}[$__rate_interval]))"


def lost(name: str, *by: str, where: str = "") -> str:
    """What should not happen, counted as its alert counts, by labels."""
    return f"sum{_by(by)} (increase({series(name, where)}[5m]))"


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""
