"""Everything that Triton's own client does, against the host whose address is the argument."""

import queue
import sys
import threading

import ml_dtypes
import numpy as np
import report
from tritonclient.http import (
    InferenceServerClient,
    InferInput,
    InferRequestedOutput,
)
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

ANY = np.random.default_rng(7)
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
    np.array([[1.5, -65504, 0]], np.float16),
    np.array([[[1.1, -3e38, 0]]], np.float32),
    np.array([1.1, -1.7e308, 5e-324]),
]


def client(address, **options):
    return InferenceServerClient(address, **options)


def given(name, array, *, binary=True):
    tensor = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def same(address, array, **options):
    binary = options.pop("binary", True)
    with client(address) as triton:
        outputs = [InferRequestedOutput("same", binary_data=options.pop("binary_out", binary))]
        answer = triton.infer(
            "oip_tensors", [given("x", array, binary=binary)], outputs=outputs, **options
        )
        return answer.as_numpy("same")


def assert_same(found, array):
    assert found.dtype == array.dtype, (found.dtype, array.dtype)
    assert found.shape == array.shape, (found.shape, array.shape)
    assert (found == array).all(), (found, array)


def refused(call, *said, status="400"):
    try:
        call()
    except InferenceServerException as error:
        assert error.status() == status, error
        for words in said:
            assert words in error.message(), error
    else:
        raise AssertionError("it was not refused")


def check_health(address):
    with client(address) as triton:
        assert triton.is_server_live()
        assert triton.is_server_ready()
        assert triton.is_model_ready("oip_pair")
        assert triton.is_model_ready("oip_scalars", "2.5.1")
        assert not triton.is_model_ready("oip_pair", "7")
        assert not triton.is_model_ready("nobody")


def check_metadata(address):
    with client(address) as triton:
        server = triton.get_server_metadata()
        assert server["name"] == "deepaas"
        assert "binary_tensor_data" in server["extensions"]
        told = triton.get_model_metadata("oip_pair")
        assert told["inputs"] == [
            {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 4]},
            {"name": "INPUT1", "datatype": "INT32", "shape": [-1, 4]},
        ]
        assert told["versions"] == ["1"]
        config = triton.get_model_config("oip_pair")
        assert config["max_batch_size"] == 0
        assert config["input"][0]["data_type"] == "TYPE_INT32"
        refused(lambda: triton.get_model_metadata("nobody"), "does not exist", status="404")
        refused(lambda: triton.get_model_metadata("oip_pair", "7"), "version 7", status="404")


def check_binary_of_every_datatype(address):
    for array in ARRAYS:
        assert_same(same(address, array), array)


def check_json_of_every_datatype(address):
    for array in ARRAYS:
        assert_same(same(address, array, binary=False), array)


def check_half_and_half(address):
    for array in ARRAYS:
        assert_same(same(address, array, binary=True, binary_out=False), array)
        assert_same(same(address, array, binary=False, binary_out=True), array)


def check_brain_floats(address):
    array = np.array([1.5, -2, 3e38], ml_dtypes.bfloat16)
    found = same(address, array)
    assert_same(found, array.astype(np.float32))  # As a model of NumPy's gets them.


def check_typed_predictor(address):
    with client(address) as triton:
        told = triton.get_model_metadata("typed")
        assert [one["name"] for one in told["inputs"]] == ["x", "times"]
        assert [one["name"] for one in told["outputs"]] == ["output"]
        for array in [*ARRAYS, np.array([b"a", b"\xff"], object)]:
            answer = triton.infer("typed", [given("x", array)])
            assert_same(answer.as_numpy("output"), array)
        times = given("times", np.array([2]))
        answer = triton.infer("typed", [given("x", ARRAYS[-1]), times])
        assert answer.as_numpy("output").tolist() == ARRAYS[-1].tolist() * 2


def check_bytes(address):
    array = np.array([[b"a", "né".encode()], [b"", b"\xff\x00"]], object)
    assert_same(same(address, array), array)
    texts = np.array(["a", "né", ""], object)
    found = same(address, texts, binary=False)
    assert [str(one) for one in found] == list(texts), found


def check_odd_shapes(address):
    for shape in [(0,), (2, 0, 3), (1, 1, 1, 1, 1)]:
        array = np.zeros(shape, np.float32)
        assert_same(same(address, array), array)
        assert_same(same(address, array, binary=False), array)


def check_no_outputs_named(address):
    array = ARRAYS[-1]
    with client(address) as triton:
        for binary in (True, False):
            answer = triton.infer(
                "oip_tensors", [given("x", array, binary=binary)], request_id="an id"
            )
            assert_same(answer.as_numpy("same"), array)
            response = answer.get_response()
            assert response["id"] == "an id"
            assert response["model_name"] == "oip_tensors"
            assert "binary_data_size" in response["outputs"][0]["parameters"]


