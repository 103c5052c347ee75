"""Whom outgoing connections trust: the system's authorities, and those that the operator names."""

import ssl

from app.kernel.settings import Settings


def context(settings: Settings) -> ssl.SSLContext:
    """Return how to verify whoever is called."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.outgoing_roots is not None:
        made.load_verify_locations(cafile=settings.outgoing_roots)
    return made
