"""Studies come in, results go back, unattended.

``settings`` is the one config file, ``queue`` what the node remembers, ``receiving`` and
``sending`` its two doors, ``operating`` what keeps it running; ``service`` joins them.
"""
