"""Examples that an author gives; they are read as by any other client."""

from deepaas.client.examples import MAX_BYTES, MAX_COUNT, MAX_FILE_BYTES, data_url, read

__all__ = ["MAX_BYTES", "MAX_COUNT", "MAX_FILE_BYTES", "data_url", "read"]
