"""Two tensors, of which it makes two: Triton's model "simple"."""

from deepaas.model.v2.fields import Tensor


def get_predict_args():
    return {
        "INPUT0": Tensor("int32", (-1, 4), required=True),
        "INPUT1": Tensor("int32", (-1, 4), required=True),
    }


def predict(INPUT0, INPUT1):
    return {"SUM": INPUT0 + INPUT1, "DIFFERENCE": INPUT0 - INPUT1}
