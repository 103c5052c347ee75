"""Channels with their custodians, sealed identities, and what comes in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("procedure_text", sa.Text(), nullable=False),
        sa.Column("law_profile", sa.String(length=40), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_channels_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_channels")),
        sa.UniqueConstraint("slug", name=op.f("uq_channels_slug")),
    )
    op.create_table(
        "channel_officers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_channel_officers_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "channel_id"],
            ["channels.organisation_id", "channels.id"],
            name=op.f("fk_channel_officers_organisation_id_channel_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_channel_officers")),
        sa.UniqueConstraint(
            "organisation_id",
            "channel_id",
            "account_id",
            name=op.f("uq_channel_officers_organisation_id_channel_id_account_id"),
        ),
    )
    op.create_table(
        "custodians",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_custodians_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "channel_id"],
            ["channels.organisation_id", "channels.id"],
            name=op.f("fk_custodians_organisation_id_channel_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_custodians")),
        sa.UniqueConstraint(
            "organisation_id",
            "channel_id",
            "account_id",
            name=op.f("uq_custodians_organisation_id_channel_id_account_id"),
        ),
    )
    op.create_table(
        "sealed_identities",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(length=16), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_sealed_identities_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_sealed_identities")),
    )
    op.create_index(
        op.f("ix_sealed_identities_organisation_id_case_id"),
        "sealed_identities",
        ["organisation_id", "case_id"],
        unique=False,
    )
    op.create_table(
        "grievances",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("receipt_lookup", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reporter_public_key", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_signing_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("representative_id", sa.Uuid(), nullable=True),
        sa.Column("identity_id", sa.Uuid(), nullable=True),
        sa.Column("case_key_version", sa.Integer(), nullable=False),
        sa.Column("key_for_case", sa.LargeBinary(), nullable=False),
        sa.Column("key_for_sender", sa.LargeBinary(), nullable=False),
        sa.Column("confidentiality_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("headline_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("narrative_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("capacity_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(representative_id IS NULL) = (receipt_lookup IS NOT NULL)"
            " AND (receipt_lookup IS NULL) = (reporter_public_key IS NULL)"
            " AND (receipt_lookup IS NULL) = (identity_id IS NULL)"
            " AND (kind = 'collective') = (representative_id IS NOT NULL)",
            name=op.f("ck_grievances_either_reporter_or_representative"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_grievances_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "channel_id"],
            ["channels.organisation_id", "channels.id"],
            name=op.f("fk_grievances_organisation_id_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "identity_id"],
            ["sealed_identities.organisation_id", "sealed_identities.id"],
            name=op.f("fk_grievances_organisation_id_identity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "representative_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_grievances_organisation_id_representative_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_grievances")),
        sa.UniqueConstraint("receipt_lookup", name=op.f("uq_grievances_receipt_lookup")),
    )
    op.create_index(
        op.f("ix_grievances_organisation_id_case_id"), "grievances", ["organisation_id", "case_id"], unique=False
    )
    op.create_index(
        op.f("ix_grievances_organisation_id_representative_id_id"),
        "grievances",
        ["organisation_id", "representative_id", "id"],
        unique=False,
    )
    op.create_table(
        "identity_shares",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("share", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "identity_id"],
            ["sealed_identities.organisation_id", "sealed_identities.id"],
            name=op.f("fk_identity_shares_organisation_id_identity_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_identity_shares")),
        sa.UniqueConstraint(
            "organisation_id",
            "identity_id",
            "custodian_id",
            name=op.f("uq_identity_shares_organisation_id_identity_id_custodian_id"),
        ),
    )
    op.create_table(
        "headcount_claims",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("wording_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("source_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_headcount_claims_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_headcount_claims")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_headcount_claims_organisation_id_grievance_id_position"),
        ),
    )
    op.create_table(
        "inbox_sessions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_inbox_sessions_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_inbox_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_inbox_sessions_token_digest")),
    )
    op.create_index(op.f("ix_inbox_sessions_opened_on"), "inbox_sessions", ["opened_on"], unique=False)
    op.create_table(
        "raised_allegations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_raised_allegations_organisation_id_grievance_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_raised_allegations")),
        sa.UniqueConstraint(
            "organisation_id",
            "grievance_id",
            "position",
            name=op.f("uq_raised_allegations_organisation_id_grievance_id_position"),
        ),
    )
    op.create_table(
        "supporters",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "grievance_id"],
            ["grievances.organisation_id", "grievances.id"],
            name=op.f("fk_supporters_organisation_id_grievance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "identity_id"],
            ["sealed_identities.organisation_id", "sealed_identities.id"],
            name=op.f("fk_supporters_organisation_id_identity_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_supporters")),
        sa.UniqueConstraint("organisation_id", "identity_id", name=op.f("uq_supporters_organisation_id_identity_id")),
    )
    op.create_index(
        op.f("ix_supporters_organisation_id_grievance_id"),
        "supporters",
        ["organisation_id", "grievance_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_supporters_organisation_id_grievance_id"), table_name="supporters")
    op.drop_table("supporters")
    op.drop_table("raised_allegations")
    op.drop_index(op.f("ix_inbox_sessions_opened_on"), table_name="inbox_sessions")
    op.drop_table("inbox_sessions")
    op.drop_table("headcount_claims")
    op.drop_table("identity_shares")
    op.drop_index(op.f("ix_grievances_organisation_id_representative_id_id"), table_name="grievances")
    op.drop_index(op.f("ix_grievances_organisation_id_case_id"), table_name="grievances")
    op.drop_table("grievances")
    op.drop_index(op.f("ix_sealed_identities_organisation_id_case_id"), table_name="sealed_identities")
    op.drop_table("sealed_identities")
    op.drop_table("custodians")
    op.drop_table("channel_officers")
    op.drop_table("channels")
