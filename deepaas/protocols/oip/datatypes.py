"""Datatypes of the protocol and the corresponding dtypes."""

from __future__ import annotations

from deepaas.tensors.dtypes import BYTES

OF_DTYPES = {
    "bool": "BOOL",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "float16": "FP16",
    "bfloat16": "BF16",
    "float32": "FP32",
    "float64": "FP64",
    BYTES: "BYTES",
}
DTYPES = {datatype: dtype for dtype, datatype in OF_DTYPES.items()}

TRITON = {"BYTES": "TYPE_STRING"}
"""Names in Triton's model configuration that are not just ``TYPE_`` and the datatype."""
