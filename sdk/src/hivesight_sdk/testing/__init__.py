"""For the tests of programs that use the SDK: what a block of code recorded, a clock that stands still, and a server in
memory that takes what is shipped. Works with every test runner; nothing else of the SDK imports it.
"""

from hivesight_sdk.testing.assertions import assert_metric, assert_no_errors, assert_span
from hivesight_sdk.testing.captured_logs import CapturedLog
from hivesight_sdk.testing.captured_spans import CapturedSpan, CapturedSpans
from hivesight_sdk.testing.capturing import Capture, capture
from hivesight_sdk.testing.clock import FakeClock
from hivesight_sdk.testing.receiver import OtlpReceiver, ReceivedRequest, ReceivedSpan

__all__ = [
    "Capture",
    "CapturedLog",
    "CapturedSpan",
    "CapturedSpans",
    "FakeClock",
    "OtlpReceiver",
    "ReceivedRequest",
    "ReceivedSpan",
    "assert_metric",
    "assert_no_errors",
    "assert_span",
    "capture",
]
