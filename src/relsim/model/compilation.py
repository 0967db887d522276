"""How the model is compiled: a decorator, a cache that notices edits, and structs as numba sees
them."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import stat
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import caching, cgutils, codegen, compiler
from numba.core.registry import CPUDispatcher
from numba.core.typing.templates import AttributeTemplate
from numba.np import arrayobj

from relsim.errors import RelsimWarning
from relsim.model.structs import Struct

F = TypeVar("F", bound=Callable[..., object])

SOURCES = Path(__file__).parent
_SETTINGS: Any = numba.config  # made as numba is loaded, so that it has no types


def cache_folder(sources: Path) -> Path | None:
    """Where compiled code is kept between processes; None where no folder will do.

    It is the ``__pycache__`` of the sources, as of other compiled files, where that can be written;
    else a folder in the user's cache or the temporary folder, named after what the sources hold.
    NUMBA_CACHE_DIR comes before all of them.
    """
    beside = sources / "__pycache__"
    if not _SETTINGS.CACHE_DIR and _is_writable(beside):
        return beside
    name = f"model-{_digest(sources)}"
    if _SETTINGS.CACHE_DIR:
        return Path(_SETTINGS.CACHE_DIR) / name
    for folder in _folders_of_the_user():
        if _is_writable(folder) and _is_of_this_user_alone(folder):
            return folder / name
    return None


def _folders_of_the_user() -> Iterator[Path]:
    given = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):  # there is no home
        cache = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
        yield cache / "relsim"
    if hasattr(os, "geteuid"):
        with suppress(FileNotFoundError):  # there is no temporary folder
            yield Path(tempfile.gettempdir()).resolve() / f"relsim-{os.geteuid()}"


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _is_of_this_user_alone(folder: Path) -> bool:
    """Whether only this user (and root) can write a folder, or put another in its place.

    The code that it holds will be run.
    """
    if not hasattr(os, "geteuid"):  # Windows: in the profile of the user
        return True
    trusted, folder = (0, os.geteuid()), folder.absolute()
    own = folder.lstat()
    if not stat.S_ISDIR(own.st_mode) or own.st_uid != os.geteuid() or own.st_mode & 0o022:
        return False
    above = [folder.stat() for folder in folder.resolve().parents]
    return all(
        parent.st_uid in trusted and (not parent.st_mode & 0o022 or parent.st_mode & stat.S_ISVTX)
        for parent in above
    )


def _digest(sources: Path) -> str:
    """Twelve hexadecimal digits over all sources, so that code compiled from others is not used."""
    digest = hashlib.sha256()
    for source in sorted(sources.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def say_where_code_is_kept(folder: Path | None) -> None:
    """Warns where compiled code is in the temporary folder, or nowhere."""
    if multiprocessing.parent_process() is not None:  # a worker, whose parent has said it
        return
    if folder is None:
        text = (
            "Compiled code cannot be kept: no folder for it is there that this user alone can "
            "write. Every command that simulates compiles the model again, for a quarter of "
            "a minute. "
            "The variable NUMBA_CACHE_DIR names such a folder."
        )
        warnings.warn(text, RelsimWarning, stacklevel=2)
    elif folder.parent.name.startswith("relsim-") and not _SETTINGS.CACHE_DIR:
        text = (
            f"Compiled code is kept in {folder.parent}, since neither the installation nor a cache "
            "of the user can be written."
        )
        warnings.warn(text, RelsimWarning, stacklevel=2)


def compiled(function: F) -> F:
    """Compiles a function with numba, cached on disk, releasing the interpreter lock.

    Fast-math stays off: reordered sums would make the Mesa agents and the batch kernel differ
    in the last bit. Division follows IEEE rather than raising.

    A function is compiled in two forms. Python calls the entry, which is optimised and made
    executable. Other compiled functions contain the part, which is not: it is optimised within the
    entry that contains it. numba by itself would optimise each function again in every function
    that calls it; in the kernel that was five times over, and most of the time to compile.
    """
    return function if _SETTINGS.DISABLE_JIT else cast(F, _Entry(function))


def inlined(function: F) -> F:
    """As :func:`compiled`, but written out wherever it is called, so that loops vectorise."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


class _Entry(CPUDispatcher):
    """A function as Python calls it. In compiled code its name stands for its part."""

    def __init__(self, function: Callable[..., object]) -> None:
        options = {"nopython": True, "error_model": "numpy"}
        super().__init__(function, targetoptions={**options, "nogil": True})
        unwrapped = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        self.part = CPUDispatcher(
            function, targetoptions={**options, **unwrapped}, pipeline_class=_PartCompiler
        )
        if _CACHE is not None:
            self._cache = _Cache(function)

    @property
    def _numba_type_(self) -> types.Type:  # type: ignore[override]
        return types.Dispatcher(self.part)


class _PartCompiler(compiler.CompilerBase):
    """numba's own compiler, into a library of parts."""

    def define_pipelines(self) -> list[Any]:
        state = self.state
        state.library = _PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return [compiler.DefaultPassBuilder.define_nopython_pipeline(state)]


