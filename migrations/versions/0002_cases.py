"""Case files: their life, who is appointed to them, who is walled off, and the grants of their keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("representative_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("law_profile", sa.String(length=40), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=True),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("acknowledged_on", sa.Date(), nullable=True),
        sa.Column("feedback_by", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "representative_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_cases_organisation_id_representative_id"),
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_cases_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_cases")),
        sa.UniqueConstraint("organisation_id", "reference", name=op.f("uq_cases_organisation_id_reference")),
    )
    op.create_index(op.f("ix_cases_organisation_id_state_id"), "cases", ["organisation_id", "state", "id"])
    op.create_table(
        "appointments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("appointed_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_appointments_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_appointments_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_appointments")),
    )
    op.create_index(
        op.f("ix_appointments_organisation_id_account_id_case_id"),
        "appointments",
        ["organisation_id", "account_id", "case_id"],
    )
    op.create_index(
        "uq_appointments_standing",
        "appointments",
        ["organisation_id", "case_id", "account_id", "capacity"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
        sqlite_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "case_key_grants",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_case_key_grants_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_case_key_grants_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_case_key_grants")),
        sa.UniqueConstraint(
            "organisation_id", "case_id", "account_id", "key_version", name="uq_case_key_grants_one_each"
        ),
    )
    op.create_index(
        op.f("ix_case_key_grants_organisation_id_account_id"), "case_key_grants", ["organisation_id", "account_id"]
    )
    op.create_table(
        "case_transitions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=False),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_case_transitions_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_case_transitions")),
        sa.UniqueConstraint(
            "organisation_id", "case_id", "position", name=op.f("uq_case_transitions_organisation_id_case_id_position")
        ),
    )
    op.create_table(
        "triages",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("likelihood", sa.String(length=40), nullable=False),
        sa.Column("impact", sa.String(length=40), nullable=False),
        sa.Column("immediate_risk", sa.Boolean(), nullable=False),
        sa.Column("knowledge", sa.String(length=40), nullable=False),
        sa.Column("previously_reported", sa.Boolean(), nullable=False),
        sa.Column("procedure", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_triages_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_triages")),
        sa.UniqueConstraint("organisation_id", "case_id", name=op.f("uq_triages_organisation_id_case_id")),
    )
    op.create_table(
        "walls",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_walls_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_walls_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_walls")),
        sa.UniqueConstraint(
            "organisation_id", "case_id", "account_id", name=op.f("uq_walls_organisation_id_case_id_account_id")
        ),
    )
    op.create_index(
        op.f("ix_walls_organisation_id_account_id_case_id"), "walls", ["organisation_id", "account_id", "case_id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_walls_organisation_id_account_id_case_id"), table_name="walls")
    op.drop_table("walls")
    op.drop_table("triages")
    op.drop_table("case_transitions")
    op.drop_index(op.f("ix_case_key_grants_organisation_id_account_id"), table_name="case_key_grants")
    op.drop_table("case_key_grants")
    op.drop_index("uq_appointments_standing", table_name="appointments")
    op.drop_index(op.f("ix_appointments_organisation_id_account_id_case_id"), table_name="appointments")
    op.drop_table("appointments")
    op.drop_index(op.f("ix_cases_organisation_id_state_id"), table_name="cases")
    op.drop_table("cases")
