"""Rules about the code that no linter of the shelf knows. Each docstring tells what the rule keeps out."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
FILES = sorted(APP.rglob("*.py"))


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the service by its path."""
    for file in FILES:
        yield file.relative_to(APP).as_posix(), ast.parse(file.read_text())


def calls(tree: ast.Module, name: str) -> list[ast.Call]:
    """Every call of a method or function of that name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)) == name
    ]


def imports(tree: ast.Module) -> set[str]:
    """Every module that is imported, by its full name."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_there_is_code_to_look_at() -> None:
    assert len(FILES) > 60


def test_only_the_kernel_ends_a_transaction() -> None:
    """A commit in a service would part an act from its audit row."""
    allowed = ("kernel/", "audit/chain.py", "audit/verify.py", "audit/log.py")  # audit: a commitment, not a transaction
    assert [path for path, tree in trees() if calls(tree, "commit") and not path.startswith(allowed)] == []


def test_only_the_access_of_cases_selects_cases() -> None:
    """A list made elsewhere would forget the walls."""
    offenders = {
        path
        for path, tree in trees()
        for call in calls(tree, "select")
        if any(isinstance(argument, ast.Name) and argument.id == "Case" for argument in call.args)
    }
    assert offenders <= {"cases/access.py", "cases/queries.py", "cases/service.py"}


def test_only_the_kernel_logs() -> None:
    """A log line written elsewhere could hold content."""
    allowed = {"kernel/logs.py", "cli.py"}
    assert [path for path, tree in trees() if "logging" in imports(tree) and path not in allowed] == []


def test_no_randomness_but_the_systems() -> None:
    """`random` can be predicted."""
    assert [path for path, tree in trees() if "random" in imports(tree)] == []


def test_no_column_type_encrypts() -> None:
    """A TypeDecorator cannot see the row that a value belongs to, so that it could not bind it there."""
    assert [
        path for path, tree in trees() if "sqlalchemy.types.TypeDecorator" in imports(tree) and path != "kernel/db.py"
    ] == []


def test_nothing_is_printed_but_by_commands() -> None:
    """What is printed ends in somebody's log."""
    assert [path for path, tree in trees() if calls(tree, "print") and not path.startswith(("cli.py", "demo/"))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(APP).as_posix())
def test_no_file_is_longer_than_it_can_be_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400
