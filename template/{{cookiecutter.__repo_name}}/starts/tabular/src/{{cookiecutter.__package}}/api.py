"""What the host calls. The work is done in the modules beside this one."""

from typing import Any

from aiohttp import web
from deepaas.model.v2 import run
from webargs import fields, validate

from . import data, metadata, store, training

NAME = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,39}\Z", error="Use a-z, 0-9, - and _ only.")

schema = {
    "labels": fields.List(
        fields.Str(), metadata={"description": "Species, the most probable first"}
    ),
    "probabilities": fields.List(
        fields.Float(), metadata={"description": "Of the labels, from 0 to 1"}
    ),
    "rows": fields.List(
        fields.Dict(), metadata={"description": "If a table was sent: one for each of its lines"}
    ),
}

EXAMPLES = [
    {"sepal_length": 50, "sepal_width": 34, "petal_length": 15, "petal_width": 2},
    {"sepal_length": 59, "sepal_width": 28, "petal_length": 43, "petal_width": 13},
    {"sepal_length": 60, "sepal_width": 27, "petal_length": 51, "petal_width": 16},
    {"sepal_length": 66, "sepal_width": 30, "petal_length": 56, "petal_width": 20},
]


def get_metadata() -> dict[str, Any]:
    """Tell what this model is; asked for again and again."""
    return {**metadata.read(), "forests": store.names(), "examples": EXAMPLES}


def warm() -> None:
    """Fit the forest that predictions use if no other is named: a moment, once in each worker."""
    store.load(store.STANDARD)


def get_predict_args() -> dict[str, fields.Field]:
    """The arguments of `predict`; the descriptions are the help texts of the try-me page."""
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
                "description": f"CSV with {', '.join(data.NAMES)}: many flowers instead of one",
            },
        ),
        "forest": fields.Str(
            load_default=store.STANDARD,
            validate=NAME,
            metadata={"description": "The name of a training, or the one that is always there"},
        ),
        "accept": fields.Str(
            validate=validate.OneOf(["application/json", "text/csv"]),
            metadata={"location": "headers", "description": "An answer for programs, or a table"},
        ),
    }


def predict(table: Any, forest: str, accept: str, **flower: int) -> dict[str, Any] | str:
    """Classify one flower, or all of a table; what is wrong with either is told to the client."""
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
            metadata={"description": "What to call the new forest"},
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
            metadata={"description": "How many trees the forest has in the end"},
        ),
        "depth": fields.Int(
            load_default=4,
            validate=validate.Range(1, 20),
            metadata={"description": "How many questions a tree may ask in a row"},
        ),
        "seed": fields.Int(load_default=1, metadata={"description": "Other seed, other trees"}),
    }


def train(name: str, table: Any, **options: Any) -> dict[str, Any]:
    """Fit a forest; `predict` can use it with `forest=name` as soon as it is ready."""
    flowers = data.read_table(table.filename, labelled=True) if table else data.fisher()
    outcome = training.train(flowers, training.Options(**options), run.directory())
    file = run.directory() / "forest.joblib"
    store.save(outcome.forest, file)
    if not outcome.cancelled:
        store.publish(file, name)
    return {"name": name, "accuracy": outcome.accuracy, "cancelled": outcome.cancelled}
