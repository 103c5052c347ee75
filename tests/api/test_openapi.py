"""The OpenAPI document: valid, complete, and good enough that others' tools can work from it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator


@pytest.fixture
async def document(anonymous: httpx.AsyncClient) -> dict[str, Any]:
    """The document as the service hands it out."""
    found: dict[str, Any] = (await anonymous.get("/openapi.json")).json()
    return found


def operations_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation with its path."""
    return [(path, operation) for path, item in document["paths"].items() for operation in item.values()]


def test_the_document_is_valid_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_has_a_name_of_its_own_a_tag_a_summary_and_a_sentence(document: dict[str, Any]) -> None:
    found = operations_of(document)
    names = [operation["operationId"] for _, operation in found]
    assert len(names) == len(set(names)) > 80
    for path, operation in found:
        assert operation["tags"], path
        assert operation["summary"], path
        assert len(operation["description"]) > 12, (path, operation["description"])


def test_every_tag_is_described(document: dict[str, Any]) -> None:
    described = {tag["name"] for tag in document["tags"] if len(tag["description"]) > 20}
    used = {tag for _, operation in operations_of(document) for tag in operation["tags"]}
    assert used == described


def test_the_security_schemes_are_declared_and_used(document: dict[str, Any]) -> None:
    assert {"bearer", "unlock", "inbox"} <= set(document["components"]["securitySchemes"])
    for path, operation in operations_of(document):
        schemes = {name for requirement in operation.get("security", []) for name in requirement}
        if path.startswith("/v1/cases/{case_id}"):
            assert schemes == {"bearer", "unlock"}, path
        if operation["x-permission"] == "public" and path != "/v1/auth/refresh":
            assert schemes == set(), path


def test_both_headers_are_asked_for_together(document: dict[str, Any]) -> None:
    requirement = document["paths"]["/v1/cases/{case_id}"]["get"]["security"]
    assert requirement == [{"bearer": [], "unlock": []}]


def test_where_a_version_must_be_named_the_header_is_required(document: dict[str, Any]) -> None:
    approval = document["paths"]["/v1/cases/{case_id}/summaries/{summary_id}/approval"]["post"]
    assert [one["required"] for one in approval["parameters"] if one["name"] == "If-Match"] == [True]
    for path, operation in operations_of(document):
        named = [one["required"] for one in operation.get("parameters", []) if one["name"] == "If-Match"]
        is_required = "428" in operation["responses"] and operation["operationId"] != "link_exhibit"  # a first has none
        assert named == ([is_required] if "412" in operation["responses"] else []), path


def test_no_two_schemas_have_one_name(document: dict[str, Any]) -> None:
    """The framework would tell them apart by their modules, and generated clients could not."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_every_body_has_an_example_that_its_schema_accepts(document: dict[str, Any]) -> None:
    for path, operation in operations_of(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        name = content["schema"]["$ref"].rpartition("/")[2]
        assert content["example"], f"{path} has no example"
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema).validate(content["example"])


def test_bodies_are_json_but_for_the_bytes_of_files(document: dict[str, Any]) -> None:
    raw = {
        operation["operationId"]
        for _, operation in operations_of(document)
        if "application/json" not in operation.get("requestBody", {}).get("content", {"application/json": {}})
    }
    assert raw == {"send_inbox_file", "send_own_file"}


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, operation in operations_of(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def unbounded(schema: dict[str, Any], where: str, schemas: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield each place of a body that may be as long as its sender likes, or hold fields that nobody knows."""
    for part in (*schema.get("anyOf", []), *schema.get("allOf", [])):
        yield from unbounded(part, where, schemas, seen)
    if (name := schema.get("$ref", "").rpartition("/")[2]) and name not in seen:
        seen.add(name)
        yield from unbounded(schemas[name], name, schemas, seen)
    kind = schema.get("type")
    if kind == "string" and not {"maxLength", "enum", "const", "format", "pattern"} & set(schema):
        yield where
    if kind == "array":
        if "maxItems" not in schema and not schema.get("uniqueItems"):
            yield where
        yield from unbounded(schema["items"], f"{where}[]", schemas, seen)
    others = schema.get("additionalProperties")
    if isinstance(others, dict) and {"maxProperties", "propertyNames"} <= set(schema):
        yield from unbounded(others, f"{where}/*", schemas, seen)
    elif kind == "object" and others is not False:
        yield f"{where} takes unknown fields"
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, f"{where}/{name}", schemas, seen)


def test_every_text_that_comes_in_is_bounded(document: dict[str, Any]) -> None:
    seen: set[str] = set()
    found = [
        place
        for path, operation in operations_of(document)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        for place in unbounded(
            operation["requestBody"]["content"]["application/json"]["schema"],
            path,
            document["components"]["schemas"],
            seen,
        )
    ]
    assert found == []
    assert len(seen) > 30
