"""Why a search does not go on."""


class Stuck(Exception):
    """What was asked of an expression cannot be reached this way; the message says what stands in the way."""
