"""What reading, grading, training and exploring take: seconds and memory."""
