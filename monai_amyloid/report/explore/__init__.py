"""The page of an explored cohort."""
