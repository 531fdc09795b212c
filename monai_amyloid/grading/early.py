"""What a process that will grade can load before it is known what."""

from monai_amyloid.work.loading import keep_freed_memory, lasting


def load_all() -> None:
    """Load PyTorch, the program and the template."""
    keep_freed_memory()
    with lasting():
        import monai_amyloid.grading.worker  # noqa: F401 (it is kept)
        from monai_amyloid.brain.registration.register import load_template

        load_template()
