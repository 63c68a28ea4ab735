"""Full-size graphs agree with ONNX Runtime.

usage: full_size.py PLEAT CORPUS FOLDER CASE...

Fills the weights that the corpus leaves out, lets ONNX Runtime compute the outputs, and
verifies the compiled model against them. Everything goes to FOLDER and is deleted.
"""

import pathlib
import shutil
import subprocess
import sys

import onnx
import onnxruntime
from onnx import numpy_helper


def record_outputs(case):
    """Writes what ONNX Runtime computes from the data set's inputs beside them."""
    session = onnxruntime.InferenceSession(case / "model.onnx")
    data = case / "test_data_set_0"
    feeds = {}
    for index, value in enumerate(session.get_inputs()):
        tensor = onnx.load_tensor(str(data / f"input_{index}.pb"))
        feeds[value.name] = numpy_helper.to_array(tensor)
    for index, array in enumerate(session.run(None, feeds)):
        onnx.save_tensor(numpy_helper.from_array(array), str(data / f"output_{index}.pb"))


def main():
    pleat, corpus, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    for name in sys.argv[4:]:
        case = folder / name
        shutil.rmtree(case, ignore_errors=True)
        subprocess.run([sys.executable, corpus / "perf/fill.py", corpus / "perf" / name, case], check=True)
        record_outputs(case)
        subprocess.run([pleat, "compile", case / "model.onnx", "-o", case / "artefact" / "model"], check=True)
        for threads in "12":
            subprocess.run([pleat, "verify", case / "artefact" / "model", "--data", case, "--threads", threads], check=True)
        shutil.rmtree(case)


if __name__ == "__main__":
    main()
