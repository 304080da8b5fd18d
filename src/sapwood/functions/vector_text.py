"""Vectors as text, which is how values travel between a function and the engine: base64 of 32-bit floats, little-endian."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy is loaded by the first vector: a job's worker and `sapwood jobs` meet none
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def encoded(values: bytes) -> str:
    """The text of a vector's bytes."""
    return base64.b64encode(values).decode("ascii")


def decoded(text: str) -> Floats:
    """The vector of a text.

    >>> import numpy as np
    >>> decoded(encoded(np.array([1.5, -2.0], "<f4").tobytes())).tolist()
    [1.5, -2.0]
    """
    import numpy as np

    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def cosine(left: Floats, right: Floats) -> float:
    """Cosine similarity, computed in 64 bits and held in -1..1; 0 if a vector is all zeros.

    >>> import numpy as np
    >>> round(cosine(np.array([1, 0], "<f4"), np.array([1, 1], "<f4")), 6)
    0.707107
    """
    import numpy as np

    wide: list[NDArray[Any]] = [left.astype(np.float64), right.astype(np.float64)]
    length = float(np.linalg.norm(wide[0]) * np.linalg.norm(wide[1]))
    return max(-1.0, min(1.0, float(wide[0] @ wide[1]) / length)) if length else 0.0
