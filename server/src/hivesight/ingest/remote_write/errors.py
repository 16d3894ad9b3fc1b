"""Why a request is refused as a whole. A receiver answers with `status`; the message says what to change.

RefusedRequest
+-- UnsupportedMedia   neither the message nor the compression is one that is read here (415)
+-- MalformedRequest   the bytes are not what the headers say (400)
+-- RequestTooLarge    a bound is passed (413): send it in parts
+-- TooBusy            too many requests are being read (503): send it again later
"""

from typing import ClassVar


class RefusedRequest(Exception):
    """Nothing of the request was taken."""

    status: ClassVar[int]
    reason: ClassVar[str]


class UnsupportedMedia(RefusedRequest):
    """The message or its compression cannot be read here."""

    status = 415
    reason = "unsupported_media"


class MalformedRequest(RefusedRequest):
    """The bytes cannot be decoded."""

    status = 400
    reason = "malformed"


class RequestTooLarge(RefusedRequest):
    """A bound is passed."""

    status = 413
    reason = "too_large"


class TooBusy(RefusedRequest):
    """Too many requests at once."""

    status = 503
    reason = "unavailable"
