"""Runs the commands, as `python -m app`. Those of the client run without a line of the service."""

import sys

if sys.argv[1:2] == ["client"]:
    from app.client.cli import app

    app(sys.argv[2:], prog_name="python -m app client")
else:
    from app.cli import app

    app(prog_name="python -m app")
