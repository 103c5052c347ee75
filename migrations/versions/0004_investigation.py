"""The investigation: themes and allegations, exhibits, findings, and the history of each."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exhibits",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reliability", sa.String(length=40), nullable=True),
        sa.Column("is_cited", sa.Boolean(), nullable=False),
        sa.Column("dated_on_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("description_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'received') OR state_note_sealed IS NOT NULL",
            name=op.f("ck_exhibits_absence_is_explained"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_exhibits_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_exhibits")),
    )
    op.create_index(
        op.f("ix_exhibits_organisation_id_case_id"), "exhibits", ["organisation_id", "case_id"], unique=False
    )
    op.create_table(
        "themes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_themes_not_merged_into_itself")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_themes_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"],
            ["themes.organisation_id", "themes.id"],
            name=op.f("fk_themes_organisation_id_merged_into_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_themes")),
    )
    op.create_index(op.f("ix_themes_organisation_id_case_id"), "themes", ["organisation_id", "case_id"])
    op.create_table(
        "exhibit_changes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("exhibit_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_exhibit_changes_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "exhibit_id"],
            ["exhibits.organisation_id", "exhibits.id"],
            name=op.f("fk_exhibit_changes_organisation_id_exhibit_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_exhibit_changes")),
        sa.UniqueConstraint(
            "organisation_id",
            "exhibit_id",
            "sequence",
            name=op.f("uq_exhibit_changes_organisation_id_exhibit_id_sequence"),
        ),
    )
    op.create_table(
        "allegations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("theme_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("paragraphs_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("raised_allegation_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("split_from_id", sa.Uuid(), nullable=True),
        sa.Column("is_decided", sa.Boolean(), nullable=False),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scope_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_allegations_merged_into_one")
        ),
        sa.CheckConstraint(
            "NOT is_decided OR state IN ('in_scope', 'out_of_scope')", name=op.f("ck_allegations_decided_ones_stand")
        ),
        sa.CheckConstraint(
            "state <> 'out_of_scope' OR scope_reason_sealed IS NOT NULL",
            name=op.f("ck_allegations_out_of_scope_for_a_reason"),
        ),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_allegations_not_merged_into_itself")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_allegations_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_allegations_organisation_id_merged_into_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raised_allegation_id"],
            ["raised_allegations.organisation_id", "raised_allegations.id"],
            name=op.f("fk_allegations_organisation_id_raised_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "split_from_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_allegations_organisation_id_split_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "theme_id"],
            ["themes.organisation_id", "themes.id"],
            name=op.f("fk_allegations_organisation_id_theme_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_allegations")),
    )
    op.create_index(op.f("ix_allegations_organisation_id_case_id"), "allegations", ["organisation_id", "case_id"])
    op.create_table(
        "arrangement_changes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("allegation_id", sa.Uuid(), nullable=True),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("from_theme_id", sa.Uuid(), nullable=True),
        sa.Column("to_theme_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "allegation_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_arrangement_changes_organisation_id_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_arrangement_changes_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "from_theme_id"],
            ["themes.organisation_id", "themes.id"],
            name=op.f("fk_arrangement_changes_organisation_id_from_theme_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "other_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_arrangement_changes_organisation_id_other_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "to_theme_id"],
            ["themes.organisation_id", "themes.id"],
            name=op.f("fk_arrangement_changes_organisation_id_to_theme_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_arrangement_changes")),
        sa.UniqueConstraint(
            "organisation_id",
            "case_id",
            "sequence",
            name=op.f("uq_arrangement_changes_organisation_id_case_id_sequence"),
        ),
    )
    op.create_table(
        "exhibit_links",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("exhibit_id", sa.Uuid(), nullable=False),
        sa.Column("allegation_id", sa.Uuid(), nullable=False),
        sa.Column("bearing", sa.String(length=40), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "allegation_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_exhibit_links_organisation_id_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_exhibit_links_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "exhibit_id"],
            ["exhibits.organisation_id", "exhibits.id"],
            name=op.f("fk_exhibit_links_organisation_id_exhibit_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_exhibit_links")),
        sa.UniqueConstraint(
            "organisation_id",
            "exhibit_id",
            "allegation_id",
            name=op.f("uq_exhibit_links_organisation_id_exhibit_id_allegation_id"),
        ),
    )
    op.create_index(op.f("ix_exhibit_links_organisation_id_case_id"), "exhibit_links", ["organisation_id", "case_id"])
    op.create_table(
        "findings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("allegation_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("no_view_reason", sa.String(length=40), nullable=True),
        sa.Column("standard_of_proof", sa.String(length=40), nullable=False),
        sa.Column("paragraphs_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("contributor_ids", sa.JSON(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("final_on", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("reasons_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("supersession_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'no_view') = (no_view_reason IS NOT NULL)", name=op.f("ck_findings_no_view_for_a_reason")
        ),
        sa.CheckConstraint("(state = 'draft') = (final_on IS NULL)", name=op.f("ck_findings_final_on_a_day")),
        sa.CheckConstraint("(state = 'draft') = (reviewer_id IS NULL)", name=op.f("ck_findings_final_by_review")),
        sa.CheckConstraint(
            "(supersedes_id IS NULL) = (supersession_reason_sealed IS NULL)",
            name=op.f("ck_findings_superseded_for_a_reason"),
        ),
        sa.CheckConstraint("reviewer_id <> author_id", name=op.f("ck_findings_reviewer_is_not_author")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "allegation_id"],
            ["allegations.organisation_id", "allegations.id"],
            name=op.f("fk_findings_organisation_id_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "author_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_findings_organisation_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_findings_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "reviewer_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_findings_organisation_id_reviewer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "supersedes_id"],
            ["findings.organisation_id", "findings.id"],
            name=op.f("fk_findings_organisation_id_supersedes_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_findings")),
        sa.UniqueConstraint("organisation_id", "supersedes_id", name=op.f("uq_findings_organisation_id_supersedes_id")),
    )
    op.create_index(op.f("ix_findings_organisation_id_case_id"), "findings", ["organisation_id", "case_id"])
    op.create_index(
        "uq_findings_draft",
        "findings",
        ["organisation_id", "allegation_id"],
        unique=True,
        postgresql_where=sa.text("state = 'draft'"),
        sqlite_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_findings_final",
        "findings",
        ["organisation_id", "allegation_id"],
        unique=True,
        postgresql_where=sa.text("state = 'final'"),
        sqlite_where=sa.text("state = 'final'"),
    )
    op.create_index(
        "uq_findings_first",
        "findings",
        ["organisation_id", "allegation_id"],
        unique=True,
        postgresql_where=sa.text("supersedes_id IS NULL"),
        sqlite_where=sa.text("supersedes_id IS NULL"),
    )
    op.create_table(
        "finding_exhibits",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("exhibit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_finding_exhibits_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "exhibit_id"],
            ["exhibits.organisation_id", "exhibits.id"],
            name=op.f("fk_finding_exhibits_organisation_id_exhibit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "finding_id"],
            ["findings.organisation_id", "findings.id"],
            name=op.f("fk_finding_exhibits_organisation_id_finding_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_finding_exhibits")),
        sa.UniqueConstraint(
            "organisation_id",
            "finding_id",
            "exhibit_id",
            name=op.f("uq_finding_exhibits_organisation_id_finding_id_exhibit_id"),
        ),
    )
    op.create_index(
        op.f("ix_finding_exhibits_organisation_id_case_id"), "finding_exhibits", ["organisation_id", "case_id"]
    )
    op.create_table(
        "finding_reviews",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("finding_version", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "agrees OR note_sealed IS NOT NULL", name=op.f("ck_finding_reviews_disagreement_is_explained")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_finding_reviews_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "finding_id"],
            ["findings.organisation_id", "findings.id"],
            name=op.f("fk_finding_reviews_organisation_id_finding_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "reviewer_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_finding_reviews_organisation_id_reviewer_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_finding_reviews")),
    )
    op.create_index(
        op.f("ix_finding_reviews_organisation_id_finding_id"), "finding_reviews", ["organisation_id", "finding_id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_finding_reviews_organisation_id_finding_id"), table_name="finding_reviews")
    op.drop_table("finding_reviews")
    op.drop_index(op.f("ix_finding_exhibits_organisation_id_case_id"), table_name="finding_exhibits")
    op.drop_table("finding_exhibits")
    op.drop_index(
        "uq_findings_first",
        table_name="findings",
        postgresql_where=sa.text("supersedes_id IS NULL"),
        sqlite_where=sa.text("supersedes_id IS NULL"),
    )
    op.drop_index(
        "uq_findings_final",
        table_name="findings",
        postgresql_where=sa.text("state = 'final'"),
        sqlite_where=sa.text("state = 'final'"),
    )
    op.drop_index(
        "uq_findings_draft",
        table_name="findings",
        postgresql_where=sa.text("state = 'draft'"),
        sqlite_where=sa.text("state = 'draft'"),
    )
    op.drop_index(op.f("ix_findings_organisation_id_case_id"), table_name="findings")
    op.drop_table("findings")
    op.drop_index(op.f("ix_exhibit_links_organisation_id_case_id"), table_name="exhibit_links")
    op.drop_table("exhibit_links")
    op.drop_table("arrangement_changes")
    op.drop_index(op.f("ix_allegations_organisation_id_case_id"), table_name="allegations")
    op.drop_table("allegations")
    op.drop_table("exhibit_changes")
    op.drop_index(op.f("ix_themes_organisation_id_case_id"), table_name="themes")
    op.drop_table("themes")
    op.drop_index(op.f("ix_exhibits_organisation_id_case_id"), table_name="exhibits")
    op.drop_table("exhibits")
