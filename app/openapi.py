"""Completes the OpenAPI document: what each door asks, examples of every body, one shape for every refusal."""

from typing import Any

from fastapi import FastAPI

from app.kernel.http import IF_MATCH, PROBLEM_JSON, PROBLEM_SCHEMA, problems
from app.kernel.problems import BodyTooLarge, PreconditionFailed, PreconditionRequired, UnsupportedMediaType
from app.policy.guard import Operation

TAGS = {
    "about": "The service itself: whether it is well, what its problems mean, and this documentation.",
    "reporting": "For people who report: the channel's page, the grievance, the inbox. No account, no cookie, no address kept.",
    "files": "For whoever raised a grievance: files, sent as raw bytes, which may be cut at any moment and gone on with; stored encrypted.",
    "collective grievances": "For union representatives: one grievance of many people, with headcount claims and sealed identities.",
    "supporting": "For supporters of a grievance of many: read what it is about, be counted, change or withdraw. No account, no address kept.",
    "channels": "For administrators: the public doors, their custodians' keys and their case officers.",
    "custodianship": "For custodians: their own shares, sealed to a new key or shared among others. Their private keys never come here.",
    "accounts": "For administrators: who may sign in, and for what.",
    "signing in": "Password, code, tokens and the unlock secret.",
    "oneself": "One's own account: what it may, and its password.",
    "cases": "The case file: its life, appointments, walls and deadlines.",
    "duties": "What is owed, to whom and by when: kept, stopped with a reason, extended where the law lets you, overdue.",
    "notices": "That there is something to see, and never what: by mail in fixed daily slots, and to other systems.",
    "conversations": "Between the case and whoever raised a grievance of it: messages, what became of each allegation, and detriment.",
    "openings": "The ceremony in which custodians open one identity for one stated reason, on the requester's own machine.",
    "allegations": "What is alleged, grouped into themes; every rearrangement is remembered.",
    "evidence": "Exhibits, what was asked for and does not exist or was refused, and what each bears on.",
    "findings": "What the evidence shows about each allegation, agreed by a second person; superseded, never edited.",
    "reports": "The confidential full report. It seals only when every allegation in scope has its finding.",
    "summaries": "What may leave: drafted from the sealed report, redacted, checked, approved by a second person.",
    "releases": "For human resources, leadership, panel, staff and who raised a grievance for many: what was released to them, and nothing else.",
    "proof log": "The signed state of the log, once a day, for whoever holds a receipt and for witnesses. No account is needed.",
    "audit": "For auditors: what was done when and by which account, without content.",
}
_EXAMPLES_BY_FORMAT = {
    "date": "2026-01-05",
    "uuid": "019cabd8-3800-7ec2-8dd3-8c1f0f9a2b11",
    "uri": "http://127.0.0.1:8000/",
}
_JSON = "application/json"
_FIRST_REFUSAL = 400


def complete(document: dict[str, Any], found: list[Operation]) -> dict[str, Any]:
    """Return the framework's document with all that it leaves out.

    Raises:
        ValueError: it has an operation that the walk over the guards did not see, or the reverse.

    """
    paths: dict[str, dict[str, Any]] = document["paths"]
    documented = {(method.upper(), path) for path, item in paths.items() for method in item}
    found = [operation for operation in found if not operation.is_page]
    if documented != {(operation.method, operation.path) for operation in found}:
        message = "the walk over the routes and the OpenAPI document differ"
        raise ValueError(message)
    schemas = document["components"]["schemas"]
    schemas["Problem"] = PROBLEM_SCHEMA
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    used: set[str] = set()
    for operation in found:
        described = paths[operation.path][operation.method.lower()]
        guard = operation.guards[0]
        described["x-permission"] = guard.permission or guard.relation
        used |= set(described.get("tags", ()))
        _say_what_bodies_meet(described)
        _refuse_alike(described)
        _name_the_version(described)
        _give_example(described, schemas)
        if "security" in described:
            described["security"] = [{name: scopes for one in described["security"] for name, scopes in one.items()}]
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return document


def _say_what_bodies_meet(operation: dict[str, Any]) -> None:
    """Whatever takes a body refuses one that is too large, or, unless it takes raw bytes, that is not JSON."""
    taken = operation.get("requestBody", {}).get("content", {})
    if taken:
        for status, response in problems(BodyTooLarge, *((UnsupportedMediaType,) if _JSON in taken else ())).items():
            operation["responses"].setdefault(str(status), response)


def _refuse_alike(operation: dict[str, Any]) -> None:
    """Every refusal is a problem document."""
    for status, response in operation["responses"].items():
        if int(status) >= _FIRST_REFUSAL:
            response["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            if response["description"] == "Validation Error":
                response["description"] = "invalid-input"


def _name_the_version(operation: dict[str, Any]) -> None:
    """What may answer 412 takes If-Match, and what answers 428 without it requires it, unless the route says otherwise."""
    parameters = operation.setdefault("parameters", [])
    is_named = any(parameter["name"] == IF_MATCH["name"] for parameter in parameters)
    if str(PreconditionFailed.status) in operation["responses"] and not is_named:
        is_required = str(PreconditionRequired.status) in operation["responses"]
        parameters.append(IF_MATCH | {"required": is_required})


def _give_example(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The body has an example, made of its fields' examples."""
    content = operation.get("requestBody", {}).get("content", {}).get(_JSON)
    if content is not None and "example" not in content and "examples" not in content:
        content["example"] = example_of(content["schema"], schemas)


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:  # noqa: ANN401, C901, PLR0911 any JSON, a line a kind
    """Return a value that the schema accepts: its example, or one made of those of its required and exemplified fields."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for chosen in ("enum", "anyOf", "allOf"):
        if chosen in schema:
            return schema[chosen][0] if chosen == "enum" else example_of(schema[chosen][0], schemas)
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            required, parts = set(schema.get("required", ())), schema.get("properties", {})
            shown = {name: part for name, part in parts.items() if name in required or "examples" in part} or parts
            return {name: example_of(part, schemas) for name, part in shown.items()}
        case "array":
            return [example_of(schema["items"], schemas)] * schema.get("minItems", 0)
        case "integer":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string":
            text = _EXAMPLES_BY_FORMAT.get(schema.get("format", ""), "A sentence.")
            return text.ljust(schema.get("minLength", 0), "A")[: schema.get("maxLength")]
        case _:
            return None


def install(app: FastAPI, found: list[Operation]) -> None:
    """Make `app` hand out the completed document, made at its first reading."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(FastAPI.openapi(app), found)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