def check_two_in_and_out(address):
    a = np.arange(8, dtype=np.int32).reshape(2, 4)
    b = np.full((2, 4), 5, np.int32)
    with client(address) as triton:
        for binary in (True, False):
            inputs = [given("INPUT1", b, binary=not binary), given("INPUT0", a, binary=binary)]
            outputs = [
                InferRequestedOutput("DIFFERENCE", binary_data=binary),
                InferRequestedOutput("SUM", binary_data=not binary),
            ]
            answer = triton.infer("oip_pair", inputs, outputs=outputs)
            assert_same(answer.as_numpy("SUM"), a + b)
            assert_same(answer.as_numpy("DIFFERENCE"), a - b)
            answer = triton.infer("oip_pair", inputs, outputs=outputs[:1], model_version="1")
            assert answer.as_numpy("SUM") is None
            assert_same(answer.as_numpy("DIFFERENCE"), a - b)
            answer = triton.infer("oip_pair", inputs)
            assert_same(answer.as_numpy("SUM"), a + b)


def check_scalars(address):
    with client(address) as triton:
        told = {one["name"]: one for one in triton.get_model_metadata("oip_scalars")["inputs"]}
        assert told["number"] == {"name": "number", "datatype": "FP64", "shape": [1]}
        assert told["count"]["parameters"] == {"optional": True}
        assert {name: (one["datatype"], one["shape"]) for name, one in told.items()} == {
            "number": ("FP64", [1]),
            "count": ("INT64", [1]),
            "flag": ("BOOL", [1]),
            "text": ("BYTES", [1]),
            "choice": ("BYTES", [1]),
            "day": ("BYTES", [1]),
            "numbers": ("FP64", [-1]),
            "rows": ("INT64", [-1, -1]),
            "options": ("BYTES", [1]),
            "places": ("BYTES", [-1]),
            "file": ("BYTES", [1]),
        }
        number = given("number", np.array([2.5]))
        answer = triton.infer("oip_scalars", [number])
        assert answer.as_numpy("count")[0] == 3
        assert answer.as_numpy("text")[0] == "naïve".encode()
        assert answer.get_response()["model_version"] == "2.5.1"
        file = bytes(range(256)) * 1000
        answer = triton.infer(
            "oip_scalars",
            [
                number,
                given("count", np.array([[7]], np.int32)),
                given("flag", np.array([True])),
                given("text", np.array(["ünï"], object)),
                given("choice", np.array([b"b"], object)),
                given("day", np.array(["2026-11-30"], object)),
                given("numbers", np.array([1.5, 2], np.float32)),
                given("rows", np.array([[1, 2], [3, 4]], np.int16)),
                given("options", np.array(['{"a": [1]}'], object)),
                given("places", np.array(['{"a": 1}', "{}"], object)),
                given("file", np.array([file], object)),
            ],
        )
        found = {name: answer.as_numpy(name) for name in told}
        assert found["number"].tolist() == [2.5]
        assert found["count"].tolist() == [7] and found["count"].dtype == np.int64
        assert found["flag"].tolist() == [True]
        assert found["text"].tolist() == ["ünï".encode()]
        assert found["choice"].tolist() == [b"b"]
        assert found["day"].tolist() == [b"2026-11-30"]
        assert found["numbers"].tolist() == [1.5, 2]
        assert found["rows"].tolist() == [[1, 2], [3, 4]]
        assert found["options"].tolist() == [b'{"a":[1]}']
        assert found["places"].tolist() == [b'{"a":1}', b"{}"]
        assert found["file"].tolist() == [file.hex().encode()]


def check_packed(address):
    array = np.zeros((300, 300), np.float32)
    for algorithm in ("gzip", "deflate"):
        for binary in (True, False):
            found = same(
                address,
                array,
                binary=binary,
                request_compression_algorithm=algorithm,
                response_compression_algorithm=algorithm,
            )
            assert_same(found, array)
    with client(address) as triton:
        answer = triton._post("v2/models/oip_pair/infer", b"{}", {"Accept-Encoding": "gzip"}, None)
        assert answer.status_code == 400


def check_wrong_requests(address):
    a = np.zeros((2, 4), np.int32)
    with client(address) as triton:

        def ask(*inputs, model="oip_pair", **options):
            return lambda: triton.infer(model, list(inputs), **options)

        both = given("INPUT0", a), given("INPUT1", a)
        refused(ask(*both, model="nobody"), "Model with name nobody does not exist", status="404")
        refused(ask(*both, model_version="7"), "version 7", status="404")
        refused(ask(given("INPUT0", a)), "INPUT1")
        refused(ask(*both, given("INPUT2", a)), "no input 'INPUT2'")
        refused(ask(*both, both[0]), "input 'INPUT0' is given twice")
        refused(ask(both[0], given("INPUT1", a.astype(np.float32))), "INPUT1", "int32", "float32")
        refused(ask(both[0], given("INPUT1", a.reshape(4, 2))), "INPUT1", "[4, 2]")
        for binary in (True, False):
            short = given("INPUT1", a, binary=binary)
            short.set_shape([3, 4])
            refused(ask(both[0], short), "INPUT1", "[3, 4]")
        refused(ask(*both, outputs=[InferRequestedOutput("PRODUCT")]), "no output 'PRODUCT'")
        refused(ask(*both, outputs=[InferRequestedOutput("SUM", class_count=2)]), "classification")
        refused(ask(*both, sequence_id=7, sequence_start=True), "sequences")
        shared = InferInput("INPUT1", [2, 4], "INT32")
        shared.set_shared_memory("region", 32)
        refused(ask(both[0], shared), "shared memory")
        wrong = given("number", np.array(["x"], object))
        refused(ask(wrong, model="oip_scalars"), "number")
        refused(
            ask(given("number", np.array([1.0, 2])), model="oip_scalars"), "number", "one element"
        )
        number = given("number", np.array([1.0]))
        refused(ask(number, given("count", np.array([-1])), model="oip_scalars"), "count")
        # What schedules nothing here is taken.
        triton.infer("oip_pair", list(both), priority=1, timeout=5, parameters={"custom": 1})


