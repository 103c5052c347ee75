"""Case keys that turn and are dealt to the custodians; conversations whose keys turn with them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No tag can be made here, without keys: an empty one is never right, so that it counts for nothing.
    with op.batch_alter_table("case_key_grants") as grants:
        grants.add_column(sa.Column("tag", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("grievances") as grievances:
        grievances.add_column(sa.Column("key_version", sa.Integer(), nullable=True))
        grievances.add_column(sa.Column("sender_tag", sa.LargeBinary(length=32), nullable=True))
    op.execute(sa.update(sa.table("case_key_grants", sa.column("tag", sa.LargeBinary()))).values(tag=b""))
    columns = (sa.column("key_version", sa.Integer()), sa.column("sender_tag", sa.LargeBinary()))
    op.execute(sa.update(sa.table("grievances", *columns)).values(key_version=1, sender_tag=b""))
    with op.batch_alter_table("case_key_grants") as grants:
        grants.alter_column("tag", existing_type=sa.LargeBinary(length=32), nullable=False)
    with op.batch_alter_table("grievances") as grievances:
        grievances.alter_column("key_version", existing_type=sa.Integer(), nullable=False)
        grievances.alter_column("sender_tag", existing_type=sa.LargeBinary(length=32), nullable=False)
    op.create_table(
        "case_key_escrows",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(length=16), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_case_key_escrows_organisation_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_case_key_escrows")),
        sa.UniqueConstraint(
            "organisation_id",
            "case_id",
            "key_version",
            name=op.f("uq_case_key_escrows_organisation_id_case_id_key_version"),
        ),
    )
    op.create_table(
        "unreadable_declarations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_unreadable_declarations_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_unreadable_declarations_organisation_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_unreadable_declarations")),
        sa.UniqueConstraint(
            "organisation_id",
            "case_id",
            "account_id",
            name=op.f("uq_unreadable_declarations_organisation_id_case_id_account_id"),
        ),
    )
    op.create_table(
        "case_key_shares",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("escrow_id", sa.Uuid(), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("share", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "escrow_id"],
            ["case_key_escrows.organisation_id", "case_key_escrows.id"],
            name=op.f("fk_case_key_shares_organisation_id_escrow_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_case_key_shares")),
        sa.UniqueConstraint(
            "organisation_id",
            "escrow_id",
            "custodian_id",
            name=op.f("uq_case_key_shares_organisation_id_escrow_id_custodian_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("case_key_shares")
    op.drop_table("unreadable_declarations")
    op.drop_table("case_key_escrows")
    with op.batch_alter_table("grievances") as grievances:
        grievances.drop_column("sender_tag")
        grievances.drop_column("key_version")
    with op.batch_alter_table("case_key_grants") as grants:
        grants.drop_column("tag")
