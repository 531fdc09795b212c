"""Who may use the page, and how often something may be asked of it."""
