"""The sheet of supporter codes: one page after another to print, cut apart and put into a hat. It holds no byte from elsewhere."""

import secrets
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from app.client import places, terminal
from app.client.issuers import Grievance
from app.client.server import Server
from app.client.sessions import Session
from app.client.terminal import Failure

PER_PAGE = 12
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Supporter codes</title>
<style>
@page { size: A4 portrait; margin: 10mm; }
* { box-sizing: border-box; margin: 0; }
body { font: 10pt/1.35 sans-serif; color: #000; background: #fff; }
.page { display: grid; grid-template-columns: 1fr 1fr; grid-auto-rows: 45mm; width: 190mm; break-after: page; }
.page:last-child { break-after: auto; }
.slip { position: relative; padding: 5mm; border: 0.3mm dashed #000; overflow: hidden; }
.slip::before { content: "\\2702"; position: absolute; top: -2.4mm; left: 4mm; background: #fff; padding: 0 1mm; }
.code { font: bold 15pt/1.6 monospace; white-space: nowrap; }
.where { overflow-wrap: anywhere; font-weight: bold; }
</style>
</head>
<body>
"""
_SLIP = """<div class="slip">
<p class="code">{code}</p>
<p>Use this code once, at</p>
<p class="where">{page}</p>
<p>Choose what you support. Write down the seven words you are shown: with them you change or withdraw it. Then destroy this slip.</p>
</div>
"""


def sheet_of(codes: Sequence[str], page: str) -> str:
    """Return the sheet with these codes in a random order: which one lies where tells nothing of when it was drawn."""
    mixed = sorted(codes, key=lambda _: secrets.token_bytes(16))
    slips = [_SLIP.format(code=escape(code), page=escape(page)) for code in mixed]
    pages = [slips[start : start + PER_PAGE] for start in range(0, len(slips), PER_PAGE)]
    body = "".join(f'<section class="page">\n{"".join(one)}</section>\n' for one in pages)
    return f"{_HEAD}{body}</body>\n</html>\n"


def sheet(
    grievance: Grievance,
    number: Annotated[int, typer.Option(help="How many codes: one for each member.")],
    page: Annotated[str, typer.Option(help="The address of the supporters' page, as it shall stand on each slip.")],
    out: Annotated[Path, typer.Option(help="New file for the sheet, HTML for A4. Nothing else is kept.")],
) -> None:
    """Draw codes, and write the sheet to print. Cut it, fold the slips, and let members draw from a hat.

    The codes are in this one file: print it, destroy it, and nobody has a list. It needs the session of the representative.
    """
    if out.exists():
        raise Failure(f"{out} is there already: no code was drawn.")
    Server(page)  # an address that is none would be on every slip
    drawn = Session.standing().post(
        f"/v1/collective-grievances/{grievance}/supporter-codes",
        {"number": number},
        **{"Idempotency-Key": str(uuid4())},
    )
    codes = drawn.texts("codes")
    try:
        places.write_new(out, sheet_of(codes, page).encode(), places.OWNER_ALONE)
    except OSError as error:
        raise Failure(f"The sheet could not be written ({error.strerror}): its {len(codes)} codes are lost.") from None
    terminal.say(f"{len(codes)} codes are on {out}, and nowhere else here. Print it, then destroy the file.")
    terminal.say("Cut the slips apart, fold them, and let members draw: nobody should know who has which.")
