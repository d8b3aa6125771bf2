"""Works a folder of facts on domains into the brand files (see `__main__`)."""
