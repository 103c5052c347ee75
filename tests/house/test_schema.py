"""What the database holds in clear is listed with a reason; all else is sealed."""

import pytest
from sqlalchemy import Column, LargeBinary, inspect

import app.models  # noqa: F401 every table has to be known
from app.kernel.db import Base
from app.kernel.sealed import Sealed

COLUMNS = [column for table in Base.metadata.sorted_tables for column in table.columns]


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_every_column_is_sealed_or_says_why_it_is_plain(column: "Column[object]") -> None:
    reason = column.info.get("plain")
    sealed = column.info.get("sealed")
    assert (reason is None) != (sealed is None), "a column is either plain with a reason, or sealed"
    assert len(str(reason or sealed)) > 2


@pytest.mark.parametrize("column", [column for column in COLUMNS if "sealed" in column.info], ids=str)
def test_what_is_sealed_is_stored_as_bytes(column: "Column[object]") -> None:
    assert isinstance(column.type, LargeBinary)


def test_every_sealed_descriptor_has_its_column_and_every_such_column_its_descriptor() -> None:
    described = {
        (mapper.local_table.name, descriptor.column)  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        for descriptor in vars(mapper.class_).values()
        if isinstance(descriptor, Sealed)
    }
    columns = {(column.table.name, column.name) for column in COLUMNS if column.name.endswith("_sealed")}
    assert described == columns
    assert len(described) > 20


def test_every_row_of_a_case_leads_its_key_with_the_organisation() -> None:
    for mapper in Base.registry.mappers:
        key = [column.name for column in inspect(mapper.class_).primary_key]
        if "case_id" in mapper.columns:
            assert key == ["organisation_id", "id"], mapper.class_.__name__


def test_no_text_column_in_clear_is_long_enough_for_a_story() -> None:
    stories = {("channels", "procedure_text"), ("channels", "elsewhere")}
    for column in COLUMNS:
        length = getattr(column.type, "length", None)
        if (
            "plain" in column.info
            and column.type.python_type is str
            and (column.table.name, column.name) not in stories
        ):
            assert length is not None, str(column)
            assert length <= 300, str(column)


def test_no_table_but_the_vaults_and_accounts_has_a_column_for_who_somebody_is() -> None:
    words = ("name", "email", "phone", "contact", "address", "employee")
    allowed = {
        "organisations.name",
        "channels.name",
        "accounts.display_name_sealed",
        "accounts.username_sealed",
        "accounts.username_index",
        "mail_addresses.address_sealed",
        "file_uploads.name_sealed",
        "grievance_files.name_sealed",
    }
    found = {str(column) for column in COLUMNS if any(word in column.name for word in words)}
    assert found <= allowed
