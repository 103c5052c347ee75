"""How the client speaks and asks: one clear line for what fails, nothing secret, no sign that would move somebody's terminal."""

import getpass
import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text
from typer.exceptions import TyperException

from app.client import places
from app.crypto.errors import DocumentInvalid, NotAuthentic, SealBroken
from app.crypto.merkle import ProofWrong

PASSPHRASE_FILE = "CANDOUR_PASSPHRASE_FILE"  # noqa: S105 a name
"""Names the environment variable with the path of a file that holds the passphrase of the key files, for scripts."""
SHORTEST_PASSPHRASE = 12
ALARM = 3
"""The exit code of what somebody outside should hear of: two things are signed that cannot both be true."""

_WIDE = 1_000
"""Columns of what is no terminal: a table that is piped is not folded."""
_out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
_errors = Console(soft_wrap=True, highlight=False, stderr=True)


class Failure(Exception):
    """What was asked for cannot be done. The message is one line for a person, and tells no secret."""

    code = 1


class Alarm(Failure):
    """Somebody lies: keep what you have, and tell whoever watches the service."""

    code = ALARM


class Commands(typer.core.TyperGroup):
    """Commands that fail with one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 as typer has it
        """Run the command, and turn whatever it raises into a line."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            _fail(str(failure), failure.code)
        except DocumentInvalid as invalid:
            _fail(f"A document breaks its format: {invalid}.")
        except NotAuthentic:
            _fail("Not signed as it should be: nothing was done.")
        except ProofWrong:
            _fail("A proof does not show what it is said to show.", ALARM)
        except SealBroken:
            _fail("What was sealed does not open with this key: nothing was done.")
        except httpx.HTTPError:
            _fail("The server cannot be reached.")
        except OSError as error:
            _fail(f"{error.strerror or 'A file cannot be used'}: {error.filename or ''}".rstrip(": "))
        except (TyperException, typer.Exit, typer.Abort):
            raise
        except Exception as error:  # noqa: BLE001 a traceback could show what a person typed
            _fail(f"This should not have happened ({type(error).__name__}); please report it.")


def commands(sentence: str) -> typer.Typer:
    """Return a group of commands that fail with one line."""
    return typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, cls=Commands, help=sentence
    )


def _fail(line: str, code: int = 1) -> NoReturn:
    _errors.print(Text(printable(line).replace("\n", " "), "bold red"))
    raise typer.Exit(code)


def printable(text: str) -> str:
    """Return a text from elsewhere without what would move a terminal's cursor or turn its direction of writing."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def say(text: str, style: str = "") -> None:
    """The text is on the terminal."""
    _out.print(Text(printable(text), style))


def show(rows: Sequence[tuple[str, str]]) -> None:
    """The rows are on the terminal: what something is, and its value."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        _out.print(Text.assemble((name.ljust(width), "bold"), "  ", printable(value)))


def list_(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The rows are on the terminal under their headings."""
    table = Table(*headings)
    for row in rows:
        table.add_row(*(Text(printable(value), overflow="fold") for value in row))
    _out.print(table)


@contextmanager
def progress(what: str, of: int) -> Iterator["Steps"]:
    """A bar shows how far something long has come."""
    with Progress(console=_errors) as bar:
        yield Steps(bar, bar.add_task(what, total=of))


class Steps:
    """Something long, of which one step after the other is done."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        """Stand at the first step."""
        self._bar, self._task = bar, task

    def done(self) -> None:
        """One step more is done."""
        self._bar.advance(self._task)


def ask(question: str) -> str:
    """Return a line that the person types, or the next line of a script.

    Raises:
        Failure: there is none.

    """
    if sys.stdin.isatty():
        answer: str = typer.prompt(question, type=str)
        return answer
    return _next_line(question)


def ask_secret(question: str) -> str:
    """Return a line that is not shown while it is typed, or the next line of a script.

    Raises:
        Failure: there is none.

    """
    return getpass.getpass(f"{question}: ") if sys.stdin.isatty() else _next_line(question)


def _next_line(question: str) -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Failure(f"Missing on standard input: {question}.")
    return line


def confirm(question: str) -> None:
    """Return if the person, or the next line of a script, says yes.

    Raises:
        Failure: otherwise.

    """
    if ask(f"{question} Type yes to go on").strip().lower() != "yes":
        raise Failure("Not confirmed: nothing was done.")


def passphrase(question: str) -> str:
    """Return the passphrase of a key file: from the file that CANDOUR_PASSPHRASE_FILE names, or asked for.

    Raises:
        Failure: that file is open to others, or there is no passphrase.

    """
    named = os.environ.get(PASSPHRASE_FILE)
    if named:
        try:
            return places.read_private(Path(named)).decode().rstrip("\r\n")
        except places.OpenToOthers as error:
            raise Failure(str(error)) from error
    return ask_secret(question)


def new_passphrase() -> str:
    """Return a passphrase that somebody chose for a key file, typed twice where it is typed.

    Raises:
        Failure: it is short, or the two differ.

    """
    chosen = passphrase("New passphrase of the key file")
    if len(chosen) < SHORTEST_PASSPHRASE:
        raise Failure(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters; five or more words are good.")
    is_typed = sys.stdin.isatty() and not os.environ.get(PASSPHRASE_FILE)
    if is_typed and ask_secret("The same once more") != chosen:
        raise Failure("The two passphrases differ: nothing was done.")
    return chosen
