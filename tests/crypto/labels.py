"""Finds every label of a context or key in the code: by reading the calls, so that none is known by being typed here."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

ANY = -1
"""As many parts as there are: the call hands on a list."""
MAKERS = {("contexts", "encode"): 0, ("fields", "derive"): 1}
"""Whose argument is a label, by module and name, and which argument."""


class LabelUnknown(Exception):
    """A label that cannot be read from the code: nobody could say whether the document has it."""


def labels_in(modules: Sequence[ast.Module]) -> dict[str, set[int]]:
    """Return every label with how many parts it is used with.

    A function that hands its own argument on as a label makes labels itself, and so its callers are looked at too.

    Raises:
        LabelUnknown: an argument is neither a text, nor the one constant of that name, nor handed on.

    """
    constants: dict[str, set[str]] = defaultdict(set)
    for module in modules:
        for name, text in _constants(module):
            constants[name].add(text)
    found: dict[str, set[int]] = defaultdict(set)
    handing_on: dict[str, int] = {}
    known = -1
    while known != len(handing_on):
        known = len(handing_on)
        for module in modules:
            for function, call in _calls(module):
                position = _position(call, handing_on)
                if position is None or len(call.args) <= position:
                    continue
                argument, parts = call.args[position], call.args[position + 1 :]
                parameters = _parameters(function)
                if isinstance(argument, ast.Name) and argument.id in parameters and function is not None:
                    handing_on.setdefault(function.name, parameters.index(argument.id))
                    continue
                is_list = any(isinstance(part, ast.Starred) for part in parts)
                count = len(parts) if _name(call) in MAKERS and not is_list else ANY
                for label in _texts(argument, constants):
                    found[label].add(count)
    return dict(found)


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield name.id, value.value


def _calls(node: ast.AST, inside: ast.FunctionDef | None = None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield inside, child
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else inside)


def _parameters(function: ast.FunctionDef | None) -> list[str]:
    names = [] if function is None else [argument.arg for argument in function.args.args]
    return names[1:] if names[:1] == ["self"] else names


def _name(call: ast.Call) -> tuple[str, str]:
    if isinstance(call.func, ast.Attribute):
        return getattr(call.func.value, "id", ""), call.func.attr
    return "", getattr(call.func, "id", "")


def _position(call: ast.Call, handing_on: dict[str, int]) -> int | None:
    module, name = _name(call)
    if (module, name) in MAKERS:
        return MAKERS[module, name]
    return handing_on.get(name) if name not in {maker for _, maker in MAKERS} else None


def _texts(argument: ast.expr, constants: dict[str, set[str]]) -> list[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.IfExp):
        return [*_texts(argument.body, constants), *_texts(argument.orelse, constants)]
    name = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", "")
    if len(constants[name]) != 1:
        raise LabelUnknown(ast.unparse(argument))
    return [*constants[name]]
