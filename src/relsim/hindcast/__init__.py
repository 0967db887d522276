"""What the model would have said of years that have happened, and how good that was."""
