"""What people read about the program holds: links, commands, code, what is made of the program."""
