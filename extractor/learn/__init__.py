"""What reviewed documents say about how to run: examples, relations, mode, by cross-validation on them alone."""