class _PartLibrary(codegen.JITCodeLibrary):
    """Code that is only linked into other code: it is not optimised, and has no address."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0

    @property
    def codegen(self) -> _PartLibrary:
        return self

    def set_env(self, name: str, environment: object) -> None:
        """Nothing: there is no executable code that could read it."""


class _Locator(caching._CacheLocator):
    """Tells numba where compiled code is, and what it was made of.

    numba looks only at the file of the function it caches, not at the rules that function calls
    from other files. Here it is the contents of all sources, whatever the dates of the files, so
    that an edited rule is compiled anew and a version of relsim with the same model is not.
    """

    def __init__(self, line: int) -> None:
        self.line = line

    @classmethod
    def from_function(cls, function: Any, file: str) -> _Locator:
        return cls(function.__code__.co_firstlineno)

    def get_cache_path(self) -> str:
        return str(_CACHE)

    def get_source_stamp(self) -> str:
        return _STAMP

    def get_disambiguator(self) -> str:
        return str(self.line)


class _CacheOfResults(caching.CompileResultCacheImpl):
    _locator_classes = (_Locator,)  # type: ignore[assignment]


class _Cache(caching.FunctionCache):
    _impl_class = _CacheOfResults


def is_kept(function: Callable[..., object], *arguments: type[Struct] | None) -> bool:
    """Whether an earlier process left a function on disk, compiled for such arguments."""
    entry: Any = function
    if _CACHE is None or _SETTINGS.DISABLE_JIT:
        return False
    signature = tuple(types.none if a is None else _type_of(cast(Any, a)) for a in arguments)
    key = entry._cache._index_key(signature, entry.targetctx.codegen())
    return key in entry._cache._cache_file._load_index()


class StructType(types.Type):
    """A struct as numba knows it: a pointer to the words of its fields."""

    def __init__(self, struct: type[Struct]) -> None:
        self.members: dict[str, types.Type] = {}
        self.offsets: dict[str, int] = {}
        offset = 0
        for name, field in struct.fields.items():
            kind: types.Type = numba.from_dtype(np.dtype(field.dtype))
            self.offsets[name] = offset
            offset += 1
            if field.axes is not None:
                axes = len(field.axes) + struct.lanes
                kind = types.Array(kind, axes, "C")
                offset += axes
            self.members[name] = kind
        super().__init__(struct.__qualname__)


@functools.cache
def _type_of(struct: Any) -> StructType:
    return StructType(struct)


@extending.typeof_impl.register(Struct)
def _typeof(value: Struct, context: Any) -> StructType:
    return _type_of(cast(Any, type(value)))


@extending.register_model(StructType)
class _StructModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, kind: StructType) -> None:
        super().__init__(manager, kind, ir.IntType(64).as_pointer())


@extending.unbox(StructType)
def _unbox(kind: StructType, value: Any, c: Any) -> extending.NativeValue:
    """The address, an attribute in Python, as a pointer."""
    pointer_type = c.context.get_value_type(kind)
    pointer = cgutils.alloca_once_value(c.builder, ir.Constant(pointer_type, None))
    address = c.pyapi.object_getattr_string(value, "address")
    failed = cgutils.is_null(c.builder, address)
    with c.builder.if_then(c.builder.not_(failed)):
        word = c.pyapi.long_as_ulonglong(address)
        c.builder.store(c.builder.inttoptr(word, pointer_type), pointer)
        c.pyapi.decref(address)
    return extending.NativeValue(c.builder.load(pointer), is_error=failed)


@extending.infer_getattr
class _StructAttributes(AttributeTemplate):
    key = StructType

    def generic_resolve(self, kind: StructType, name: str) -> Any:  # type: ignore[override]
        return kind.members.get(name)


@extending.lower_getattr_generic(StructType)
def _field(context: Any, builder: Any, kind: StructType, pointer: Any, name: str) -> Any:
    """Reads a field. No compiled function writes its words, so that one reading is enough."""
    member, offset = kind.members[name], kind.offsets[name]
    never_changes = builder.module.add_metadata([])

    def word(index: int) -> Any:
        address = builder.gep(pointer, [ir.Constant(ir.IntType(32), index)])
        loaded = builder.load(address)
        loaded.set_metadata("invariant.load", never_changes)
        return loaded

    if not isinstance(member, types.Array):
        return builder.bitcast(word(offset), context.get_value_type(member))
    shape = [word(offset + 1 + axis) for axis in range(member.ndim)]
    size = context.get_abi_sizeof(context.get_data_type(member.dtype))
    strides = [context.get_constant(types.intp, size)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = arrayobj.make_array(member)(context, builder)
    arrayobj.populate_array(
        array,
        data=builder.inttoptr(word(offset), array.data.type),
        shape=shape,
        strides=strides,
        itemsize=context.get_constant(types.intp, size),
        meminfo=None,
    )
    return array._getvalue()


_STAMP = _digest(SOURCES)
_CACHE = cache_folder(SOURCES)
say_where_code_is_kept(_CACHE)
