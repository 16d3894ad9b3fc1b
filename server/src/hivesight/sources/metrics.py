"""What the scraping says of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ScrapeMetrics:
    """Counters and gauges on a registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.scrapes = Counter(
            "hivesight_scrapes", "Scrapes by outcome: ok, or why one failed.", ["outcome"], registry=registry
        )
        self.samples = Counter(
            "hivesight_scrape_samples", "Samples that were scraped and handed to the store.", registry=registry
        )
        self.dropped = Counter(
            "hivesight_scrape_samples_dropped",
            "Samples that were scraped and not stored: duplicate, out_of_order, out_of_bounds, series_limit, "
            "malformed_histogram.",
            ["reason"],
            registry=registry,
        )
        self.exemplars = Counter(
            "hivesight_scrape_exemplars", "Exemplars that were scraped and stored.", registry=registry
        )
        self.exemplars_dropped = Counter(
            "hivesight_scrape_exemplars_dropped",
            "Exemplars that were scraped and not stored: too long, or older than what their series has.",
            registry=registry,
        )
        self.skipped = Counter(
            "hivesight_scrapes_skipped",
            "Scrapes that were left out because the one before them, or the machine, was too slow.",
            registry=registry,
        )
        self.loop_errors = Counter(
            "hivesight_scrape_loop_errors", "Faults of the server itself inside a scrape loop.", registry=registry
        )
        self.file_errors = Counter(
            "hivesight_sd_file_read_errors", "Reads of files of targets that failed.", registry=registry
        )
        self.failure_log_errors = Counter(
            "hivesight_scrape_failure_log_errors",
            "Failed scrapes that could not be written to their scrape_failure_log_file.",
            registry=registry,
        )
        self.sd_refreshes = Counter(
            "hivesight_sd_refreshes", "Looks for targets, by mechanism: dns, http.", ["mechanism"], registry=registry
        )
        self.sd_failures = Counter(
            "hivesight_sd_refresh_failures",
            "Looks for targets that failed, by mechanism: dns, http.",
            ["mechanism"],
            registry=registry,
        )
        self.dns_lookups = Counter("prometheus_sd_dns_lookups", "Names asked for by dns_sd_configs.", registry=registry)
        self.dns_failures = Counter(
            "prometheus_sd_dns_lookup_failures", "Names that no DNS server answered for.", registry=registry
        )
        self.kubernetes_events = Counter(
            "prometheus_sd_kubernetes_events",
            "Objects of clusters that came (add), changed (update) or went (delete), by role.",
            ["role", "event"],
            registry=registry,
        )
        self.kubernetes_failures = Counter(
            "prometheus_sd_kubernetes_failures", "Lists and watches of clusters that failed.", registry=registry
        )
        self.kubernetes_refused = Counter(
            "hivesight_sd_kubernetes_objects_refused",
            "Objects of clusters that were left out because they are malformed or too many.",
            registry=registry,
        )
        self.targets = Gauge("hivesight_scrape_targets", "Targets that are scraped.", registry=registry)
