"""Documents in, validated Parquet tables out, on vLLM."""


def __getattr__(name: str) -> str:
    """The version, when somebody asks: every start of `extract` comes by here."""
    if name != "__version__":
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    from importlib.metadata import version

    return version("extractor")
