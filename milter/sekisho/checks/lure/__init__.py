"""What the message wants of its reader, and what is to doubt about a sender who wants that."""
