"""Faults are staged in nights that are processes of their own and find the modules beside this file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.update(PYTHONPATH=os.pathsep.join([sys.path[0], os.environ["PYTHONPATH"]]))

from undisturbed import undisturbed

__all__ = ["undisturbed"]
