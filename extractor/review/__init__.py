"""A person goes through documents and says what is right: what comes out is gold and examples at once."""
