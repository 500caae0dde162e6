"""Health records: FHIR and notes into dated facts, and questions answered from them with citations."""

from .tool import RecordsTool

__all__ = ["RecordsTool"]
