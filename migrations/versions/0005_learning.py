"""Full reports, learning summaries with their approvals, and releases with their audiences."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_on", sa.Date(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("introduction_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("method_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("conclusions_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (content_hash IS NULL)", name=op.f("ck_reports_sealed_with_a_hash")),
        sa.CheckConstraint("(state = 'draft') = (content_sealed IS NULL)", name=op.f("ck_reports_sealed_with_content")),
        sa.CheckConstraint("(state = 'draft') = (sealed_on IS NULL)", name=op.f("ck_reports_sealed_on_a_day")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "author_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_reports_organisation_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_reports_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_reports")),
        sa.UniqueConstraint(
            "organisation_id", "case_id", "number", name=op.f("uq_reports_organisation_id_case_id_number")
        ),
    )
    op.create_index(
        "uq_reports_draft",
        "reports",
        ["organisation_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
        sqlite_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_reports_sealed",
        "reports",
        ["organisation_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'sealed'"),
        sqlite_where=sa.text("state = 'sealed'"),
    )
    op.create_table(
        "summaries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("author_ids", sa.JSON(), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("paragraphs_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("redactions_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("accepted_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_summaries_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "report_id"],
            ["reports.organisation_id", "reports.id"],
            name=op.f("fk_summaries_organisation_id_report_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_summaries")),
    )
    op.create_index(op.f("ix_summaries_organisation_id_case_id"), "summaries", ["organisation_id", "case_id"])
    op.create_table(
        "approvals",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("summary_id", sa.Uuid(), nullable=False),
        sa.Column("summary_version", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_approvals_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "reviewer_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_approvals_organisation_id_reviewer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "summary_id"],
            ["summaries.organisation_id", "summaries.id"],
            name=op.f("fk_approvals_organisation_id_summary_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_approvals")),
    )
    op.create_index(
        "uq_approvals_standing",
        "approvals",
        ["organisation_id", "summary_id"],
        unique=True,
        postgresql_where=sa.text("voided_on IS NULL"),
        sqlite_where=sa.text("voided_on IS NULL"),
    )
    op.create_table(
        "releases",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("summary_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawal_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'standing') = (ended_by IS NULL)", name=op.f("ck_releases_ended_by_somebody")),
        sa.CheckConstraint("(state = 'standing') = (ended_on IS NULL)", name=op.f("ck_releases_ended_on_a_day")),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawal_reason_sealed IS NOT NULL)",
            name=op.f("ck_releases_withdrawn_for_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_releases_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ended_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_releases_organisation_id_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "released_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_releases_organisation_id_released_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "summary_id"],
            ["summaries.organisation_id", "summaries.id"],
            name=op.f("fk_releases_organisation_id_summary_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_releases")),
        sa.UniqueConstraint(
            "organisation_id", "case_id", "number", name=op.f("uq_releases_organisation_id_case_id_number")
        ),
        sa.UniqueConstraint("organisation_id", "summary_id", name=op.f("uq_releases_organisation_id_summary_id")),
    )
    op.create_index(op.f("ix_releases_organisation_id_state_id"), "releases", ["organisation_id", "state", "id"])
    op.create_index(
        "uq_releases_standing",
        "releases",
        ["organisation_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
        sqlite_where=sa.text("state = 'standing'"),
    )
    op.create_table(
        "release_audiences",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "release_id"],
            ["releases.organisation_id", "releases.id"],
            name=op.f("fk_release_audiences_organisation_id_release_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_release_audiences")),
        sa.UniqueConstraint(
            "organisation_id", "release_id", "role", name=op.f("uq_release_audiences_organisation_id_release_id_role")
        ),
    )


def downgrade() -> None:
    op.drop_table("release_audiences")
    op.drop_table("releases")
    op.drop_table("approvals")
    op.drop_table("summaries")
    op.drop_table("reports")
