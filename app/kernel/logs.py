"""Logs that can be shown to anyone: names of events, problem types and code places; never a message, a value or an address."""

import json
import logging
import sys
import traceback
from typing import Any

ALLOWED_FIELDS = ("event", "request", "problem", "failure", "places", "seconds", "account", "channel", "job")
"""The only fields a log line may hold besides time, level and logger. `account` and `channel` are ids, for the operator to look into."""
log = logging.getLogger("candour")


class SafeFormatter(logging.Formatter):
    """Writes one JSON object a line out of the allowed fields. Text of exceptions is dropped: it may hold content."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
        }
        for field in ALLOWED_FIELDS:
            if (value := record.__dict__.get(field)) is not None:
                line[field] = value
        if record.name.startswith("candour") and "event" not in line:
            line["event"] = record.msg
        elif record.name.startswith("uvicorn") and record.levelno < logging.ERROR:
            line["event"] = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe_failure(record.exc_info[1])
        return json.dumps(line)


def describe_failure(failure: BaseException) -> dict[str, Any]:
    """Return the type of an exception and the places in code it came through: never its text or any value."""
    frames = traceback.extract_tb(failure.__traceback__)
    return {
        "failure": type(failure).__name__,
        "places": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }


def configure() -> None:
    """Send every logger of the process through the safe formatter to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
