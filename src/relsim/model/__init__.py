"""What a month means: a scenario compiled, its rules, and their runs."""
