"""How alembic reaches the database: by the connection of whoever opens it."""

from alembic import context

from monai_amyloid.node.queue.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
