"""The tables of the queue, as the newest migration leaves them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
_UID = String(64)

# The number is the order of arrival: nothing is ordered by a clock, which may be set back. Times
# (seconds since 1970) are for people alone.
studies = Table(
    "studies",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("study_uid", _UID, nullable=False, unique=True),
    Column("state", String(12), nullable=False),
    Column("revision", Integer, nullable=False, default=1),
    Column("priority", Integer, nullable=False, default=0),
    Column("source", Text, nullable=False, default=""),
    Column("calling_title", String(64), nullable=False, default=""),
    Column("patient_id", Text, nullable=False, default=""),
    Column("patient_name", Text, nullable=False, default=""),
    Column("study_date", String(16), nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("modalities", String(64), nullable=False, default=""),
    Column("instances", Integer, nullable=False, default=0),
    Column("pet_instances", Integer, nullable=False, default=0),
    Column("series", Text),
    Column("tracer", String(16)),
    Column("reason", Text, nullable=False, default="[]"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_owner", String(128)),
    Column("lease_beat", BigInteger, nullable=False, default=0),
    Column("files_removed", Boolean, nullable=False, default=False),
    Column("overridden", Boolean, nullable=False, default=False),
    Column("received_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Index("ix_studies_state", "state", "priority", "number"),
    sqlite_autoincrement=True,
)

instances = Table(
    "instances",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("study", Integer, ForeignKey("studies.number"), nullable=False),
    Column("sop_uid", _UID, nullable=False),
    Column("series_uid", _UID, nullable=False),
    Column("modality", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("file", Text),
    Column("source_key", String(64)),
    UniqueConstraint("study", "sop_uid", name="uq_instances_study_sop"),
    Index("ix_instances_source_key", "source_key"),
    sqlite_autoincrement=True,
)

results = Table(
    "results",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("study", Integer, ForeignKey("studies.number"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("grade", Integer),
    Column("centiloid", Float),
    Column("reason", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("images", String(64), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("quality", Text, nullable=False, default="{}"),
    Column("bundle", String(64), nullable=False, default=""),
    Column("made_at", Float, nullable=False),
    UniqueConstraint("study", "revision", name="uq_results_study_revision"),
    sqlite_autoincrement=True,
)

# The DICOM objects of results: by their UIDs they are known again when they come back. A study that
# is graded again in the same manner has the same ones.
objects = Table(
    "objects",
    metadata,
    Column("result", Integer, ForeignKey("results.number"), primary_key=True),
    Column("sop_uid", _UID, primary_key=True),
    Column("sop_class", _UID, nullable=False),
    Column("series_uid", _UID, nullable=False),
    Column("file", Text, nullable=False),
    Index("ix_objects_sop_uid", "sop_uid"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("result", Integer, ForeignKey("results.number"), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("transaction_uid", _UID),
    Column("changed_at", Float, nullable=False),
    UniqueConstraint("result", "destination", name="uq_deliveries_result_destination"),
    Index("ix_deliveries_state", "destination", "state"),
    Index("ix_deliveries_transaction", "transaction_uid"),
    sqlite_autoincrement=True,
)

# How far a source was followed, and what stood there, by which a log that began anew is known.
positions = Table(
    "positions",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("anchor", Text, nullable=False),
)

# Files of a watched folder that were taken: by path, size and time, so that none is read twice.
taken_files = Table(
    "taken_files",
    metadata,
    Column("path", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
)

duties = Table(
    "duties",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("owner", String(128)),
    Column("beat", BigInteger, nullable=False, default=0),
)

# Append-only: triggers refuse UPDATE and DELETE.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("who", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("study_uid", String(64)),
    Column("message", Text, nullable=False),
    sqlite_autoincrement=True,
)
