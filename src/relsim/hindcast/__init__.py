"""Measured series: from event files, forecast from past years, and compared with scenarios."""
