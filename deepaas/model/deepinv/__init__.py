"""Physics of inverse problems, built from what clients send: a name, numbers and tensors.

Clients of a reconstruction model, among them ``deepinv.models.Client``, cannot send objects. They
send ``physics="inpainting"`` with ``mask=…``, and the model builds the physics from it::

    from deepaas.model.deepinv import deepinv_physics
    from deepaas.model.v2.fields import Tensor

    PHYSICS = deepinv_physics("denoising", "inpainting")
    schema = {"x_hat": Tensor("float32", (-1, 3, -1, -1), required=True)}

    def get_predict_args():
        y = Tensor("float32", (-1, 3, -1, -1), required=True)
        return {"y": y, **PHYSICS.arguments(default="denoising")}

    def predict(y, physics, **parameters):
        y = torch.from_numpy(y)
        return {"x_hat": network(y, PHYSICS.build(physics, y, **parameters))}

Importing this package imports neither ``deepinv`` nor PyTorch.
"""

from deepaas.model.deepinv.operators import NAMES, deepinv_physics
from deepaas.model.deepinv.registry import PhysicsRegistry
from deepaas.model.deepinv.shapes import fitting

__all__ = ["NAMES", "PhysicsRegistry", "deepinv_physics", "fitting"]
