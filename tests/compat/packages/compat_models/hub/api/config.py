import logging
import os

METADATA = {"authors": ["A. Author"], "summary": "A hub model", "version": "0.0.1"}
MODELS = ["first", "second"]
log_level = getattr(logging, os.getenv("API_LOG_LEVEL", "WARNING"))
