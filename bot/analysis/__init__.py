"""Pure analysis: rows to facts, drift from a baseline, outliers among peers, ranked report."""
