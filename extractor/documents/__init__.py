"""The library: what a person names → documents, one for each row."""

from extractor.documents.columns import Columns, check_columns, kept_schema
from extractor.documents.count import count
from extractor.documents.locate import locate, located
from extractor.documents.read import Reading, read
from extractor.documents.source import Source

__all__ = ["Columns", "Reading", "Source", "check_columns", "count", "kept_schema", "locate", "located", "read"]
