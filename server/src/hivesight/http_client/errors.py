"""Why a request cannot be made as the configuration wants it."""

from hivesight.model.errors import HivesightError


class SettingError(HivesightError):
    """A file or a value that the configuration names cannot be used. The message never holds a secret. key: the
    setting, where the message does not name it. lasting: trying again without a change is of no use."""

    def __init__(self, message: str, *, key: str = "", lasting: bool = False) -> None:
        super().__init__(message)
        self.key = key
        self.lasting = lasting


class TokenError(HivesightError):
    """The OAuth 2 server gave no token. status, body (its beginning), retry_after: its answer; a status of 2xx means
    that the answer holds no usable token."""

    def __init__(self, message: str, status: int, body: bytes, retry_after: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after = retry_after


class BodyTooLarge(HivesightError):
    """An answer is larger than what may be read. limit: bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes")
        self.limit = limit
