"""Counts of the supporters of collective grievances: codes, spent tokens, choices, identities that wait, tallies."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "support_counts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("roll", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(length=300), nullable=False),
        sa.Column("issuer_key", sa.LargeBinary(), nullable=True),
        sa.Column("counting_key", sa.LargeBinary(), nullable=False),
        sa.Column("tallied_on", sa.Date(), nullable=True),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("counting_seed_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(mode = 'tokens') = (issuer_key IS NOT NULL)",
            name=op.f("ck_support_counts_one_issuer_key_where_people_are_counted"),
        ),
        sa.CheckConstraint("opens_on <= closes_on", name=op.f("ck_support_counts_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_support_counts_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_support_counts_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_support_counts")),
        sa.UniqueConstraint(
            "organisation_id", "grievance_id", name=op.f("uq_support_counts_organisation_id_grievance_id")
        ),
    )
    op.create_index(op.f("ix_support_counts_grievance_id"), "support_counts", ["grievance_id"])
    op.create_table(
        "counted_allegations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("raised_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("wording", sa.String(length=300), nullable=False),
        sa.Column("issuer_key", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_counted_allegations_organisation_id_count_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "raised_id"],
            ["raised_allegations.organisation_id", "raised_allegations.id"],
            name=op.f("fk_counted_allegations_organisation_id_raised_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_counted_allegations")),
        sa.UniqueConstraint(
            "organisation_id",
            "count_id",
            "position",
            name=op.f("uq_counted_allegations_organisation_id_count_id_position"),
        ),
    )
    op.create_table(
        "counted_supporters",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("choice", sa.LargeBinary(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("is_shuffled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_counted_supporters_organisation_id_count_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_counted_supporters")),
        sa.UniqueConstraint("lookup", name=op.f("uq_counted_supporters_lookup")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_counted_supporters_organisation_id_count_id"), "counted_supporters", ["organisation_id", "count_id"]
    )
    op.create_table(
        "spent_tokens",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("serial", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_spent_tokens_organisation_id_count_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_spent_tokens")),
        sa.UniqueConstraint(
            "organisation_id", "count_id", "serial", name=op.f("uq_spent_tokens_organisation_id_count_id_serial")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "supporter_codes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_supporter_codes_organisation_id_count_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_supporter_codes")),
        sa.UniqueConstraint(
            "organisation_id", "count_id", "lookup", name=op.f("uq_supporter_codes_organisation_id_count_id_lookup")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "supporter_identities",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("marker", sa.LargeBinary(), nullable=True),
        sa.Column("waiting", sa.LargeBinary(), nullable=True),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(marker IS NULL) = (waiting IS NULL)", name=op.f("ck_supporter_identities_waits_with_its_marker")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_supporter_identities_organisation_id_count_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_supporter_identities")),
        sa.UniqueConstraint("lookup", name=op.f("uq_supporter_identities_lookup")),
        sa.UniqueConstraint(
            "organisation_id", "identity_id", name=op.f("uq_supporter_identities_organisation_id_identity_id")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "support_tallies",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("allegation_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "allegation_id"],
            ["counted_allegations.organisation_id", "counted_allegations.id"],
            name=op.f("fk_support_tallies_organisation_id_allegation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "count_id"],
            ["support_counts.organisation_id", "support_counts.id"],
            name=op.f("fk_support_tallies_organisation_id_count_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_support_tallies")),
        sa.UniqueConstraint(
            "organisation_id",
            "count_id",
            "allegation_id",
            name=op.f("uq_support_tallies_organisation_id_count_id_allegation_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("support_tallies")
    op.drop_table("supporter_identities")
    op.drop_table("supporter_codes")
    op.drop_table("spent_tokens")
    op.drop_table("counted_supporters")
    op.drop_table("counted_allegations")
    op.drop_table("support_counts")
