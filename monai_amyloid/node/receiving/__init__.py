"""How images come in, and when a study is complete."""
