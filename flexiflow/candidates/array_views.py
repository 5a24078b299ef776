"""What a digest sees of arrays, tensors, torch modules and data frames: their content.

None of the packages is imported here: a thing of theirs can only come when they are loaded.
"""

from __future__ import annotations

import hashlib
import weakref
from typing import Any

from flexiflow.candidates.views import PACKAGE_VIEWS, View

_tensor_digests: dict[int, tuple[weakref.ref[Any], int, int, bytes]] = {}


def _digest(data: Any) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _numpy(thing: Any) -> View | None:
    import numpy as np

    if isinstance(thing, np.ufunc):
        return View("ufunc", [thing.__name__])
    if isinstance(thing, np.dtype):
        return View("dtype", [str(thing)])
    if isinstance(thing, np.generic):
        return View("array", [str(thing.dtype), thing.item()])
    if not isinstance(thing, np.ndarray):
        return None
    what = [str(thing.dtype), list(thing.shape)]
    if thing.dtype.hasobject:
        return View("array", [*what, thing.tolist()])
    return View("array", [*what, _digest(np.ascontiguousarray(thing).reshape(-1).view(np.uint8))])


def _torch(thing: Any) -> View | None:
    import torch

    if isinstance(thing, torch.Tensor):
        what = [str(thing.dtype), list(thing.shape)]
        return View("tensor", [*what, _tensor_digest(thing)])
    if isinstance(thing, (torch.dtype, torch.device)):
        return View("torch", [str(thing)])
    if not isinstance(thing, torch.nn.Module):
        return None
    internal = vars(torch.nn.Module()).keys()
    plain = {k: v for k, v in vars(thing).items() if k not in internal}
    own = [*thing.named_parameters(recurse=False), *thing.named_buffers(recurse=False)]
    return View("torch module", [type(thing), plain, own, list(thing.named_children())])


def _tensor_digest(tensor: Any) -> bytes | str:
    """Digest a tensor's content, again only when it was written to since."""
    if tensor.is_meta or tensor.layout.__str__() != "torch.strided" or tensor.is_quantized:
        return str(tensor.layout)
    try:
        state = (tensor.data_ptr(), tensor._version)
    except RuntimeError:  # inference tensors keep no count of their writes
        return _content(tensor)
    known = _tensor_digests.get(id(tensor))
    if known is not None and known[0]() is tensor and known[1:3] == state:
        return known[3]
    made = _content(tensor)
    key = id(tensor)
    forget = weakref.ref(tensor, lambda _: _tensor_digests.pop(key, None))
    _tensor_digests[key] = (forget, *state, made)
    return made


def _content(tensor: Any) -> bytes:
    import torch

    flat = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return _digest(flat.view(torch.uint8).numpy())


def _frame(thing: Any) -> View | None:
    """View a column or a whole table of pandas or Polars."""
    if not hasattr(thing, "to_numpy"):
        return None
    if hasattr(thing, "columns"):
        names = list(thing.columns)
        columns = [thing[name].to_numpy() for name in dict.fromkeys(names)]
        index = getattr(thing, "index", None)
        return View("frame", [names, columns, None if index is None else index.to_numpy()])
    return View("column", [str(getattr(thing, "name", "")), thing.to_numpy()])


PACKAGE_VIEWS.update(numpy=_numpy, torch=_torch, pandas=_frame, polars=_frame)
