"""Which study is whose: by its path, its name, its header or the words of its name."""
