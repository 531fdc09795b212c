"""The images of a study, and which of them is graded."""
