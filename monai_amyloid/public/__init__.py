"""What the package offers a notebook: its commands as functions of plain arguments.

Each does what the command of its name does, with the same numbers, and prints nothing. Nothing
within the program uses this room: it stands above all others.
"""
