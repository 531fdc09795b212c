"""People with several visits: who they are, what changed, and what is written of them."""
