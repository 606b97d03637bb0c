"""Asks a question on the terminal."""


def get_predict_args():
    return {}


def predict(**kwargs):
    return {"answer": input("Are you sure? ")}
