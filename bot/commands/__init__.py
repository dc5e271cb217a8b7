"""One file per `/diffy` subcommand: words to workflow."""
