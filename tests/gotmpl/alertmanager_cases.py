"""What Alertmanager makes of templates of notifications: template -> text. DATA is what it hands to them."""
# ruff: noqa: E501 (one case a line)

from typing import Final

from hivesight.gotmpl import KV, GoTime, MethodList, Record


def _alert(status: str, labels: dict[str, str], annotations: dict[str, str]) -> Record:
    fields = {
        "Status": status,
        "Labels": KV(labels),
        "Annotations": KV(annotations),
        "StartsAt": GoTime.from_ms(1_700_000_000_123),
        "EndsAt": GoTime.from_ms(1_700_003_600_000),
        "GeneratorURL": "http://prometheus/graph?g0.expr=a&g0.tab=1",
        "Fingerprint": "0123456789abcdef",
    }
    return Record("template.Alert", fields)


_FIRING: Final = _alert("firing", {"alertname": "Down", "job": "api", "a": "1"}, {"summary": "api <down>"})
_RESOLVED: Final = _alert("resolved", {"alertname": "Down", "job": "web"}, {})
_BOTH: Final = [_FIRING, _RESOLVED]
_ALERTS: Final = MethodList(_BOTH, {"Firing": lambda: _BOTH[:1], "Resolved": lambda: _BOTH[1:]})

DATA: Final = Record(
    "template.Data",
    {
        "Receiver": "team",
        "Status": "firing",
        "Alerts": _ALERTS,
        "GroupLabels": KV({"alertname": "Down"}),
        "CommonLabels": KV({"alertname": "Down", "severity": "critical", "a b": "x"}),
        "CommonAnnotations": KV({"summary": "s"}),
        "ExternalURL": "http://am.example.org",
    },
)

CASES: Final = [
    ("[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .GroupLabels.SortedPairs.Values | join \" \" }}", "[FIRING:1] Down"),
    ("{{ if gt (len .CommonLabels) (len .GroupLabels) }}({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join \" \" }}{{ end }}){{ end }}", "(x critical)"),
    ("{{ range .Alerts }}{{ .Status }}:{{ .Labels.job }}/{{ .Labels.none }};{{ end }}", "firing:api/;resolved:web/;"),
    ("{{ range .Alerts.Firing }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ .Annotations.summary }}{{ end }}", "alertname=Down a=1 job=api api <down>"),
    ("{{ (index .Alerts 0).StartsAt.Format \"2006-01-02 15:04:05 MST\" }} {{ (index .Alerts 0).StartsAt.Unix }}", "2023-11-14 22:13:20 UTC 1700000000"),
    ("{{ (index .Alerts 0).EndsAt.Sub (index .Alerts 0).StartsAt }}", "59m59.877s"),
    ("{{ with index .Alerts 0 }}{{ .Fingerprint }} {{ .GeneratorURL }}{{ end }}", "0123456789abcdef http://prometheus/graph?g0.expr=a&g0.tab=1"),
    ("{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}", "http://am.example.org/#/alerts?receiver=team"),
    ("{{ \"hELLO wORLD\" | title }} {{ stringSlice \"a\" \"b\" | join \",\" }}", "Hello World a,b"),
    ("{{ match \"^te\" .Receiver }} {{ reReplaceAll \"e(.)\" \"<$1>\" .Receiver }} {{ .Receiver | safeHtml }}", "true t<a>m team"),
    ("{{ define \"x\" }}{{ .job }}{{ end }}{{ range .Alerts }}{{ template \"x\" .Labels }} {{ end }}", "api web "),
    ("{{ range $i, $a := .Alerts }}{{ if $i }}, {{ end }}{{ $a.Labels.job }}{{ end }}", "api, web"),
    ("{{ printf \"%s %q %x %6.2s\" .CommonLabels.Names .CommonLabels.Names .CommonLabels.Names .CommonLabels.Names }}", '[alertname a b severity] ["alertname" "a b" "severity"] [616c6572746e616d65 612062 7365766572697479] [    al     a      se]'),
    ("{{ len .Alerts }} {{ len .Alerts.Resolved }} {{ .CommonAnnotations.summary }}", "2 1 s"),
]  # fmt: skip

NEWER_CASES: Final = [
    ("{{ .CommonLabels }} {{ .CommonLabels.SortedPairs }} {{ .CommonLabels.Names }}", "alertname=Down, a b=x, severity=critical alertname=Down, a b=x, severity=critical [alertname a b severity]"),
    ("{{ (index .Alerts 0).StartsAt | tz \"Europe/Paris\" | date \"15:04 MST -0700\" }}", "23:13 CET +0100"),
    ("{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "1m 39s"),
    ("{{ .GroupLabels | toJson }} {{ toJson .CommonLabels.Names }}", '{"alertname":"Down"} ["alertname","a b","severity"]'),
    ("{{ dict \"a\" 1 \"b\" (list 1 \"<\") | toJson }}", '{"a":1,"b":[1,"\\u003c"]}'),
    ("{{ (index .Alerts 1) | toJson }}", '{"status":"resolved","labels":{"alertname":"Down","job":"web"},"annotations":{},"startsAt":"2023-11-14T22:13:20.123Z","endsAt":"2023-11-14T23:13:20Z","generatorURL":"http://prometheus/graph?g0.expr=a\\u0026g0.tab=1","fingerprint":"0123456789abcdef"}'),
    ("{{ append (list 1) 2 3 }} {{ (dict \"k\" \"v\").k }} {{ (dict \"k\" \"v\").none }}", "[1 2 3] v <no value>"),
    ("{{ trimSpace \"  a \" }}", "a"),
    ("{{ urlUnescape \"a%20b+c\" }}", "a b c"),
]  # fmt: skip

ERRORS: Final = [
    "{{ .Nope }}",
    "{{ .Status.x }}",
    "{{ .Alerts.Firing.x }}",
    "{{ .Status \"x\" }}",
    "{{ join \",\" .Status }}",
    "{{ dict \"a\" }}",
    "{{ (index .Alerts 0).StartsAt | tz \"No/Where\" }}",
    "{{ (index .Alerts 0).StartsAt.Sub 5 }}",
    "{{ .CommonLabels.Remove \"x\" }}",
    "{{ urlUnescape \"%zz\" }}",
    "{{ index .Alerts 2 }}",
    "{{ .Alerts.Firing 1 }}",
]  # fmt: skip
