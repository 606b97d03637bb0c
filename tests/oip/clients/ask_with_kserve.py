"""Everything that KServe's own client does, against the host whose URL is the argument."""

import sys

import httpx
import numpy as np
import report
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from kserve.utils.numpy_codec import from_np_dtype

ARRAYS = [
    np.array([True, False, True]),
    *(
        np.array([[np.iinfo(kind).min, np.iinfo(kind).max, 1]], kind)
        for kind in (np.int8, np.int16, np.int32, np.int64)
    ),
    *(
        np.array([[0, np.iinfo(kind).max, 1]], kind)
        for kind in (np.uint8, np.uint16, np.uint32, np.uint64)
    ),
    np.array([[[1.1, -3e38, 0]]], np.float32),
    np.array([1.1, -1.7e308, 5e-324]),
]
HALF = np.array([[1.5, -65504, 0]], np.float16)


def client():
    return InferenceRESTClient(RESTConfig(protocol="v2"))


def given(name, array, *, binary=True):
    tensor = InferInput(name, list(array.shape), from_np_dtype(array.dtype))
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


async def ask(url, model, *inputs, outputs=None, parameters=None):
    request = InferRequest(
        model, list(inputs), request_id="an id", request_outputs=outputs, parameters=parameters
    )
    async with client() as kserve:
        return await kserve.infer(url, request, model_name=model)


async def refused(call, *said, status=400):
    try:
        await call
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == status, error
        for words in said:
            assert words in str(error), error
    else:
        raise AssertionError("it was not refused")


def assert_same(output, array):
    found = output.as_numpy()
    assert found.dtype == array.dtype, (found.dtype, array.dtype)
    assert found.shape == array.shape
    assert (found == array).all(), (found, array)


async def check_health(url):
    async with client() as kserve:
        assert await kserve.is_server_live(url)
        assert await kserve.is_server_ready(url)
        assert await kserve.is_model_ready(url, "oip_pair")
        assert not await kserve.is_model_ready(url, "nobody")


async def check_every_datatype(url):
    for array in ARRAYS:
        for binary in (True, False):
            for outputs in (None, [RequestedOutput("same", {"binary_data": not binary})]):
                answer = await ask(
                    url, "oip_tensors", given("x", array, binary=binary), outputs=outputs
                )
                assert answer.id == "an id" and answer.model_name == "oip_tensors"
                assert_same(answer.outputs[0], array)
    answer = await ask(
        url, "oip_tensors", given("x", HALF), parameters={"binary_data_output": True}
    )
    assert_same(answer.outputs[0], HALF)


async def check_bytes(url):
    array = np.array([b"a", "né".encode(), b""], object)
    for binary in (True, False):
        answer = await ask(
            url,
            "oip_tensors",
            given("x", array, binary=binary),
            parameters={"binary_data_output": binary},
        )
        found = answer.outputs[0].as_numpy()
        texts = [one if isinstance(one, str) else one.decode() for one in found]
        assert texts == ["a", "né", ""], found


async def check_two_in_and_out(url):
    a = np.arange(8, dtype=np.int32).reshape(2, 4)
    b = np.full((2, 4), 5, np.int32)
    answer = await ask(url, "oip_pair", given("INPUT0", a), given("INPUT1", b, binary=False))
    assert_same(answer.get_output_by_name("SUM"), a + b)
    assert_same(answer.get_output_by_name("DIFFERENCE"), a - b)


async def check_a_dict(url):
    body = {"inputs": [{"name": "number", "shape": [1], "datatype": "FP64", "data": [1.5]}]}
    async with client() as kserve:
        answer = await kserve.infer(url, body, model_name="oip_scalars")
    assert answer.get_output_by_name("count").as_numpy().tolist() == [3]


async def check_errors_are_told(url):
    a = np.zeros((2, 4), np.int32)
    await refused(ask(url, "nobody", given("x", a)), "Model with name nobody", status=404)
    await refused(ask(url, "oip_pair", given("INPUT0", a)), "requires input 'INPUT1'")
    await refused(ask(url, "oip_pair", given("x", a)), "no input 'x'")
    wrong = given("INPUT1", a.astype(np.float32))
    await refused(ask(url, "oip_pair", given("INPUT0", a), wrong), "INPUT1", "float32")


async def check_large_ones(url):
    # It makes lists of what comes back, which takes it long.
    array = np.random.default_rng(7).random((8, 512, 512), np.float32)
    answer = await ask(
        url, "oip_tensors", given("x", array), parameters={"binary_data_output": True}
    )
    output = answer.outputs[0]
    assert np.array_equal(np.asarray(output.data, np.float32).reshape(output.shape), array)


report.run(globals().copy(), sys.argv[1])
