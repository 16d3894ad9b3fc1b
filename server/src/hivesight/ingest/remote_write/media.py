"""Which message a request holds and how it is compressed: the judgement of its Content-Type and Content-Encoding, as
Prometheus 3.5 judges them (Remote-Write 2.0, "Protocol"; an absent header means what 1.0 senders mean by it)."""

from enum import StrEnum
from typing import Final

from hivesight.ingest.remote_write.errors import UnsupportedMedia

MEDIA_TYPE: Final = "application/x-protobuf"


class Message(StrEnum):
    """The protobuf messages by their full names."""

    V1 = "prometheus.WriteRequest"
    V2 = "io.prometheus.write.v2.Request"


class Encoding(StrEnum):
    """The compressions by their names in Content-Encoding. zstd is what vmagent sends where it may."""

    SNAPPY = "snappy"
    ZSTD = "zstd"


def message_of(content_type: str) -> Message:
    """Which message the body is. Raises UnsupportedMedia."""
    shown = content_type[:100]
    media, *parameters = content_type.strip().split(";")
    if not content_type:
        return Message.V1
    if media != MEDIA_TYPE:
        raise UnsupportedMedia(f"Content-Type is {shown!r}: send {MEDIA_TYPE}")
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals or "=" in value:
            raise UnsupportedMedia(f"Content-Type {shown!r} has a parameter that is not name=value (RFC 9110, 5.6.6)")
        if name.strip() == "proto":
            try:
                return Message(value.strip())
            except ValueError:
                known = " or ".join(Message)
                raise UnsupportedMedia(f"Content-Type {shown!r} names an unknown message: send {known}") from None
    return Message.V1


def encoding_of(content_encoding: str) -> Encoding:
    """How the body is compressed. Raises UnsupportedMedia."""
    if not content_encoding:
        return Encoding.SNAPPY
    try:
        return Encoding(content_encoding.strip().lower())
    except ValueError:
        known = " or ".join(Encoding)
        raise UnsupportedMedia(f"Content-Encoding is {content_encoding[:40]!r}: send {known}") from None
