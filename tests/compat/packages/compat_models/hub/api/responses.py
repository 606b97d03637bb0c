import io
import json


def json_response(result, **options):
    return result


def pdf_response(result, **options):
    file = io.BytesIO(b"%PDF " + json.dumps(result).encode())
    file.name = "output.pdf"
    return file


def text_response(result, **options):
    return str(sorted(result))


content_types = {
    "application/json": json_response,
    "application/pdf": pdf_response,
    "text/plain": text_response,
}
