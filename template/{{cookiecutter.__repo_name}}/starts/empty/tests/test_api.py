"""Tests that call the model like its users do, on a real host.

`deepaas_client` is a pytest fixture from deepaas.

The commented code has tests for the commented code in api.py.
"""

from deepaas.client import Client


def test_metadata(deepaas_client: Client) -> None:
    about = deepaas_client.metadata()
    assert about["name"] == "{{ cookiecutter.__repo_name }}"
    assert about["version"]


# def test_predict(deepaas_client: Client) -> None:
#     answer = deepaas_client.predict(text="a model for everybody", shortest=2)
#     assert answer == {"words": 3, "longest": "everybody"}


# def test_train(deepaas_client: Client) -> None:
#     training = deepaas_client.train(epochs=3).wait(timeout=60)
#     assert training.state == "done", training.error
#     assert training.result == {"epochs": 3}
#     assert "epoch 3 of 3" in list(training.log())
