"""What a person writes, and everything that can be said about it."""
