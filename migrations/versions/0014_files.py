"""Files of grievances: what the store holds, what is on its way, what is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _belongs_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{other}.organisation_id", f"{other}.id"],
        name=op.f(f"fk_{table}_organisation_id_{column}"),
    )


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("handle", sa.String(length=300), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_blobs")),
    )
    op.create_index(op.f("ix_blobs_is_whole_made_on"), "blobs", ["is_whole", "made_on"])
    op.create_table(
        "file_uploads",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=False),
        _belongs_to("file_uploads", "grievance_id", "grievances"),
        _belongs_to("file_uploads", "blob_id", "blobs"),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_file_uploads")),
        sa.UniqueConstraint("organisation_id", "blob_id", name=op.f("uq_file_uploads_organisation_id_blob_id")),
    )
    op.create_index(op.f("ix_file_uploads_begun_on"), "file_uploads", ["begun_on"])
    op.create_index(
        op.f("ix_file_uploads_organisation_id_grievance_id"), "file_uploads", ["organisation_id", "grievance_id"]
    )
    op.create_table(
        "grievance_files",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("copy_id", sa.Uuid(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("copy_size", sa.BigInteger(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_type_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("copy_state_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scan_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("file_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("copy_key_sealed", sa.LargeBinary(), nullable=True),
        _belongs_to("grievance_files", "grievance_id", "grievances"),
        _belongs_to("grievance_files", "blob_id", "blobs"),
        _belongs_to("grievance_files", "copy_id", "blobs"),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_grievance_files")),
        sa.UniqueConstraint("organisation_id", "blob_id", name=op.f("uq_grievance_files_organisation_id_blob_id")),
        sa.UniqueConstraint("organisation_id", "copy_id", name=op.f("uq_grievance_files_organisation_id_copy_id")),
    )
    op.create_index(
        op.f("ix_grievance_files_organisation_id_case_id"), "grievance_files", ["organisation_id", "case_id"]
    )
    op.create_index(
        op.f("ix_grievance_files_organisation_id_grievance_id"), "grievance_files", ["organisation_id", "grievance_id"]
    )


def downgrade() -> None:
    for table in ("grievance_files", "file_uploads", "blobs"):
        op.drop_table(table)
