"""One file per button or modal."""
