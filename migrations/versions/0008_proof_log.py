"""The proof log: trees, checkpoints, cosignatures; and the salt of the statement that a grievance is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_heads",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("complete_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "position", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint(
            "organisation_id", "chain_id", "sequence", name=op.f("uq_log_leaves_organisation_id_chain_id_sequence")
        ),
    )
    op.create_table(
        "log_nodes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "level", "position", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=300), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "size", "witness", name=op.f("pk_log_cosignatures")),
    )
    op.create_table(
        "log_timestamps",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "size", name=op.f("pk_log_timestamps")),
    )
    with op.batch_alter_table("grievances") as table:
        table.add_column(sa.Column("statement_salt_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("grievances") as table:
        table.drop_column("statement_salt_sealed")
    for name in ("log_timestamps", "log_cosignatures", "log_checkpoints", "log_nodes", "log_leaves", "log_heads"):
        op.drop_table(name)
