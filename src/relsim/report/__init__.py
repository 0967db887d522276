"""Pages: one file each, which works offline."""
