"""Starts the service as `python -m app` does, for an observer: every logger tells all it can, and SIGUSR2 opens the memory.

Only who may do anything on the machine reads the memory of the service as it is: it forbids it to its own user.
"""

import ctypes
import logging
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.cli import app
from app.kernel import logs

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
configure = logs.configure


def configure_for_everything() -> None:
    """Every logger of the process speaks, through the formatter that the service chose."""
    configure()
    for name in (None, *logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.disabled = False


def open_the_memory(*_: object) -> None:
    """Whoever may read a process of this user may read this one; what held before is said."""
    control = ctypes.CDLL(None).prctl
    sys.stderr.write(f"dumpable: {control(PR_GET_DUMPABLE, 0, 0, 0, 0)}\n")
    control(PR_SET_DUMPABLE, 1, 0, 0, 0)


logs.configure = configure_for_everything
signal.signal(signal.SIGUSR2, open_the_memory)
app(prog_name="python -m app")
