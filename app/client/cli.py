"""All commands of the client, `python -m app client`."""

from app.client import (
    asking,
    custody,
    issuers,
    keys,
    manifests,
    openings,
    proofs,
    recovery,
    sessions,
    sheets,
    submit,
    supporters,
    terminal,
    witness,
    writing,
)

app = terminal.commands("What you run on your own machine, so that you need not trust the service with it.")
app.command("enrol")(manifests.enrol)
app.command("login")(sessions.login)
app.command("logout")(sessions.logout)
app.command("submit")(submit.submit)
app.command("witness")(witness.witness)
app.command("witness-key")(witness.show_key)
app.add_typer(keys.app, name="keys")
app.add_typer(manifests.app, name="manifest")
app.add_typer(openings.app, name="openings")
app.add_typer(custody.app, name="custodian")
app.add_typer(recovery.app, name="recover-case")
app.add_typer(writing.app, name="inbox")
app.add_typer(proofs.app, name="verify")
app.add_typer(issuers.app, name="issuer")
app.add_typer(issuers.codes_app, name="codes")
app.add_typer(supporters.app, name="supporter")
issuers.codes_app.command("sheet")(sheets.sheet)
openings.app.command("subjects")(asking.subjects)
openings.app.command("request")(asking.request)
openings.app.command("combine")(asking.combine)
