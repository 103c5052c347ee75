"""Rules about the code that no linter of the shelf knows. Each docstring tells what the rule keeps out."""

import ast
import re
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
    allowed = {"kernel/logs.py", "cli/console.py", "cli/keys.py"}
    assert [path for path, tree in trees() if "logging" in imports(tree) and path not in allowed] == []


def test_no_randomness_but_the_systems() -> None:
    """`random` can be predicted."""
    assert [path for path, tree in trees() if "random" in imports(tree)] == []


def test_no_column_type_encrypts() -> None:
    """A TypeDecorator cannot see the row that a value belongs to, so that it could not bind it there."""
    assert [
        path for path, tree in trees() if "sqlalchemy.types.TypeDecorator" in imports(tree) and path != "kernel/db.py"
    ] == []


def named(node: ast.expr) -> str:
    """The last name of what an expression reads or calls."""
    if isinstance(node, ast.Call):
        return named(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_of_a_class(node: ast.expr) -> bool:
    """Whether an expression reads an attribute of a class: a column in a statement that the database compares."""
    return isinstance(node, ast.Attribute) and named(node.value)[:1].isupper()


COMPARED = re.compile(r"(^|_)(tag|mac|verifier|fingerprint|check|signature|lookup)$")
"""What a guess is compared with, so that nobody must learn how much of it was right."""


def test_no_secret_is_compared_in_a_time_that_tells_where_it_differs() -> None:
    """`==` on a MAC ends at the first byte that differs: `hmac.compare_digest` does not."""
    assert [
        f"{path}: {ast.unparse(node)}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and any(COMPARED.search(named(side)) for side in (node.left, *node.comparators))
        and not any(is_of_a_class(side) for side in (node.left, *node.comparators))
    ] == []


def test_what_is_sealed_is_sealed_by_the_formats_alone() -> None:
    """A bare cipher would need somebody to count nonces, and would not commit to its key."""
    ciphers = {"AESGCM", "AESCCM", "AESOCB3", "AESSIV", "AESGCMSIV", "ChaCha20Poly1305", "Fernet", "Cipher"}
    used = {
        path
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and named(node) in ciphers
    }
    assert used <= {"crypto/fields.py"}


def test_every_token_is_verified_by_algorithms_that_are_named() -> None:
    """Without a list, or with none, the library takes the algorithm that the forger chose."""
    verifying = [call for _, tree in trees() for name in ("verify", "decode") for call in calls(tree, name)]
    of_tokens = [
        call for call in verifying if isinstance(call.func, ast.Attribute) and named(call.func.value) in {"jws", "jwt"}
    ]
    chosen = [keyword.value for call in of_tokens for keyword in call.keywords if keyword.arg == "algorithms"]
    assert len(chosen) == len(of_tokens) == 1
    assert all(isinstance(value, ast.List) and value.elts for value in chosen)


def test_no_key_is_shown_by_what_holds_it() -> None:
    """Whoever logs or raises with an object prints its repr(): what holds a secret leaves it out there."""
    holders = [
        (path, node)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and (
            {"dataclass"} & {named(one) for one in node.decorator_list}
            or {"NamedTuple"} & {named(one) for one in node.bases}
        )
    ]
    shown = [
        f"{path}: {holder.name}.{held.target.id}"
        for path, holder in holders
        for held in holder.body
        if isinstance(held, ast.AnnAssign)
        and isinstance(held.target, ast.Name)
        and re.search(r"(?<!wrapped_)(seeds?|password|secret|erasure_keys?|private)$", held.target.id)
        and "repr=False" not in ast.unparse(held)
    ]
    assert len(holders) > 40
    assert shown == []


def test_no_class_has_a_way_of_its_own_to_show_what_it_holds() -> None:
    """Rows and keys are shown as Python shows any object: by their class."""
    assert [
        path
        for path, tree in trees()
        if {"__repr__", "__str__"} & {f.name for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    ] == []


def test_nothing_is_printed_but_by_commands() -> None:
    """What is printed ends in somebody's log."""
    assert [
        path for path, tree in trees() if calls(tree, "print") and not path.startswith(("cli/", "client/", "demo/"))
    ] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(APP).as_posix())
def test_no_file_is_longer_than_it_can_be_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400
