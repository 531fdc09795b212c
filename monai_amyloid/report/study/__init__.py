"""The report of one study, as a page, a PDF and a picture."""
