"""The inbox: messages both ways, outcomes told and explained, detriment and what is done about it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outcomes_told",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_outcomes_told_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "told_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_outcomes_told_organisation_id_told_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_outcomes_told")),
        sa.UniqueConstraint("organisation_id", "case_id", name=op.f("uq_outcomes_told_organisation_id_case_id")),
    )
    op.create_table(
        "conversation_messages",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_as_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(side = 'reporter') = (author_id IS NULL)", name=op.f("ck_conversation_messages_reporters_are_no_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "author_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_conversation_messages_organisation_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_conversation_messages_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_conversation_messages")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_conversation_messages_organisation_id_grievance_id_position"),
        ),
    )
    op.create_table(
        "detriment_reports",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("check_in", sa.Integer(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("what_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("happened_on_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("since_speaking_up_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_detriment_reports_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_detriment_reports")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "check_in",
            name=op.f("uq_detriment_reports_organisation_id_grievance_id_check_in"),
        ),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_detriment_reports_organisation_id_grievance_id_position"),
        ),
    )
    op.create_table(
        "detriment_answers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("detriment_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "detriment_id"],
            ["detriment_reports.organisation_id", "detriment_reports.id"],
            name=op.f("fk_detriment_answers_organisation_id_detriment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_detriment_answers_organisation_id_grievance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "written_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_detriment_answers_organisation_id_written_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_detriment_answers")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_detriment_answers_organisation_id_grievance_id_position"),
        ),
    )
    op.create_table(
        "detriment_assessments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("detriment_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("risk", sa.String(length=40), nullable=False),
        sa.Column("assessed_by", sa.Uuid(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("measures_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "assessed_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_detriment_assessments_organisation_id_assessed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_detriment_assessments_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "detriment_id"],
            ["detriment_reports.organisation_id", "detriment_reports.id"],
            name=op.f("fk_detriment_assessments_organisation_id_detriment_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_detriment_assessments")),
        sa.UniqueConstraint(
            "organisation_id",
            "case_id",
            "position",
            name=op.f("uq_detriment_assessments_organisation_id_case_id_position"),
        ),
    )
    op.create_index(
        op.f("ix_detriment_assessments_organisation_id_detriment_id"),
        "detriment_assessments",
        ["organisation_id", "detriment_id"],
        unique=False,
    )
    op.create_table(
        "outcome_explanations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("raised_allegation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_outcome_explanations_organisation_id_grievance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raised_allegation_id"],
            ["raised_allegations.organisation_id", "raised_allegations.id"],
            name=op.f("fk_outcome_explanations_organisation_id_raised_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "written_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_outcome_explanations_organisation_id_written_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_outcome_explanations")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_outcome_explanations_organisation_id_grievance_id_position"),
        ),
    )


def downgrade() -> None:
    op.drop_table("outcome_explanations")
    op.drop_index(op.f("ix_detriment_assessments_organisation_id_detriment_id"), table_name="detriment_assessments")
    op.drop_table("detriment_assessments")
    op.drop_table("detriment_answers")
    op.drop_table("detriment_reports")
    op.drop_table("conversation_messages")
    op.drop_table("outcomes_told")
