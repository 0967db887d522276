"""Many runs: simulated in chunks, kept in memory or in a store."""
