"""Decisions of a person against a rule, and what drift is told by."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; of studies and results from before nothing is known in them."""
    op.add_column(
        "studies",
        sa.Column("overridden", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("results", sa.Column("quality", sa.Text(), nullable=False, server_default="{}"))
    op.add_column(
        "results", sa.Column("bundle", sa.String(length=64), nullable=False, server_default="")
    )
