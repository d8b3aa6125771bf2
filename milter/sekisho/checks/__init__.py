"""The checks: each reports what it saw and never acts. The ordered table is in `checks.table`."""
