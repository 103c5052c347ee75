"""The ceremony of openings: requests, papers, answers, notices, and the reasons to withhold one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("manifest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_openings_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "channel_id"],
            ["channels.organisation_id", "channels.id"],
            name=op.f("fk_openings_organisation_id_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "requester_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_openings_organisation_id_requester_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_openings")),
    )
    op.create_index(op.f("ix_openings_expires_at"), "openings", ["expires_at"])
    op.create_index(op.f("ix_openings_organisation_id_case_id"), "openings", ["organisation_id", "case_id"])
    op.create_table(
        "opening_answers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("opening_id", sa.Uuid(), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_false", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_opening_answers_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "opening_id"],
            ["openings.organisation_id", "openings.id"],
            name=op.f("fk_opening_answers_organisation_id_opening_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_opening_answers")),
        sa.UniqueConstraint(
            "organisation_id",
            "opening_id",
            "custodian_id",
            name=op.f("uq_opening_answers_organisation_id_opening_id_custodian_id"),
        ),
    )
    op.create_table(
        "opening_papers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("opening_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=True),
        sa.Column("paper", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_opening_papers_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "opening_id"],
            ["openings.organisation_id", "openings.id"],
            name=op.f("fk_opening_papers_organisation_id_opening_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_opening_papers")),
        sa.UniqueConstraint(
            "organisation_id",
            "opening_id",
            "account_id",
            name=op.f("uq_opening_papers_organisation_id_opening_id_account_id"),
        ),
    )
    op.create_index(
        op.f("ix_opening_papers_organisation_id_account_id_opening_id"),
        "opening_papers",
        ["organisation_id", "account_id", "opening_id"],
    )
    op.create_table(
        "opening_withholdings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("opening_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_opening_withholdings_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "opening_id"],
            ["openings.organisation_id", "openings.id"],
            name=op.f("fk_opening_withholdings_organisation_id_opening_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_opening_withholdings")),
        sa.UniqueConstraint(
            "organisation_id",
            "opening_id",
            "account_id",
            name=op.f("uq_opening_withholdings_organisation_id_opening_id_account_id"),
        ),
    )
    op.create_table(
        "opening_notices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("opening_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("withheld_until", sa.Date(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_opening_notices_organisation_id_grievance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "opening_id"],
            ["openings.organisation_id", "openings.id"],
            name=op.f("fk_opening_notices_organisation_id_opening_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_opening_notices")),
        sa.UniqueConstraint(
            "organisation_id", "opening_id", name=op.f("uq_opening_notices_organisation_id_opening_id")
        ),
    )
    op.create_index(
        op.f("ix_opening_notices_organisation_id_grievance_id"), "opening_notices", ["organisation_id", "grievance_id"]
    )


def downgrade() -> None:
    op.drop_table("opening_notices")
    op.drop_table("opening_withholdings")
    op.drop_table("opening_papers")
    op.drop_table("opening_answers")
    op.drop_table("openings")
