"""Checks of Alertmanager files."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "alertmanager/contradiction",
        WARNING,
        "a route whose conditions exclude each other",
        "No alert can meet them: its receiver is never told.",
    ),
    Check(
        "alertmanager/shadowed-route",
        WARNING,
        "a route behind one that takes its alerts",
        "The first route that matches takes an alert; without continue none after it is asked.",
    ),
    Check(
        "alertmanager/unmet-route",
        WARNING,
        "a route whose conditions no alert meets",
        "Its receiver waits for a label or a name that no rule makes, such as one that was renamed.",
    ),
    Check(
        "alertmanager/unused-receiver",
        WARNING,
        "a receiver that no route names",
        "Whoever is behind it believes to be told, and never is.",
    ),
    Check(
        "alertmanager/empty-receiver",
        WARNING,
        "a receiver without integrations that is not called null",
        "Alerts that are routed there are told nobody, and look as if they were.",
    ),
    Check(
        "alertmanager/no-integration",
        INFO,
        "a file without any integration",
        "It is a skeleton that tells nobody of anything, until somebody fills it in.",
    ),
    Check(
        "alertmanager/no-pager",
        INFO,
        "the gravest alerts in writing alone",
        "At night nobody reads mail and chat.",
    ),
    Check(
        "alertmanager/no-watchdog",
        INFO,
        "no alert that fires always",
        "When the monitoring itself breaks it is as silent as when all is well.",
    ),
    Check(
        "alertmanager/repeated-address",
        INFO,
        "an address that stands in the file twice",
        "Whoever changes one forgets the other.",
    ),
    Check(
        "alertmanager/inhibits-nothing",
        WARNING,
        "an inhibition rule that never mutes",
        "Both alerts of one condition are told, and the rule looks as if they were not.",
    ),
    Check(
        "alertmanager/inhibits-nothing-here",
        INFO,
        "an inhibition rule without a source or target in the set",
        "It does nothing for the alerts of these files.",
    ),
    Check(
        "alertmanager/inhibits-all",
        WARNING,
        "an inhibition rule that mutes whatever it can",
        "One alert silences those that have nothing to do with it.",
    ),
    Check(
        "alertmanager/inhibits-unrelated",
        WARNING,
        "an inhibition rule held together by labels that are not there",
        "A label that both sides lack counts as equal, so that one alert silences another that it has nothing to "
        "do with.",
    ),
    Check(
        "alertmanager/short-repeat",
        WARNING,
        "repeat_interval shorter than group_interval",
        "A group is looked at once in a group_interval: it is repeated no sooner.",
    ),
    Check(
        "alertmanager/beyond-retention",
        INFO,
        "repeat_interval beyond what Alertmanager remembers",
        "After five days it does not know what it told, and tells it again.",
    ),
    Check(
        "alertmanager/slow-repeat",
        INFO,
        "a page that is repeated after hours",
        "Who misses the first message learns of the outage much later.",
    ),
    Check(
        "alertmanager/group-by-absent",
        INFO,
        "group_by of a label that alerts do not have",
        "It does not part them as its author meant.",
    ),
    Check(
        "alertmanager/never-resolved",
        INFO,
        "send_resolved left to its default of false",
        "Nobody is told that it is over.",
    ),
    Check(
        "alertmanager/no-status",
        INFO,
        "a message that does not say whether it is over",
        "The message that all is well again reads as if it began.",
    ),
    Check(
        "alertmanager/slack-webhook",
        WARNING,
        "an address of Slack, Discord or Teams in webhook_configs",
        "These refuse Alertmanager's own JSON: nobody is told.",
    ),
    Check(
        "alertmanager/go-map",
        INFO,
        "labels printed as a Go map",
        "map[alertname:... instance:...] is hard to read for whoever is woken.",
    ),
    Check(
        "alertmanager/old-matchers",
        INFO,
        "matchers in the old notation",
        "match and match_re are deprecated, and know fewer operators.",
    ),
    Check(
        "alertmanager/no-template-file",
        WARNING,
        "a file of templates that is not there",
        "Alertmanager starts without it, and messages that need it fail.",
    ),
    Check(
        "alertmanager/undefined-template",
        ERROR,
        "a template that nothing defines",
        "The message cannot be made: nobody is told.",
    ),
)
