"""``python -m relsim`` is the command ``relsim``."""

from relsim.cli import main

if __name__ == "__main__":
    main()
