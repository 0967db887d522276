"""Measured skill: what the model would have said of years that have happened."""
