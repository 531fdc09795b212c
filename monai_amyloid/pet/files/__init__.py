"""From a path that a user names to the files of a study on this machine."""
