"""Steps sessions of a compiled states.onnx (make_states.py) and compares with ONNX Runtime.

usage: run_states.py MODEL.onnx FOLDER
"""

import ctypes
import pathlib
import sys

import numpy as np
import onnxruntime

onnx_file, folder = sys.argv[1], pathlib.Path(sys.argv[2])
library = ctypes.CDLL(str(folder / "libstates.so"))
reference = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
PAIRS = {"past": "present", "turned": "turned_next", "log": "log_next", "seen": "seen_next", "hidden": "hidden_next"}
NUMBERS = {name: number for number, name in enumerate(PAIRS)}
OUTPUTS = ["sums", "copy", "flat", "product"]
CAPACITY, FULL, MISMATCH = 12, 13, 10


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("text", ctypes.c_char * 252)]


class LoadOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("path", ctypes.c_char_p), ("data", ctypes.c_void_p),
                ("bytes", ctypes.c_size_t), ("mode", ctypes.c_int32), ("hashes", ctypes.c_int32),
                ("level", ctypes.c_int32), ("reserved", ctypes.c_int32), ("allocator", ctypes.c_void_p),
                ("log", ctypes.c_void_p), ("self", ctypes.c_void_p)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("executor", ctypes.c_void_p), ("threads", ctypes.c_int64),
                ("allocator", ctypes.c_void_p)]


class Tensor(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("rank", ctypes.c_int32), ("shape", ctypes.c_int64 * 8),
                ("data", ctypes.c_void_p)]


error = Error()
model = ctypes.c_void_p()
options = LoadOptions(size=ctypes.sizeof(LoadOptions), path=str(folder / "states.weights").encode())
assert library.states_model_load(ctypes.byref(options), ctypes.byref(model), ctypes.byref(error)) == 0, error.text


def pointers(arrays):
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


class Session:
    """A session, and what its states should hold."""

    def __init__(self, threads):
        self.handle = ctypes.c_void_p()
        # B, T, P: the lengths of states stand last.
        largest = (ctypes.c_int64 * 3)(3, 5, 0)
        chosen = SessionOptions(size=ctypes.sizeof(SessionOptions), threads=threads)
        status = library.states_session_create(model, largest, ctypes.byref(chosen), ctypes.byref(self.handle),
                                               ctypes.byref(error))
        assert status == 0, error.text
        self.held = None

    def empty(self, b):
        return {"past": np.zeros((b, 2, 0, 3), np.float32), "turned": np.zeros((b, 3, 0), np.float32),
                "log": np.zeros((0, 4), np.float32), "seen": np.zeros((b, 0), np.int64),
                "hidden": np.zeros((b, 5), np.float32)}

    def run(self, b, t, seed):
        random = np.random.default_rng(seed)
        held = self.held or self.empty(b)
        given = {"x": random.standard_normal((b, t, 4)).astype(np.float32), "ids": random.integers(0, 9, (b, t)),
                 "fixed": random.standard_normal((b, 7)).astype(np.float32)}
        names = [output.name for output in reference.get_outputs()]
        expected = dict(zip(names, reference.run(None, given | held)))
        inputs = [given[name] for name in ("x", "ids", "fixed")]
        got = {name: np.empty_like(expected[name]) for name in OUTPUTS + ["half"]}
        status = library.states_session_run(self.handle, pointers(inputs), pointers(list(got.values())),
                                            (ctypes.c_int64 * 2)(b, t), ctypes.byref(error))
        if status:
            return status
        for name, value in got.items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)
        self.held = {state: expected[output] for state, output in PAIRS.items()}
        self.check()
        return 0

    def refuses(self, b):
        """The status of a run of a batch that the states do not have."""
        inputs = [np.zeros((b, 1, 4), np.float32), np.zeros((b, 1), np.int64), np.zeros((b, 7), np.float32)]
        outputs = [np.zeros(1000, np.float32) for _ in OUTPUTS + ["half"]]
        return library.states_session_run(self.handle, pointers(inputs), pointers(outputs),
                                          (ctypes.c_int64 * 2)(b, 1), ctypes.byref(error))

    def check(self):
        for name, value in self.held.items():
            tensor = Tensor()
            assert library.states_state_shape(self.handle, NUMBERS[name], ctypes.byref(tensor), None) == 0
            assert tuple(tensor.shape[:tensor.rank]) == value.shape, (name, tuple(tensor.shape), value.shape)
            content = np.empty_like(value)
            tensor.data = content.ctypes.data
            assert library.states_state_get(self.handle, NUMBERS[name], ctypes.byref(tensor), ctypes.byref(error)) == 0
            np.testing.assert_allclose(content, value, rtol=1e-4, atol=1e-5, err_msg=name)

    def truncate(self, length):
        for name in ("past", "turned", "log", "seen"):
            assert library.states_state_truncate(self.handle, NUMBERS[name], ctypes.c_int64(length), None) == 0
        axes = {"past": 2, "turned": 2, "log": 0, "seen": 1}
        self.held |= {name: self.held[name].take(range(length), axis) for name, axis in axes.items()}


first, second = Session(1), Session(2)
for step, (b, t) in enumerate([(2, 1), (2, 3), (2, 0), (2, 2)]):
    assert first.run(b, t, step) == 0, error.text
    assert second.run(3, 1, 100 + step) == 0, error.text
print("two sessions step on their own")

assert first.run(2, 5, 7) == 0, error.text
assert first.run(2, 2, 8) == FULL and b"has room for 12" in error.text, error.text
first.check()
assert first.run(2, 1, 9) == 0, error.text
assert first.run(2, 1, 9) == FULL
print("beyond the capacity:", error.text.decode())

first.truncate(2)
assert first.run(2, 4, 10) == 0, error.text
assert first.refuses(1) == MISMATCH and b"reset" in error.text, error.text
library.states_session_reset(first.handle, None)
first.held = None
assert first.run(1, 5, 12) == 0, error.text
print("truncated and reset")
for session in (first, second):
    library.states_session_destroy(session.handle)
library.states_model_destroy(model)
