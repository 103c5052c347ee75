"""The commands of an administrator on the service's own machine."""

from app.cli import auditing, keys, serving
from app.client import cli as client

app = serving.app
app.info.help = __doc__
app.add_typer(auditing.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(client.app, name="client")
