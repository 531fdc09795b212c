"""Networks that learn the grades of a cohort, and their predictions for held-out scans."""
