"""How many requests are made at once: as few as keep up."""

from hivesight.sources.remote_write import QueueConfig


class Shards:
    """count: of the next round. desired: what the last one asked for, which may be more than there may be."""

    def __init__(self, config: QueueConfig) -> None:
        self._config = config
        self.count = config.min_shards
        self.desired = config.min_shards

    def after(self, size: int, *, behind: bool) -> None:
        """A round of so many samples is over. behind: there was more than it could hold."""
        needed = -(-size // max(self._config.capacity, self._config.max_samples_per_send))
        self.desired = 2 * self.count if behind else max(self._config.min_shards, min(self.count, needed))
        self.count = min(self.desired, self._config.max_shards)
