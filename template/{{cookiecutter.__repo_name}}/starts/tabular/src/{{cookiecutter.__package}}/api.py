"""The functions that the host calls. The actual work is in the other modules."""

from typing import Any

from aiohttp import web
from deepaas.model.v2 import run
from webargs import fields, validate

from . import data, metadata, store, training

NAME = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,39}\Z", error="Use a-z, 0-9, - and _ only.")

schema = {
    "labels": fields.List(fields.Str(), metadata={"description": "Species, most probable first"}),
    "probabilities": fields.List(
        fields.Float(), metadata={"description": "For each label, from 0 to 1"}
    ),
    "rows": fields.List(
        fields.Dict(), metadata={"description": "One per row, if a table was sent"}
    ),
}

EXAMPLES = [
    {"sepal_length": 50, "sepal_width": 34, "petal_length": 15, "petal_width": 2},
    {"sepal_length": 59, "sepal_width": 28, "petal_length": 43, "petal_width": 13},
    {"sepal_length": 60, "sepal_width": 27, "petal_length": 51, "petal_width": 16},
    {"sepal_length": 66, "sepal_width": 30, "petal_length": 56, "petal_width": 20},
]


def get_metadata() -> dict[str, Any]:
    """Return the metadata of the model. The host calls this often."""
    return {**metadata.read(), "forests": store.names(), "examples": EXAMPLES}


def warm() -> None:
    """Fit the default forest, once in each worker. This is fast."""
    store.load(store.STANDARD)


def get_predict_args() -> dict[str, fields.Field]:
    """The arguments of `predict`. The try-me page shows the descriptions as help texts."""
    columns = {
        column.name: fields.Int(
            load_default=column.typical,
            validate=validate.Range(column.smallest, column.largest),
            metadata={"description": "In millimetres"},
        )
        for column in data.COLUMNS
    }
    return {
        **columns,
        "table": fields.Field(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": f"CSV with {', '.join(data.NAMES)}, to classify many flowers",
            },
        ),
        "forest": fields.Str(
            load_default=store.STANDARD,
            validate=NAME,
            metadata={"description": "The name of a training run, or 'standard'"},
        ),
        "accept": fields.Str(
            validate=validate.OneOf(["application/json", "text/csv"]),
            metadata={"location": "headers", "description": "JSON, or a table"},
        ),
    }


def predict(table: Any, forest: str, accept: str, **flower: int) -> dict[str, Any] | str:
    """Classify one flower or a table of flowers. Errors are reported to the client."""
    try:
        flowers = data.read_table(table.filename).features if table else [list(flower.values())]
        probabilities = store.load(forest).predict_proba(flowers).round(4).tolist()
    except (data.TableError, store.UnknownForestError) as error:
        raise web.HTTPBadRequest(reason=str(error)) from None
    ranked = [sorted(zip(row, data.SPECIES, strict=True), reverse=True) for row in probabilities]
    if not table and accept != "text/csv":
        return {"labels": [s for _, s in ranked[0]], "probabilities": [p for p, _ in ranked[0]]}
    rows = [
        {**dict(zip(data.NAMES, values, strict=True)), data.TARGET: best[1], "probability": best[0]}
        for values, (best, *_) in zip(flowers, ranked, strict=True)
    ]
    return data.write_table(rows) if accept == "text/csv" else {"rows": rows}


def get_train_args() -> dict[str, fields.Field]:
    """The arguments of `train`."""
    return {
        "name": fields.Str(
            load_default="trained",
            validate=[NAME, validate.NoneOf([store.STANDARD])],
            metadata={"description": "Name of the new forest"},
        ),
        "table": fields.Field(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": f"CSV with {', '.join(data.NAMES)} and {data.TARGET}; without one, "
                "Fisher's 150 flowers",
            },
        ),
        "trees": fields.Int(
            load_default=100,
            validate=validate.Range(1, 10_000),
            metadata={"description": "Number of trees in the forest"},
        ),
        "depth": fields.Int(
            load_default=4,
            validate=validate.Range(1, 20),
            metadata={"description": "Maximum depth of a tree"},
        ),
        "seed": fields.Int(load_default=1, metadata={"description": "Random seed for the trees"}),
    }


def train(name: str, table: Any, **options: Any) -> dict[str, Any]:
    """Fit a forest. Afterwards, `predict` can use it with `forest=name`."""
    flowers = data.read_table(table.filename, labelled=True) if table else data.fisher()
    outcome = training.train(flowers, training.Options(**options), run.directory())
    file = run.directory() / "forest.joblib"
    store.save(outcome.forest, file)
    if not outcome.cancelled:
        store.publish(file, name)
    return {"name": name, "accuracy": outcome.accuracy, "cancelled": outcome.cancelled}
