"""What a PACS takes of a result: a structured report, a segmentation, a page and a PDF."""
