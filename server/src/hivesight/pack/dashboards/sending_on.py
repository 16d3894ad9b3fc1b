"""A row of the dashboard of Hivesight itself: what it sends on, samples by remote write and requests of OTLP."""

from typing import Final

from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.own_figures import lost, rate, series, total
from hivesight.pack.dashboards.spec import Kind, Panel, Query, Row

_BEHIND: Final = (
    f"max by (remote_name) ({series('prometheus_remote_storage_highest_timestamp_in_seconds')}"
    " - ignoring (remote_name, url) group_right () "
    f"({series('prometheus_remote_storage_queue_highest_sent_timestamp_seconds')} > 0))"
)
_LOST: Final = 'reason!~"|dropped_series"'

SENDS_ON: Final = Row(
    "It sends on",
    (
        Panel(
            Kind.TIMESERIES,
            "Samples sent on",
            "Samples a second that each receiver of remote write took.",
            (Query(rate("prometheus_remote_storage_samples_total", "remote_name"), "{{remote_name}}"),),
            units.PER_SECOND,
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Samples that wait",
            "Samples in memory that are on their way to a receiver. What waits beyond them is in the write-ahead log.",
            (Query(total("prometheus_remote_storage_samples_pending", "remote_name"), "{{remote_name}}"),),
            width=6,
        ),
        Panel(
            Kind.TIMESERIES,
            "Behind",
            "How much newer the newest sample that was stored is than the newest that a receiver took. Without a line "
            "it took nothing since the start.",
            (Query(_BEHIND, "{{remote_name}}"),),
            units.SECONDS,
            width=6,
            alerts=("RemoteWriteBehind",),
        ),
        Panel(
            Kind.TIMESERIES,
            "Samples lost on the way",
            "Samples of 5 minutes that a receiver refused for good, or that were dropped for another reason than "
            "relabelling; and segments of the log that were gone before they were read.",
            tuple(
                Query(lost(name, "remote_name", *by, where=where), f"{{{{remote_name}}}} {legend}")
                for name, by, where, legend in (
                    ("prometheus_remote_storage_samples_failed_total", (), "", "refused"),
                    ("prometheus_remote_storage_histograms_failed_total", (), "", "histograms refused"),
                    ("prometheus_remote_storage_samples_dropped_total", ("reason",), _LOST, "{{reason}}"),
                    ("prometheus_remote_storage_histograms_dropped_total", ("reason",), _LOST, "histograms {{reason}}"),
                    ("hivesight_remote_write_segments_skipped_total", (), "", "segments of the log"),
                )
            ),
            width=6,
            alerts=("RemoteWriteFailing",),
        ),
        Panel(
            Kind.TIMESERIES,
            "OTLP requests sent on",
            "Requests a second by Collector, signal and what became of them.",
            (
                Query(
                    rate("hivesight_otlp_forward_requests_total", "url", "signal", "outcome"),
                    "{{url}} {{signal}} {{outcome}}",
                ),
            ),
            units.PER_SECOND,
            width=12,
        ),
        Panel(
            Kind.TIMESERIES,
            "OTLP requests lost",
            "Requests of 5 minutes that a Collector refused, that waited too long, or that found no room.",
            (
                Query(
                    lost("hivesight_otlp_forward_requests_total", "url", "signal", where='outcome!="sent"'),
                    "{{url}} {{signal}}",
                ),
            ),
            width=12,
            alerts=("OtlpForwardFailing",),
        ),
    ),
)
