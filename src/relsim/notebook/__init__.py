"""What is seen in a notebook: tables, figures, and cards of both."""
