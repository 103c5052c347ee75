"""Settings of channels, walls raised by whoever reports, descriptions of conflicts, classifications, and relayed grievances."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_WALL = "(raised_by IS NULL) = (reason_sealed IS NULL)"
_RESOLVED = (
    "(outcome IS NULL) = (resolved_by IS NULL) AND (outcome IS NULL) = (resolved_on IS NULL)"
    " AND (outcome IS NULL) = (reason_sealed IS NULL)"
    " AND (wall_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'wall_raised')"
)


def upgrade() -> None:
    with op.batch_alter_table("channels") as channels:
        channels.add_column(sa.Column("nation", sa.String(length=40), nullable=True))
        channels.add_column(sa.Column("default_language", sa.String(length=3), nullable=True))
        channels.add_column(sa.Column("elsewhere", sa.Text(), nullable=True))
        channels.add_column(sa.Column("translations", sa.JSON(), nullable=True))
        channels.add_column(sa.Column("own_categories", sa.JSON(), nullable=True))
        channels.add_column(sa.Column("file_rules", sa.JSON(), nullable=True))
        channels.add_column(sa.Column("shows_officers", sa.Boolean(), nullable=True))
    with op.batch_alter_table("grievances") as grievances:
        grievances.add_column(sa.Column("classification_sealed", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("walls") as walls:
        walls.alter_column("raised_by", existing_type=sa.Uuid(), nullable=True)
        walls.alter_column("reason_sealed", existing_type=sa.LargeBinary(), nullable=True)
        walls.create_check_constraint(op.f("ck_walls_either_an_officer_with_reason_or_the_reporter"), _WALL)
    _of_case(
        "described_conflicts",
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("wall_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("description_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(_RESOLVED, name=op.f("ck_described_conflicts_resolved_whole_or_not")),
        _belongs_to("described_conflicts", "walls", "wall_id"),
        _belongs_to("described_conflicts", "accounts", "resolved_by"),
        _once("described_conflicts", "grievance_id", "position"),
    )
    op.create_index(
        op.f("ix_described_conflicts_organisation_id_case_id"), "described_conflicts", ["organisation_id", "case_id"]
    )
    _of_case(
        "reclassifications",
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("classification_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        _belongs_to("reclassifications", "grievances", "grievance_id"),
        _belongs_to("reclassifications", "accounts", "made_by"),
        _once("reclassifications", "grievance_id", "position"),
    )
    _of_case(
        "relays",
        sa.Column("grievance_id", sa.Uuid(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("how_sealed", sa.LargeBinary(), nullable=False),
        _belongs_to("relays", "grievances", "grievance_id"),
        _belongs_to("relays", "accounts", "entered_by"),
        _once("relays", "grievance_id"),
    )


def _of_case(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *parts,
        _belongs_to(table, "cases", "case_id"),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f(f"pk_{table}")),
    )


def _belongs_to(table: str, other: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{other}.organisation_id", f"{other}.id"],
        name=op.f(f"fk_{table}_organisation_id_{column}"),
    )


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    names = ("organisation_id", *columns)
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def downgrade() -> None:
    for table in ("relays", "reclassifications", "described_conflicts"):
        op.drop_table(table)
    op.execute("DELETE FROM walls WHERE raised_by IS NULL")
    with op.batch_alter_table("walls") as walls:
        walls.drop_constraint(op.f("ck_walls_either_an_officer_with_reason_or_the_reporter"), type_="check")
        walls.alter_column("reason_sealed", existing_type=sa.LargeBinary(), nullable=False)
        walls.alter_column("raised_by", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("grievances") as grievances:
        grievances.drop_column("classification_sealed")
    with op.batch_alter_table("channels") as channels:
        for column in (
            "shows_officers", "file_rules", "own_categories", "translations", "elsewhere", "default_language", "nation",
        ):  # fmt: skip
            channels.drop_column(column)
