"""What is drawn for a PACS: on the slices of the source, and as pages."""
