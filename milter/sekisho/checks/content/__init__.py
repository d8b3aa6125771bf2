"""What the message is made of: structure, headers, links, attachments, text."""
