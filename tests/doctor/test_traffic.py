"""The ways of possible alerts, held against the router itself."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.doctor.alertmanager.tree import traffic, tree_of
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.alerts.possible import possible_alerts
from hivesight.doctor.facts import gather
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.labels import Labels
from hivesight.schema import load_tree

NAMES = ("a", "b", "c")
VALUES = ("", "x", "y", "z")

MATCHERS = tuple(
    f"'{name}{op}\"{value}\"'"
    for name in NAMES
    for op in ("=", "!=", "=~", "!~")
    for value in ("x", "y", "", "x|y", ".+", ".*", "[xz]")
)


def route(matchers: list[str], continues: bool, below: list[str]) -> str:
    """One route as YAML in one line."""
    on = "true" if continues else "false"
    return f"{{matchers: [{', '.join(matchers)}], continue: {on}, routes: [{', '.join(below)}]}}"


MATCHER_LISTS = st.lists(st.sampled_from(MATCHERS), min_size=1, max_size=2)
LEAVES = st.builds(route, MATCHER_LISTS, st.booleans(), st.just(list[str]()))
TREES = st.lists(
    st.recursive(
        LEAVES, lambda below: st.builds(route, MATCHER_LISTS, st.booleans(), st.lists(below, max_size=3)), max_leaves=8
    ),
    max_size=4,
)
LABELS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


def document(kind: FileKind, text: str) -> Document:
    return Document(Path(f"{kind.name}.yml"), kind, load_tree(text, f"{kind.name}.yml"))


def index_of(labels: dict[str, str], unknown: str) -> AlertIndex:
    """One alert with these labels; a label that is `unknown` is one of its series."""
    written = ", ".join(f"{name}: '{value}'" for name, value in labels.items())
    grouping = f"sum by ({unknown}) (m)"
    rules = f"groups: [{{name: g, rules: [{{alert: A, expr: '{grouping}', labels: {{{written}}}}}]}}]"
    prometheus = "rule_files: [RULES.yml]"
    workspace = Workspace((document(FileKind.RULES, rules), document(FileKind.PROMETHEUS, prometheus)))
    return AlertIndex(possible_alerts(workspace, gather(workspace)))


@given(routes=TREES, labels=LABELS)
@settings(max_examples=150, deadline=None)
def test_an_alert_of_which_all_is_known_goes_where_the_router_sends_it(
    routes: list[str], labels: dict[str, str]
) -> None:
    root = tree_of(document(FileKind.ALERTMANAGER, f"route: {{receiver: r, routes: [{', '.join(routes)}]}}"))
    assert root is not None
    ways = traffic(root, index_of(labels, ""))
    taken = [node.route for node in root.walk() if ways.takes(node)]
    assert taken == root.route.match(Labels({"alertname": "A", **labels}))


@given(routes=TREES, labels=LABELS, unknown=st.sampled_from(NAMES))
@settings(max_examples=150, deadline=None)
def test_whatever_the_unknown_label_is_the_alert_goes_where_it_may_go(
    routes: list[str], labels: dict[str, str], unknown: str
) -> None:
    root = tree_of(document(FileKind.ALERTMANAGER, f"route: {{receiver: r, routes: [{', '.join(routes)}]}}"))
    assert root is not None
    rest = {name: value for name, value in labels.items() if name != unknown}
    ways = traffic(root, index_of(rest, unknown))
    may_take = [node.route for node in root.walk() if ways.takes(node)]
    for value in VALUES:
        for route in root.route.match(Labels({"alertname": "A", **rest, unknown: value})):
            assert route in may_take
