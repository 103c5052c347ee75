"""What is owed in a case and what moves it; the outbox of notices, mail addresses and webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_slots",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_notice_slots_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_notice_slots")),
        sa.UniqueConstraint("organisation_id", "slot_at", name=op.f("uq_notice_slots_organisation_id_slot_at")),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_webhook_endpoints_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "deliveries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(account_id IS NULL) = (endpoint_id IS NOT NULL)", name=op.f("ck_deliveries_to_an_account_or_a_webhook")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_deliveries_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "endpoint_id"],
            ["webhook_endpoints.organisation_id", "webhook_endpoints.id"],
            name=op.f("fk_deliveries_organisation_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "organisation_id", "account_id", "slot_at", name=op.f("uq_deliveries_organisation_id_account_id_slot_at")
        ),
        sa.UniqueConstraint(
            "organisation_id", "endpoint_id", "slot_at", name=op.f("uq_deliveries_organisation_id_endpoint_id_slot_at")
        ),
    )
    op.create_index(op.f("ix_deliveries_state_next_try_at"), "deliveries", ["state", "next_try_at"])

    op.create_table(
        "mail_addresses",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("is_always", sa.Boolean(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_mail_addresses_organisation_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_mail_addresses")),
        sa.UniqueConstraint("organisation_id", "account_id", name=op.f("uq_mail_addresses_organisation_id_account_id")),
    )
    op.create_table(
        "clock_stops",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_clock_stops_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ended_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_clock_stops_organisation_id_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "started_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_clock_stops_organisation_id_started_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_clock_stops")),
    )
    op.create_index(op.f("ix_clock_stops_organisation_id_case_id"), "clock_stops", ["organisation_id", "case_id"])

    op.create_table(
        "duties",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("owed_to", sa.String(length=40), nullable=False),
        sa.Column("law_profile", sa.String(length=40), nullable=False),
        sa.Column("nation", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("term_ends_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("kept_on", sa.Date(), nullable=True),
        sa.Column("kept_by", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(due_on IS NULL) = (due_at IS NOT NULL)", name=op.f("ck_duties_due_on_a_day_or_at_an_instant")
        ),
        sa.CheckConstraint("(due_on IS NULL) = (term_ends_on IS NULL)", name=op.f("ck_duties_a_day_has_a_term")),
        sa.CheckConstraint(
            "stopped_on IS NULL OR kept_on IS NULL", name=op.f("ck_duties_what_is_kept_does_not_stand_still")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_duties_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "kept_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_duties_organisation_id_kept_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_duties")),
    )
    op.create_index(op.f("ix_duties_organisation_id_case_id"), "duties", ["organisation_id", "case_id"])
    op.create_index(
        "ix_duties_owed",
        "duties",
        ["organisation_id", "due_on"],
        postgresql_where=sa.text("kept_on IS NULL"),
        sqlite_where=sa.text("kept_on IS NULL"),
    )

    op.create_table(
        "notices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_notices_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "delivery_id"],
            ["deliveries.organisation_id", "deliveries.id"],
            name=op.f("fk_notices_organisation_id_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_organisation_id_delivery_id"), "notices", ["organisation_id", "delivery_id"])
    op.create_index(op.f("ix_notices_organisation_id_from_on"), "notices", ["organisation_id", "from_on"])

    op.create_table(
        "duty_escalations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_duty_escalations_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "duty_id"],
            ["duties.organisation_id", "duties.id"],
            name=op.f("fk_duty_escalations_organisation_id_duty_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_duty_escalations")),
        sa.UniqueConstraint(
            "organisation_id",
            "duty_id",
            "level",
            "step",
            name=op.f("uq_duty_escalations_organisation_id_duty_id_level_step"),
        ),
    )
    op.create_index(
        op.f("ix_duty_escalations_organisation_id_case_id"), "duty_escalations", ["organisation_id", "case_id"]
    )

    op.create_table(
        "duty_extensions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("due_before", sa.Date(), nullable=False),
        sa.Column("due_since", sa.Date(), nullable=False),
        sa.Column("extended_by", sa.Uuid(), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_duty_extensions_more_time")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "case_id"],
            ["cases.organisation_id", "cases.id"],
            name=op.f("fk_duty_extensions_organisation_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "duty_id"],
            ["duties.organisation_id", "duties.id"],
            name=op.f("fk_duty_extensions_organisation_id_duty_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "extended_by"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_duty_extensions_organisation_id_extended_by"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_duty_extensions")),
    )
    op.create_index(
        op.f("ix_duty_extensions_organisation_id_case_id"), "duty_extensions", ["organisation_id", "case_id"]
    )


def downgrade() -> None:
    op.drop_table("duty_extensions")
    op.drop_table("duty_escalations")
    op.drop_table("notices")
    op.drop_table("duties")
    op.drop_table("clock_stops")
    op.drop_table("mail_addresses")
    op.drop_table("deliveries")
    op.drop_table("webhook_endpoints")
    op.drop_table("notice_slots")
