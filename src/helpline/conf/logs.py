"""What the log leaves out. Read by the logging configuration, before any model is."""

import logging


class QuietHealth(logging.Filter):
    """A health page that says "not yet" is no error of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return getattr(request, "path", "") != "/healthz"
