"""A vault passphrase that wraps an account's key pair instead of the password, and sessions that it did not open yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("vault_salt", sa.LargeBinary(length=16), nullable=True))
        accounts.add_column(sa.Column("vault_memory_kib", sa.Integer(), nullable=True))
        accounts.add_column(sa.Column("vault_iterations", sa.Integer(), nullable=True))
    with op.batch_alter_table("sessions") as sessions:
        sessions.alter_column("sealed_seed", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM sessions WHERE sealed_seed IS NULL")
    with op.batch_alter_table("sessions") as sessions:
        sessions.alter_column("sealed_seed", existing_type=sa.LargeBinary(), nullable=False)
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_column("vault_iterations")
        accounts.drop_column("vault_memory_kib")
        accounts.drop_column("vault_salt")
