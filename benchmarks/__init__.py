"""How fast relsim is, beside the same model in other hands. See README.md."""
