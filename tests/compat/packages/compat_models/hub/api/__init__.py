"""The functions, their arguments attached by decorators."""

import logging

from aiohttp.web import HTTPException

from . import config, responses, schemas, utils

logger = logging.getLogger(__name__)
logger.setLevel(config.log_level)


def get_metadata():
    try:
        metadata = {
            "author": config.METADATA.get("authors"),
            "description": config.METADATA.get("summary"),
            "version": config.METADATA.get("version"),
            "models_local": utils.ls_models(),
        }
        logger.debug("Package model metadata: %s", metadata)
        return metadata
    except Exception as err:
        raise HTTPException(reason=err) from err


def warm():
    try:
        logger.info("Warming up the model.api...")
    except Exception as err:
        raise RuntimeError(err) from err


@utils.predict_arguments(schema=schemas.PredArgsSchema)
def predict(model_name, input_file=None, accept="application/json", **options):
    try:
        content = open(input_file.filename, "rb").read() if input_file else b""
        result = {"model": model_name, "bytes": len(content), "options": utils.shown(options)}
        return responses.content_types[accept](result, **options)
    except Exception as err:
        raise HTTPException(reason=err) from err


@utils.train_arguments(schema=schemas.TrainArgsSchema)
def train(**options):
    try:
        return {"options": utils.shown(options)}
    except Exception as err:
        raise HTTPException(reason=err) from err
