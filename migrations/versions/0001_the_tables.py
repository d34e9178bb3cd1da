"""The tables: the framework's (`ab_…`) and the clinic's.

Revision: 0001
Follows:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ab_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=150), nullable=True),
        sa.Column("description", sa.String(length=512), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_register_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("registration_date", sa.DateTime(), nullable=True),
        sa.Column("registration_hash", sa.String(length=256), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("last_login", sa.DateTime(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.Column("fail_login_count", sa.Integer(), nullable=True),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("changed_on", sa.DateTime(), nullable=True),
        sa.Column("created_by_fk", sa.Integer(), nullable=True),
        sa.Column("changed_by_fk", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_fk"],
            ["ab_user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["created_by_fk"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_view_menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "audit_event",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("agent", sa.String(length=128), nullable=True),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("entity_id", sa.String(length=40), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), server_default="success", nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("audit_id"),
    )
    op.create_index("ix_audit_event_patient", "audit_event", ["patient_id", "recorded"])
    op.create_index("ix_audit_event_recorded", "audit_event", ["recorded"])
    op.create_index("ix_audit_event_user", "audit_event", ["user_id", "recorded"])

    op.create_table(
        "room",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("room_type", sa.String(length=50), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "available",
                "occupied",
                "cleaning",
                "out of service",
                name="room_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="available",
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("room_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "visit_type",
        sa.Column("visit_type_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("minutes", sa.Integer(), server_default="30", nullable=False),
        sa.Column("grid_minutes", sa.Integer(), server_default="15", nullable=False),
        sa.Column("buffer_before", sa.Integer(), server_default="0", nullable=False),
        sa.Column("buffer_after", sa.Integer(), server_default="0", nullable=False),
        sa.Column("room_type", sa.String(length=50), nullable=True),
        sa.Column("specialization", sa.String(length=100), nullable=True),
        sa.Column("colour", sa.String(length=7), server_default="#2f6fde", nullable=False),
        sa.Column("bookable_online", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("buffer_before >= 0 AND buffer_after >= 0", name="visit_type_buffers"),
        sa.CheckConstraint("grid_minutes BETWEEN 5 AND 720", name="visit_type_grid"),
        sa.CheckConstraint("minutes BETWEEN 5 AND 720", name="visit_type_minutes"),
        sa.PrimaryKeyConstraint("visit_type_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("key_hash", sa.String(length=256), nullable=False),
        sa.Column("lookup_hash", sa.String(length=256), nullable=True),
        sa.Column("key_prefix", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("expires_on", sa.DateTime(), nullable=True),
        sa.Column("revoked_on", sa.DateTime(), nullable=True),
        sa.Column("last_used_on", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup_hash"),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("idx_api_key_lookup_hash", "ab_api_key", ["lookup_hash"], unique=True)
    op.create_index("idx_api_key_prefix", "ab_api_key", ["key_prefix"])
    op.create_index("idx_api_key_user_id", "ab_api_key", ["user_id"])

    op.create_table(
        "ab_group_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "role_id"),
    )
    op.create_index("idx_group_id", "ab_group_role", ["group_id"])
    op.create_index("idx_group_role_id", "ab_group_role", ["role_id"])

    op.create_table(
        "ab_permission_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("view_menu_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["ab_permission.id"],
        ),
        sa.ForeignKeyConstraint(
            ["view_menu_id"],
            ["ab_view_menu.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_id", "view_menu_id"),
    )
    op.create_index("idx_permission_id", "ab_permission_view", ["permission_id"])
    op.create_index("idx_view_menu_id", "ab_permission_view", ["view_menu_id"])

    op.create_table(
        "ab_user_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "group_id"),
    )
    op.create_index("idx_user_group_id", "ab_user_group", ["group_id"])
    op.create_index("idx_user_id", "ab_user_group", ["user_id"])

    op.create_table(
        "ab_user_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "role_id"),
    )
    op.create_table(
        "patient",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("record_number", sa.String(length=20), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=True),
        sa.Column("dob", sa.Date(), nullable=False),
        sa.Column(
            "sex",
            sa.Enum(
                "female",
                "male",
                "other",
                "unknown",
                name="patient_sex",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="unknown",
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("contact_info", sa.Text(), nullable=True),
        sa.Column("insurance_details", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("deceased_on", sa.String(length=30), nullable=True),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("patient_id"),
        sa.UniqueConstraint("identifier"),
        sa.UniqueConstraint("record_number"),
        sa.UniqueConstraint("user_id"),
    )
    op.create_index("ix_patient_dob", "patient", ["dob"])

    op.create_table(
        "staff",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "doctor",
                "nurse",
                "receptionist",
                "admin",
                "other",
                name="staff_role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("contact_info", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("identifier"),
        sa.UniqueConstraint("user_id"),
    )
    op.create_table(
        "ab_permission_view_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_view_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["permission_view_id"], ["ab_permission_view.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_view_id", "role_id"),
    )
    op.create_index("idx_permission_view_id", "ab_permission_view_role", ["permission_view_id"])
    op.create_index("idx_role_id", "ab_permission_view_role", ["role_id"])

    op.create_table(
        "doctor",
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("specialization", sa.String(length=100), nullable=False),
        sa.Column("contact_info", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.staff_id"],
        ),
        sa.PrimaryKeyConstraint("doctor_id"),
        sa.UniqueConstraint("staff_id"),
    )
    op.create_table(
        "shift",
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("shift_date", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("end_time", sa.Time(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("start_time <> end_time", name="shift_has_length"),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.staff_id"],
        ),
        sa.PrimaryKeyConstraint("shift_id"),
    )
    op.create_index("ix_shift_date_staff", "shift", ["shift_date", "staff_id"])
    op.create_index("ix_shift_staff_date", "shift", ["staff_id", "shift_date"])

    op.create_table(
        "appointment",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("visit_type_id", sa.Integer(), nullable=True),
        sa.Column("appointment_datetime", sa.DateTime(), nullable=False),
        sa.Column("minutes_duration", sa.Integer(), server_default="30", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "pending",
                "booked",
                "arrived",
                "checked-in",
                "in-room",
                "fulfilled",
                "cancelled",
                "noshow",
                "entered-in-error",
                "waitlist",
                name="appointment_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="booked",
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(), nullable=True),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "minutes_duration <= 1440 OR status NOT IN ('pending', 'booked', 'arrived', 'checked-in', 'in-room')",
            name="appointment_at_most_a_day",
        ),
        sa.CheckConstraint("minutes_duration > 0", name="appointment_has_length"),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctor.doctor_id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.room_id"],
        ),
        sa.ForeignKeyConstraint(
            ["visit_type_id"],
            ["visit_type.visit_type_id"],
        ),
        sa.PrimaryKeyConstraint("appointment_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index(
        "ix_appointment_doctor_start", "appointment", ["doctor_id", "appointment_datetime"]
    )
    op.create_index(
        "ix_appointment_patient_start", "appointment", ["patient_id", "appointment_datetime"]
    )
    op.create_index("ix_appointment_room_start", "appointment", ["room_id", "appointment_datetime"])
    op.create_index("ix_appointment_start", "appointment", ["appointment_datetime"])

    op.create_table(
        "medical_record",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("treatment", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "signed",
                name="medical_record_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="draft",
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("encounter_status", sa.String(length=20), nullable=True),
        sa.Column("encounter_class", sa.String(length=20), nullable=True),
        sa.Column("type_system", sa.String(length=100), nullable=True),
        sa.Column("type_code", sa.String(length=40), nullable=True),
        sa.Column("type_display", sa.String(length=300), nullable=True),
        sa.Column("reason_system", sa.String(length=100), nullable=True),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("reason_display", sa.String(length=300), nullable=True),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.appointment_id"],
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["staff.staff_id"],
        ),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctor.doctor_id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.PrimaryKeyConstraint("record_id"),
        sa.UniqueConstraint("appointment_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index("ix_medical_record_author_id", "medical_record", ["author_id"])
    op.create_index("ix_medical_record_doctor_date", "medical_record", ["doctor_id", "visit_date"])
    op.create_index(
        "ix_medical_record_patient_date", "medical_record", ["patient_id", "visit_date"]
    )

    op.create_table(
        "allergy_intolerance",
        sa.Column("allergy_id", sa.Integer(), nullable=False),
        sa.Column(
            "clinical_status",
            sa.Enum(
                "active",
                "inactive",
                "resolved",
                name="allergy_clinical_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="active",
            nullable=False,
        ),
        sa.Column("verification_status", sa.String(length=20), nullable=True),
        sa.Column("type", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column(
            "criticality",
            sa.Enum(
                "low",
                "high",
                "unable-to-assess",
                name="allergy_criticality",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("reaction", sa.Text(), nullable=True),
        sa.Column("recorded", sa.String(length=30), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("system", sa.String(length=100), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("display", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["medical_record.record_id"],
        ),
        sa.PrimaryKeyConstraint("allergy_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index("ix_allergy_intolerance_record_id", "allergy_intolerance", ["record_id"])
    op.create_index("ix_allergy_patient", "allergy_intolerance", ["patient_id"])

    op.create_table(
        "condition",
        sa.Column("condition_id", sa.Integer(), nullable=False),
        sa.Column(
            "clinical_status",
            sa.Enum(
                "active",
                "recurrence",
                "relapse",
                "inactive",
                "remission",
                "resolved",
                name="condition_clinical_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="active",
            nullable=False,
        ),
        sa.Column("verification_status", sa.String(length=20), nullable=True),
        sa.Column("onset", sa.String(length=30), nullable=True),
        sa.Column("abatement", sa.String(length=30), nullable=True),
        sa.Column("recorded", sa.String(length=30), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("system", sa.String(length=100), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("display", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["medical_record.record_id"],
        ),
        sa.PrimaryKeyConstraint("condition_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index("ix_condition_patient_onset", "condition", ["patient_id", "onset"])
    op.create_index("ix_condition_record_id", "condition", ["record_id"])

    op.create_table(
        "medication_request",
        sa.Column("medication_request_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "on-hold",
                "cancelled",
                "completed",
                "entered-in-error",
                "stopped",
                "draft",
                "unknown",
                name="medication_request_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="active",
            nullable=False,
        ),
        sa.Column("intent", sa.String(length=20), server_default="order", nullable=False),
        sa.Column("authored", sa.String(length=30), nullable=True),
        sa.Column("dosage", sa.Text(), nullable=True),
        sa.Column("dosage_detail", sa.JSON(), nullable=True),
        sa.Column("reason_identifier", sa.String(length=200), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("system", sa.String(length=100), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("display", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctor.doctor_id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["medical_record.record_id"],
        ),
        sa.PrimaryKeyConstraint("medication_request_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index(
        "ix_medication_patient_authored", "medication_request", ["patient_id", "authored"]
    )
    op.create_index("ix_medication_request_doctor_id", "medication_request", ["doctor_id"])
    op.create_index("ix_medication_request_record_id", "medication_request", ["record_id"])

    op.create_table(
        "observation",
        sa.Column("observation_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="final", nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("effective", sa.String(length=30), nullable=True),
        sa.Column("issued", sa.DateTime(), nullable=True),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("value_text", sa.Text(), nullable=True),
        sa.Column("value_system", sa.String(length=100), nullable=True),
        sa.Column("value_code", sa.String(length=40), nullable=True),
        sa.Column("components", sa.JSON(), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("system", sa.String(length=100), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("display", sa.String(length=300), nullable=False),
        sa.Column("identifier", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.patient_id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["medical_record.record_id"],
        ),
        sa.PrimaryKeyConstraint("observation_id"),
        sa.UniqueConstraint("identifier"),
    )
    op.create_index(
        "ix_observation_patient_code", "observation", ["patient_id", "code", "effective"]
    )
    op.create_index("ix_observation_patient_effective", "observation", ["patient_id", "effective"])
    op.create_index("ix_observation_record_id", "observation", ["record_id"])
    for column, index in (
        ("name", "ix_patient_name_lower"),
        ("family_name", "ix_patient_family_lower"),
    ):
        op.create_index(
            index,
            "patient",
            [sa.text(f"lower({column})")],
            postgresql_ops={f"lower({column})": "text_pattern_ops"},
        )


def downgrade() -> None:
    op.drop_table("observation")
    op.drop_table("medication_request")
    op.drop_table("condition")
    op.drop_table("allergy_intolerance")
    op.drop_table("medical_record")
    op.drop_table("appointment")
    op.drop_table("shift")
    op.drop_table("doctor")
    op.drop_table("ab_permission_view_role")
    op.drop_table("staff")
    op.drop_table("patient")
    op.drop_table("ab_user_role")
    op.drop_table("ab_user_group")
    op.drop_table("ab_permission_view")
    op.drop_table("ab_group_role")
    op.drop_table("ab_api_key")
    op.drop_table("visit_type")
    op.drop_table("room")
    op.drop_table("audit_event")
    op.drop_table("ab_view_menu")
    op.drop_table("ab_user")
    op.drop_table("ab_role")
    op.drop_table("ab_register_user")
    op.drop_table("ab_permission")
    op.drop_table("ab_group")
