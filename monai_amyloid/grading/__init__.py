"""A bundle and studies make results: the one place that joins the rooms."""
