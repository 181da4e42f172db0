"""Documents in, validated Parquet tables out, on vLLM."""

from importlib.metadata import version

__version__ = version("extractor")
