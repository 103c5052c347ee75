"""Runs the commands of an administrator, as `python -m app`."""

from app.cli import app

app(prog_name="python -m app")
