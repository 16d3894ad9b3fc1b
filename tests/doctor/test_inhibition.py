"""What is said of inhibition rules, held against the inhibitor itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.test_traffic import LABELS, MATCHER_LISTS, NAMES, document
from hivesight.alerting.inhibit import Inhibitor
from hivesight.doctor.alertmanager.inhibition import findings
from hivesight.doctor.alertmanager.sections import sections_of
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.alerts.possible import possible_alerts
from hivesight.doctor.facts import gather
from hivesight.doctor.workspace import FileKind, Workspace
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

EQUAL = st.lists(st.sampled_from((*NAMES, "alertname")), max_size=3, unique=True)
NEVER = ("alertmanager/inhibits-nothing", "alertmanager/inhibits-nothing-here")


@given(source=MATCHER_LISTS, target=MATCHER_LISTS, equal=EQUAL, alerts=st.lists(LABELS, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_rule_that_never_mutes_mutes_nothing(
    source: list[str], target: list[str], equal: list[str], alerts: list[dict[str, str]]
) -> None:
    named = [{"alertname": f"A{number % 2}", **labels} for number, labels in enumerate(alerts)]
    rules = ", ".join(
        f"{{alert: {each['alertname']}, expr: vector(1), labels: {{"
        + ", ".join(f"{name}: '{value}'" for name, value in each.items() if name != "alertname")
        + "}}"
        for each in named
    )
    workspace = Workspace(
        (
            document(FileKind.RULES, f"groups: [{{name: g, rules: [{rules}]}}]"),
            document(FileKind.PROMETHEUS, "rule_files: [RULES.yml]"),
        )
    )
    text = (
        "route: {receiver: r}\nreceivers: [{name: r}]\ninhibit_rules:\n"
        f"- source_matchers: [{', '.join(source)}]\n  target_matchers: [{', '.join(target)}]\n  equal: {equal}\n"
    )
    file = sections_of(document(FileKind.ALERTMANAGER, text), AlertIndex(possible_alerts(workspace, gather(workspace))))
    if any(each.code in NEVER for each in findings(file)):
        inhibitor = Inhibitor([each.rule for each in file.inhibitions])
        for labels in named:
            inhibitor.insert(Alert(Labels(labels), 0, 10))
        assert [inhibitor.inhibited_by(Labels(labels), 5) for labels in named] == [None] * len(named)
