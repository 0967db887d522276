"""What a person sees on the terminal: progress while work goes on, tables at its end."""
