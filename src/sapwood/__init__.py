"""sapwood: LLM functions and fine-tuning in SQL, on your own machine."""

__version__ = "0.1.0"