def check_what_json_cannot_hold(address):
    with client(address) as triton:

        def ask(kind, binary):
            inputs = [given("x", np.zeros(2, np.float32)), given("kind", np.array([kind], object))]
            outputs = [InferRequestedOutput("same", binary_data=binary)]
            return triton.infer("oip_tensors", inputs, outputs=outputs).as_numpy("same")

        for kind, said in (("infinite", "infinite"), ("not text", "UTF-8")):
            refused(lambda kind=kind: ask(kind, False), "'same'", said, "binary data")
            assert len(ask(kind, True)) == 2
        assert np.isnan(ask("nan", False)[1])
        refused(lambda: ask("complex", True), "complex64", status="500")
        refused(lambda: ask("object", True), "same", status="500")


def check_results_of_every_kind(address):
    x = np.array([2.5, 1], np.float32)

    def ask(triton, kind, **options):
        inputs = [given("x", x), given("kind", np.array([kind], object))]
        return triton.infer("oip_tensors", inputs, **options)

    with client(address) as triton:
        assert ask(triton, "number").as_numpy("output").tolist() == [2.5]
        scalar = ask(triton, "scalar").as_numpy("output")
        assert scalar.dtype == np.float32 and scalar.tolist() == [2.5]
        listed = ask(triton, "list")
        assert_same(listed.as_numpy("output_0"), x)
        assert_same(listed.as_numpy("output_1"), x + x)
        answer = ask(triton, "mixed")
        names = [one["name"] for one in answer.get_response()["outputs"]]
        found = {name: answer.as_numpy(name) for name in names}
        assert_same(found.pop("same"), x)
        assert {name: array.tolist() for name, array in found.items()} == {
            "text": ["héllo".encode()],
            "texts": [b"a", "é".encode()],
            "flags": [True, False],
            "whole": [7],
            "nested": [[1, 2], [3.5, 4]],
            "large": [2**63],
            "none": [b"null"],
            "bytes": [b"\x00\xff"],
            "ragged": [b"[[1],[2,3]]"],
            "empty": [],
            "array of numbers": [1.5, 2],
        }


def check_64_megabytes(address):
    array = ANY.random((64, 512, 512), np.float32)
    assert_same(same(address, array), array)


def check_16_at_once(address):
    wrong = queue.Queue()

    def ask(number):
        try:
            rng = np.random.default_rng(number)
            with client(address) as triton:
                for size in (3, 1000, 50_000, 300_000):
                    array = rng.random(size, np.float32)
                    answer = triton.infer("oip_tensors", [given("x", array)])
                    assert_same(answer.as_numpy("same"), array)
        except BaseException as error:
            wrong.put(f"{number}: {error!r}")

    threads = [threading.Thread(target=ask, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong.empty(), wrong.get()


def check_statistics(address):
    with client(address) as triton:
        before = triton.get_inference_statistics("oip_pair")["model_stats"][0]
        a = np.zeros((2, 4), np.int32)
        triton.infer("oip_pair", [given("INPUT0", a), given("INPUT1", a)])
        refused(lambda: triton.infer("oip_pair", [given("INPUT0", a)]))
        after = triton.get_inference_statistics("oip_pair", "1")["model_stats"][0]
        assert after["inference_count"] == before["inference_count"] + 1
        stats = after["inference_stats"]
        assert stats["success"]["count"] == after["inference_count"]
        assert stats["fail"]["count"] == before["inference_stats"]["fail"]["count"] + 1
        assert stats["success"]["ns"] == stats["compute_infer"]["ns"] > 0
        everything = triton.get_inference_statistics()["model_stats"]
        assert after in everything and len(everything) > 3


def check_later(address):
    array = ARRAYS[-1]
    with client(address, concurrency=4) as triton:
        asked = [triton.async_infer("oip_tensors", [given("x", array)]) for _ in range(4)]
        for one in asked:
            assert_same(one.get_result().as_numpy("same"), array)


report.run(globals().copy(), sys.argv[1])
