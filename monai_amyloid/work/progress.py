"""What long work reports while it runs."""


class Progress:
    """How much there is to do, and each thing that is done; this one shows nothing.

    Every function that takes long takes one. A subclass shows it: the command line as a bar
    (:mod:`monai_amyloid.cli.progress`), a notebook or a server in a manner of its own.
    """

    def start(self, total: int) -> None:
        """Begin.

        Args:
            total: Number of things to do; called once, before the first of them is done.
        """

    def begin(self, name: str) -> None:
        """Name what is worked on.

        Args:
            name: Name of the first thing that is not done yet; with several processes, of the one
                that began first.
        """

    def advance(self, *, finished_before: bool = False) -> None:
        """Count one thing as done.

        Args:
            finished_before: Whether an earlier run had done it, so that it took no time now.
        """


SILENT = Progress()
