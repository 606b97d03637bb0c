"""Tests that call the model like its users do, on a real host.

`deepaas_client` is a pytest fixture from deepaas.
"""

import pytest
from deepaas.client import Client, ClientError

from {{ cookiecutter.__package }} import data

VIRGINICA = {"sepal_length": 66, "sepal_width": 30, "petal_length": 56, "petal_width": 20}
TABLE = """sepal_length,sepal_width,petal_length,petal_width
50,34,15,2
66,30,56,20
"""


def test_metadata(deepaas_client: Client) -> None:
    about = deepaas_client.metadata()
    assert about["version"]
    assert about["forests"][0] == "standard"


def test_predict(deepaas_client: Client) -> None:
    answer = deepaas_client.predict(**VIRGINICA)
    assert answer["labels"][0] == "virginica"
    assert set(answer["labels"]) == set(data.SPECIES)
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=0.001)


def test_a_table(deepaas_client: Client) -> None:
    table = ("flowers.csv", TABLE.encode())
    answer = deepaas_client.predict(table=table)
    assert [row["species"] for row in answer["rows"]] == ["setosa", "virginica"]
    text = deepaas_client.predict(table=table, accept="text/csv")
    assert text.splitlines()[0].endswith(",petal_width,species,probability")
    assert len(text.splitlines()) == 3


def test_a_table_that_lacks_a_column_is_refused(deepaas_client: Client) -> None:
    with pytest.raises(ClientError, match="no column petal_length, petal_width"):
        deepaas_client.predict(table=("flowers.csv", b"sepal_length,sepal_width\n50,34\n"))


def test_train(deepaas_client: Client) -> None:
    training = deepaas_client.train(name="test", trees=20).wait(timeout=120)
    assert training.state == "done", training.error
    steps = [step for step, _ in training.metrics()["accuracy/validation"]]
    assert steps == list(range(1, 21))
    assert deepaas_client.predict(forest="test", **VIRGINICA)["labels"][0] == "virginica"


def test_cancelling(deepaas_client: Client) -> None:
    training = deepaas_client.train(name="unfinished", trees=10_000)
    for now in training.watch():
        if now.progress is not None:
            break
    training.cancel()
    assert training.wait(timeout=60).state == "cancelled"
    assert training.result["cancelled"] is True
    assert "unfinished" not in deepaas_client.metadata()["forests"]
