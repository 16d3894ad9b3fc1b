"""Addresses of receivers, as logs and figures may show them."""

import httpx2


def shown(url: str) -> str:
    """The address without a name, a password or a query, which may hold a token."""
    return str(httpx2.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
