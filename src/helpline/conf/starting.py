"""The beginning of each process: settings, rooms, and a collector that leaves alone what stays."""

import gc
import os

from django.urls import get_resolver


def start() -> None:
    """Set up Django. Raises what broken settings raise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpline.conf.settings")
    import django

    django.setup()
    stays()


def load_pages() -> None:
    """Import every page now rather than with the first request."""
    _ = get_resolver().url_patterns
    stays()


def stays() -> None:
    """What is there now lives as long as the process: the collector need not walk through it, which holds everybody up
    for a tenth of a second each time."""
    gc.collect()
    gc.freeze()
