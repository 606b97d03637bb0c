"""All that DeepInverse's own client does, against hosts; the models are called here too.

Arguments: a folder with the models, the URL of a host without keys, and of one with; and its key.
"""

import math
import sys

import report
import torch
from deepinv.models import Client

sys.path.insert(0, sys.argv[1])
from torched import Torched

OPEN, CLOSED, KEY = sys.argv[2:]

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8]
UNSIGNED = [torch.uint16, torch.uint32, torch.uint64]
DTYPES = [*FLOATS, torch.complex64, torch.complex128, torch.bool, *INTEGERS, *UNSIGNED]
FORMS = ["tensor", "scalar", "number", "lists", "pair", "tensors", "named", "numbers", "others"]
Y = torch.rand((2, 1, 6, 8), generator=torch.Generator().manual_seed(7))


def client(model, url=OPEN, **options):
    return Client(f"{url}/deepinv/{model}", **options)


def same(one, other):
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and torch.equal(one.resolve_conj(), other.resolve_conj())
    )


def refused(call, *said):
    try:
        call()
    except RuntimeError as error:
        assert str(error).startswith("API call failed: "), error
        for words in said:
            assert words in str(error), error
    else:
        raise AssertionError("it was not refused")


def every_tensor():
    for dtype in DTYPES:
        yield torch.tensor([[0, 1, 2], [3, 4, 5]]).to(dtype)
    for shape in ((), (0,), (1,), (2, 0, 3), (1, 3, 32, 32)):
        yield torch.ones(shape)
    yield Y.mT
    yield Y[..., ::2]
    yield Y[:1].expand(5, -1, -1, -1)
    yield torch.complex(Y, Y).conj()
    yield Y.to(memory_format=torch.channels_last)
    yield torch.nn.Parameter(Y.clone())
    yield torch.tensor([math.nan, math.inf, -math.inf]).nan_to_num(7)


def check_every_dtype_as_numpy(_):
    for tensor in every_tensor():
        if tensor.dtype == torch.bfloat16:  # NumPy has none.
            assert same(client("same")(tensor), tensor.to(torch.float32))
        else:
            assert same(client("same")(tensor), tensor.detach()), tensor


def check_every_dtype_as_pytorch(_):
    local = Torched()
    for tensor in every_tensor():
        if tensor.dtype in (torch.uint16, torch.uint32, torch.uint64, torch.bool):
            continue  # PyTorch itself has no abs() of these.
        with torch.no_grad():
            expected = local.predict(tensor)
        found, metadata = client("torched", return_metadata=True)(tensor)
        assert same(found, expected["x_hat"].detach()), tensor
        norm = expected["norm"].item()
        # The order in memory, and so that of adding, may be another one.
        assert math.isclose(metadata["norm"], norm, rel_tol=1e-6) or math.isnan(norm), metadata


def check_arguments_of_each_kind(_):
    mask = (Y > 0.5).float()
    expected = Torched().predict(Y, mask, 2.0)
    assert same(client("torched")(Y, mask=mask, scale=2.0), expected["x_hat"])
    assert same(client("torched")(Y, mask=None, scale=torch.tensor(2.0)), Y * 2)
    found, metadata = client("denoise", return_metadata=True)(
        Y[:1], physics="denoising", sigma=0.5, steps=(1, 2.5), note='a "text"\n\\ é'
    )
    assert torch.allclose(found, Y[:1] / 2)
    assert metadata["steps"] == [1, 2.5]
    assert metadata["note"] == 'a "text"\n\\ é'
    assert same(Client.deserialize(metadata["residual"]), Y[:1] - found)


def check_numbers_that_are_none(_):
    found, metadata = client("deepinv_forms", return_metadata=True)(
        Y, form="given", sigma=math.nan, weights=[math.inf, -math.inf, math.nan]
    )
    assert same(found, Y)
    assert [str(number) for number in metadata["told"]] == ["nan", "inf", "-inf", "nan"]


def check_metadata_is_there_on_wish(_):
    assert same(client("same")(Y), Y)
    found, metadata = client("same", return_metadata=True)(Y)
    assert same(found, Y)
    assert metadata is None
    _, metadata = Client(f"{OPEN}/deepinv/same?timings=1", return_metadata=True)(Y)
    assert set(metadata) == {"queue_seconds", "predict_seconds"}


def check_every_form_of_results(_):
    """It accepts the metadata of each."""
    for form in [*FORMS, "npy", "picture"]:
        client("deepinv_forms", return_metadata=True)(Y, form=form)


def check_paths(_):
    for path in ("deepinv/same", "deepinv/same/runsync", "same", "same/runsync"):
        assert same(Client(f"{OPEN}/{path}")(Y), Y)


def check_a_key(_):
    assert same(client("same", CLOSED, api_key=KEY)(Y), Y)
    refused(lambda: client("same", CLOSED)(Y), "401", "a key is required")
    refused(lambda: client("same", CLOSED, api_key="dk_x")(Y), "401", "the key is not valid")
    refused(lambda: client("torched", CLOSED, api_key=KEY)(Y), "403", "'predict'", "'torched'")


def check_what_is_wrong_is_told(_):
    denoise = client("denoise")
    refused(lambda: client("nobody")(Y), "404", "no model named 'nobody'")
    refused(lambda: client("plain")(Y), "501", "takes no tensor, image or file")
    refused(
        lambda: denoise(Y, physics="blur"), "422", "physics: Must be one of: denoising, inpainting"
    )
    refused(lambda: denoise(Y, sigmaa=1), "400", "no argument 'sigmaa'. Did you mean sigma?")
    refused(lambda: denoise(Y, sigma="much"), "422", "sigma: Not a valid number.")
    refused(
        lambda: denoise(Y[0]),
        "422",
        "y: expected float32 of shape [-1, 1, -1, -1], got float32 of shape [1, 6, 8]",
    )
    refused(lambda: denoise(Y.double()), "422", "y: expected float32", "got float64")
    refused(lambda: denoise(Y[..., :3]), "500", "the width must be even, got 3", '"id":')
    refused(lambda: denoise(Y, note="fail"), "500", "the network has no weights", '"id":')
    refused(lambda: client("deepinv_forms")(Y, form="text"), "400", "returned no tensor")


def check_a_large_image(_):
    image = torch.rand(3, 2048, 2048)
    assert same(client("same")(image), image)


report.run(globals().copy(), None)
