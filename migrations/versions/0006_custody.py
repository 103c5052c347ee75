"""Manifests under an offline root, and custodians who leave."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ONE_FOR_EACH_ACCOUNT = "uq_custodians_organisation_id_channel_id_account_id"
STANDS = sa.text("ended_on IS NULL")


def upgrade() -> None:
    op.create_table(
        "manifests",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "channel_id"],
            ["channels.organisation_id", "channels.id"],
            name=op.f("fk_manifests_organisation_id_channel_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_manifests")),
        sa.UniqueConstraint(
            "organisation_id", "channel_id", "epoch", name=op.f("uq_manifests_organisation_id_channel_id_epoch")
        ),
    )
    with op.batch_alter_table("channels") as table:
        table.add_column(sa.Column("manifest_digest", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("custodians") as table:
        table.add_column(sa.Column("ended_on", sa.Date(), nullable=True))
        table.drop_constraint(ONE_FOR_EACH_ACCOUNT, type_="unique")
    with op.batch_alter_table("sealed_identities") as table:
        table.add_column(sa.Column("erased_on", sa.Date(), nullable=True))
    op.create_index(
        "uq_custodians_standing",
        "custodians",
        ["organisation_id", "channel_id", "account_id"],
        unique=True,
        postgresql_where=STANDS,
        sqlite_where=STANDS,
    )
    op.create_table(
        "identity_erasures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("erased_by", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_identity_erasures_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "erased_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_identity_erasures_organisation_id_erased_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "identity_id"],
            ["sealed_identities.organisation_id", "sealed_identities.id"],
            name=op.f("fk_identity_erasures_organisation_id_identity_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_identity_erasures")),
        sa.UniqueConstraint(
            "organisation_id", "identity_id", name=op.f("uq_identity_erasures_organisation_id_identity_id")
        ),
    )
    op.create_table(
        "resharing_deals",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_resharing_deals_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "custodian_id"],
            ["custodians.organisation_id", "custodians.id"],
            name=op.f("fk_resharing_deals_organisation_id_custodian_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_resharing_deals")),
        sa.UniqueConstraint(
            "organisation_id",
            "subject_id",
            "custodian_id",
            name=op.f("uq_resharing_deals_organisation_id_subject_id_custodian_id"),
        ),
    )
    op.create_table(
        "resharing_boxes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "deal_id"],
            ["resharing_deals.organisation_id", "resharing_deals.id"],
            name=op.f("fk_resharing_boxes_organisation_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "custodian_id"],
            ["custodians.organisation_id", "custodians.id"],
            name=op.f("fk_resharing_boxes_organisation_id_custodian_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_resharing_boxes")),
        sa.UniqueConstraint(
            "organisation_id",
            "deal_id",
            "custodian_id",
            name=op.f("uq_resharing_boxes_organisation_id_deal_id_custodian_id"),
        ),
    )
    op.create_table(
        "resharing_acceptances",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("custodian_id", sa.Uuid(), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("share", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_resharing_acceptances_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "custodian_id"],
            ["custodians.organisation_id", "custodians.id"],
            name=op.f("fk_resharing_acceptances_organisation_id_custodian_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_resharing_acceptances")),
        sa.UniqueConstraint(
            "organisation_id",
            "subject_id",
            "custodian_id",
            name=op.f("uq_resharing_acceptances_organisation_id_subject_id_custodian_id"),
        ),
    )


def downgrade() -> None:
    for name in ("resharing_acceptances", "resharing_boxes", "resharing_deals", "identity_erasures"):
        op.drop_table(name)
    with op.batch_alter_table("sealed_identities") as table:
        table.drop_column("erased_on")
    op.drop_index("uq_custodians_standing", "custodians", postgresql_where=STANDS, sqlite_where=STANDS)
    op.execute("DELETE FROM custodians WHERE ended_on IS NOT NULL")
    with op.batch_alter_table("custodians") as table:
        table.create_unique_constraint(ONE_FOR_EACH_ACCOUNT, ["organisation_id", "channel_id", "account_id"])
        table.drop_column("ended_on")
    with op.batch_alter_table("channels") as table:
        table.drop_column("manifest_digest")
    op.drop_table("manifests")
