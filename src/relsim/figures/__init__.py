"""Charts: f(data) → chart, one definition each."""
