"""What is said of one study, and the files that hold it."""
