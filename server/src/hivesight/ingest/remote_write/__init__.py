"""Prometheus remote write 1.0 and 2.0, received: a request becomes columns for the metrics store.

media -> compression -> wire -> version1 | version2 (and spelled, histograms) -> assembly -> receiver -> outcome"""

from hivesight.ingest.remote_write.errors import RefusedRequest, RequestTooLarge, TooBusy
from hivesight.ingest.remote_write.media import Encoding, Message, encoding_of, message_of
from hivesight.ingest.remote_write.outcome import Outcome
from hivesight.ingest.remote_write.receiver import MAX_BODY_BYTES, Receiver

__all__ = [
    "MAX_BODY_BYTES",
    "Encoding",
    "Message",
    "Outcome",
    "Receiver",
    "RefusedRequest",
    "RequestTooLarge",
    "TooBusy",
    "encoding_of",
    "message_of",
]
