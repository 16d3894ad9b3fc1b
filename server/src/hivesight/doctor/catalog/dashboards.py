"""Checks of Grafana dashboards."""

from typing import Final

from hivesight.doctor.catalog.check import ERROR, INFO, WARNING, Check

CHECKS: Final = (
    Check(
        "dashboards/wrapped",
        WARNING,
        "a dashboard wrapped for the HTTP API",
        "Grafana reads bare dashboards from a folder; of this one it finds neither title nor panels.",
    ),
    Check(
        "dashboards/no-uid",
        INFO,
        "a dashboard without a uid",
        "Grafana makes one up: each import makes another copy, and links to it lead nowhere.",
    ),
    Check(
        "dashboards/no-schema-version",
        INFO,
        "a dashboard without schemaVersion",
        "Grafana converts it as one of its first days.",
    ),
    Check(
        "dashboards/fixed-id",
        INFO,
        "a dashboard with the id of a database",
        "The HTTP API of every other Grafana refuses it or overwrites its own; from a folder the id is not read.",
    ),
    Check(
        "dashboards/no-variables",
        INFO,
        "a dashboard without variables",
        "Nobody can look at another data source, cluster or instance with it.",
    ),
    Check(
        "dashboards/removed-panel",
        WARNING,
        "a panel type that Grafana has removed",
        "It shows nothing, or what a conversion leaves of it.",
    ),
    Check(
        "dashboards/more-removed-panels",
        INFO,
        "further panels of a type that Grafana has removed",
        "As the first of the dashboard, which is told as a warning.",
    ),
    Check(
        "dashboards/old-key",
        WARNING,
        "a key that panels do not read",
        "Axes, limits or colours that its author has chosen are not there.",
    ),
    Check(
        "dashboards/base-step",
        WARNING,
        "a first threshold with a value",
        "It is the colour from the lowest value on, whatever it says: what lies below it is coloured too.",
    ),
    Check(
        "dashboards/base-step-zero",
        INFO,
        "a first threshold of 0 where null is meant",
        "It reads as if values below 0 had no colour; they have this one.",
    ),
    Check(
        "dashboards/no-datasource",
        INFO,
        "a panel without a data source",
        "It asks whatever is the default of the Grafana it is loaded into.",
    ),
    Check(
        "dashboards/no-unit",
        INFO,
        "a panel without a unit",
        "0.25 may be a ratio or seconds: whoever looks has to guess.",
    ),
    Check(
        "dashboards/no-legend-numbers",
        INFO,
        "a graph whose legend has no numbers",
        "Whoever looks has to guess the last and the highest value from the curve.",
    ),
    Check("dashboards/no-query", WARNING, "a panel without a query", "It is empty for ever."),
    Check(
        "dashboards/duplicate-ref",
        WARNING,
        "two queries with the same refId",
        "The answer of one overwrites the other's.",
    ),
    Check(
        "dashboards/duplicate-id", WARNING, "two panels with the same id", "Links and renderings of one show the other."
    ),
    Check(
        "dashboards/overlap",
        INFO,
        "panels that lie on each other",
        "Grafana moves one down, and the page looks otherwise than in the file.",
    ),
    Check(
        "dashboards/outside-grid",
        WARNING,
        "a panel beyond the grid's columns",
        "Grafana has 24 columns and squeezes or moves what is beyond.",
    ),
    Check(
        "dashboards/undefined-variable",
        ERROR,
        "a variable that nothing defines",
        "Grafana sends the text with its $ to the data source, which finds nothing.",
    ),
    Check(
        "dashboards/unused-variable",
        INFO,
        "a variable that nothing uses",
        "Whoever chooses a value sees no change and wonders.",
    ),
    Check(
        "dashboards/interval-in-rate",
        WARNING,
        "$__interval as the range of a rate",
        "Zoomed in it is shorter than two scrapes, and the panel empty; $__rate_interval never is.",
    ),
    Check(
        "dashboards/query-syntax", ERROR, "a query that does not parse", "The panel shows an error in place of data."
    ),
    Check(
        "dashboards/unknown-metric",
        WARNING,
        "a metric of the hive that nothing exposes or records",
        "The panel is empty.",
    ),
    Check(
        "dashboards/hides-absence",
        INFO,
        "the last value of what may vanish",
        "A target that has gone from discovery still looks healthy.",
    ),
    Check(
        "dashboards/legend-label",
        WARNING,
        "a legend with a label that the query drops",
        "The legend is empty there, and lines cannot be told apart.",
    ),
    Check(
        "dashboards/same-legend",
        WARNING,
        "lines that share a legend",
        "The query keeps a label that the legend lacks: several lines look as one and the same.",
    ),
    Check(
        "dashboards/short-legend",
        INFO,
        "a legend that lacks a label by which the query groups",
        "Lines may share a legend.",
    ),
    Check(
        "dashboards/mixed-units",
        WARNING,
        "two units on one axis",
        "One of them is out of scale or cut off by the axis' limits.",
    ),
    Check(
        "dashboards/unit",
        WARNING,
        "an axis in another unit than the query",
        "Every number on it is off by a factor of 100 or 1000.",
    ),
    Check(
        "dashboards/other-limit",
        INFO,
        "colours that change elsewhere than alerts fire",
        "The panel is red without an alert, or green with one.",
    ),
)
