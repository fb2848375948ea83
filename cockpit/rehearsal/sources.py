"""The source tree of the rehearsal's repositories: small modules made of independent functions.

A change rewrites one line of one function. Functions lie far enough apart that changes to two of
them never conflict, and two changes to the same one always do: so the story decides which
cherry-picks apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the code base, as titles and labels name it."""

    tag: str
    folder: str
    label: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One function of one module."""

    area: Area
    module: str
    function: str

    @property
    def path(self) -> str:
        """The file it stands in."""
        return f"{self.area.folder}/{self.module}.py"


CORE_AREAS = (
    Area("inductor", "torch/_inductor", "module: inductor", ("codegen", "lowering", "scheduler")),
    Area("dynamo", "torch/_dynamo", "module: dynamo", ("guards", "symbolic", "variables")),
    Area("export", "torch/export", "oncall: export", ("dynamic_shapes", "exported", "unflatten")),
    Area("MPS", "torch/mps", "module: mps", ("kernels", "linalg", "reductions")),
    Area("CUDA", "torch/cuda", "module: cuda", ("graphs", "memory", "streams")),
    Area("ROCm", "torch/rocm", "module: rocm", ("blas", "miopen", "tunable")),
    Area("xpu", "torch/xpu", "module: xpu", ("kernels", "memory", "onednn")),
    Area("distributed", "torch/distributed", "oncall: distributed", ("c10d", "fsdp", "pipelining")),
    Area("DTensor", "torch/distributed/tensor", "module: dtensor", ("ops", "placement", "random")),
    Area("autograd", "torch/autograd", "module: autograd", ("forward_ad", "graph", "profiler")),
    Area("nn", "torch/nn", "module: nn", ("attention", "functional", "parametrize")),
    Area("optim", "torch/optim", "module: optimizer", ("adam", "lr_scheduler", "muon")),
    Area("sparse", "torch/sparse", "module: sparse", ("csr", "masked", "semi_structured")),
    Area("quant", "torch/ao/quantization", "oncall: quantization", ("fx", "observer", "pt2e")),
    Area("ONNX", "torch/onnx", "module: onnx", ("decomposition", "exporter", "registration")),
    Area("linalg", "torch/linalg", "module: linear algebra", ("eigen", "factor", "solve")),
    Area("fft", "torch/fft", "module: fft", ("helper", "real", "transforms")),
    Area("data", "torch/utils/data", "module: dataloader", ("loader", "sampler", "worker")),
    Area("functorch", "torch/func", "module: functorch", ("batching", "jacobian", "vmap")),
    Area("jit", "torch/jit", "oncall: jit", ("freeze", "frontend", "tracing")),
    Area("profiler", "torch/profiler", "oncall: profiler", ("chrome", "kineto", "memory")),
    Area("aarch64", "torch/backends/arm", "module: arm", ("acl", "kleidi", "sve")),
    Area("Windows", "torch/backends/windows", "module: windows", ("dll", "msvc", "paths")),
    Area("BE", "torch/_refs", "better-engineering", ("fallbacks", "reductions", "shape")),
)

VISION_AREAS = (
    Area("transforms", "torchvision/transforms", "module: transforms", ("color", "geometry")),
    Area("ops", "torchvision/ops", "module: ops", ("boxes", "deform", "roi")),
    Area("models", "torchvision/models", "module: models", ("detection", "resnet", "vit")),
    Area("io", "torchvision/io", "module: io", ("image", "video")),
)

_FUNCTIONS = (
    *("softmax", "layer_norm", "scatter_add", "index_put", "embedding", "conv2d", "bmm"),
    *("addmm", "cumsum", "topk", "argsort", "gather", "einsum", "sdpa", "dropout"),
    *("interpolate", "group_norm", "masked_fill", "unfold", "cross_entropy"),
)
_PER_MODULE = 8

_HEADER = '''"""The {module} of {tag}."""

from __future__ import annotations

from torch import Tensor
from torch._registry import kernel_for
'''
_FUNCTION = """

def {function}(input: Tensor, *args: object) -> Tensor:
    kernel = kernel_for("{function}", revision={revision})
    return kernel(input, *args)
"""


def slots_of(areas: tuple[Area, ...]) -> list[Slot]:
    """Every function of these areas, in a fixed order."""
    slots: list[Slot] = []
    for area in areas:
        for at, module in enumerate(area.modules):
            start = len(slots) + at
            slots += [
                Slot(area, module, _FUNCTIONS[(start + i) % len(_FUNCTIONS)])
                for i in range(_PER_MODULE)
            ]
    return slots


@dataclass(slots=True)
class SourceTree:
    """The revision of every function, and the files beside them."""

    revisions: dict[Slot, int]
    extra: dict[str, str] = field(default_factory=dict)
    _by_path: Mapping[str, list[Slot]] = field(default_factory=dict)

    @classmethod
    def of(cls, slots: list[Slot], extra: Mapping[str, str]) -> SourceTree:
        """A tree in which every function is in its first revision."""
        by_path: dict[str, list[Slot]] = {}
        for slot in slots:
            by_path.setdefault(slot.path, []).append(slot)
        return cls(dict.fromkeys(slots, 1), dict(extra), by_path)

    def copy(self) -> SourceTree:
        """The same state, to go on differently from here."""
        return SourceTree(dict(self.revisions), dict(self.extra), self._by_path)

    def files(self) -> dict[str, str]:
        """Every file with its text."""
        return self.extra | {path: self._text(path) for path in self._by_path}

    def revise(self, slot: Slot, revision: int) -> dict[str, str]:
        """Change one function; returns the file that changed."""
        self.revisions[slot] = revision
        return {slot.path: self._text(slot.path)}

    def write(self, files: Mapping[str, str]) -> dict[str, str]:
        """Change files beside the functions; returns them."""
        self.extra.update(files)
        return dict(files)

    def _text(self, path: str) -> str:
        slots = self._by_path[path]
        first = slots[0]
        functions = (
            _FUNCTION.format(function=slot.function, revision=self.revisions[slot])
            for slot in slots
        )
        return _HEADER.format(module=first.module, tag=first.area.tag) + "".join(functions)
