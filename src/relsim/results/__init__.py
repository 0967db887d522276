"""Results folders: the main job and what it leaves behind."""
