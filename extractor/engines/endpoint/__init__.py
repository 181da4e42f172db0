"""Servers over HTTP as an engine: what kinds there are, how each is spoken to, tried and borne with."""
