"""Authentication methods as libraries: parts of a message and a look-up in, results out. They know no check."""
