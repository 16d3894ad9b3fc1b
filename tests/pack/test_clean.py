"""What `hivesight init` writes has no finding of any severity, whatever was asked for."""

from itertools import combinations
from pathlib import Path

import pytest

from hivesight.doctor import check_paths
from hivesight.pack.placing import place
from hivesight.pack.stack import GUIDE_SERVICES, PLATFORMS, RECEIVERS, Service, Stack, render

SOMEBODYS = (Service("planner", "planner:9000"), Service("api-gateway", "gateway.edge:8082"))
STACKS = [
    Stack(GUIDE_SERVICES, frozenset({"email", "slack"}), platforms=frozenset(PLATFORMS)),
    Stack(
        SOMEBODYS, frozenset(RECEIVERS), "400d", "3d", "mail:25", "o'brien@x.example", platforms=frozenset(PLATFORMS)
    ),
    *(
        Stack(SOMEBODYS[:1], frozenset(receivers), platforms=frozenset({platform}))
        for platform in PLATFORMS
        for receivers in (*combinations(RECEIVERS, 1), ("webhook", "pagerduty"))
    ),
]


@pytest.mark.parametrize(
    "stack", STACKS, ids=lambda each: f"{'+'.join(sorted(each.platforms))} {'+'.join(sorted(each.receivers))}"
)
def test_a_fresh_directory_has_no_finding(stack: Stack, tmp_path: Path) -> None:
    place(tmp_path, render(stack))
    found = [each.diagnostic for each in check_paths([tmp_path]).findings]
    assert not [f"{Path(each.path).relative_to(tmp_path)}:{each.line}: {each.message} [{each.code}]" for each in found]
