#!/usr/bin/env python3
"""Reads native files (.imgc), written from formats/imgc.md alone.

    imgc_reader.py FILE            what it holds, as JSON
    imgc_reader.py --verify FILE   reads everything and checks every rule, R1 to R15
    imgc_reader.py --tensor NAME FILE > bytes

A file whose weights are differences to a teacher's file needs that one beside it, or in a folder of
IMGCONV_PATH.

Needs Python 3.8 and one zstd: `compression.zstd` (Python 3.14), the `zstandard` package, or the
`zstd` program. The `xxhash` package, where there is one, makes it faster. Exit status: 0 done, 2 the file breaks a rule, 4 it is over a limit.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import sys

CHUNK = 4 << 20
WIDTHS = {
    "float32": (4, 1), "complex64": (4, 1), "float64": (8, 1), "complex128": (8, 1),
    "float16": (2, 1), "bfloat16": (2, 1), "int16": (2, 0), "uint16": (2, 0), "int32": (4, 0),
    "uint32": (4, 0), "int64": (8, 0), "uint64": (8, 0)}
BITS = {
    "float32": 32, "uint8": 8, "int8": 8, "uint16": 16, "int16": 16, "int32": 32, "int64": 64,
    "bool": 8, "float16": 16, "float64": 64, "uint32": 32, "uint64": 64, "complex64": 64,
    "complex128": 128, "bfloat16": 16, "float8e4m3fn": 8, "float8e4m3fnuz": 8, "float8e5m2": 8,
    "float8e5m2fnuz": 8, "uint4": 4, "int4": 4, "float4e2m1": 4, "float8e8m0": 8, "uint2": 2,
    "int2": 2, "float6e2m3": 6, "float6e3m2": 6}
FLOATS = {"float32", "float64", "float16", "bfloat16"}


class Refused(Exception):
    """A rule that the file breaks."""

    def __init__(self, rule, text, is_limit=False):
        super().__init__(f"{rule}: {text}")
        self.is_limit = is_limit


def require(condition, rule, text):
    if not condition:
        raise Refused(rule, text)


def limit(condition, text):
    if not condition:
        raise Refused("limit", text, True)


# --- XXH64 --------------------------------------------------------------------------------------

P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
MASK = (1 << 64) - 1


def rotated(x, bits):
    return (x << bits | x >> (64 - bits)) & MASK


def mixed(lane, word):
    return rotated((lane + word * P2) & MASK, 31) * P1 & MASK


def stripes(data):
    """The hash of the whole stripes of 32 bytes, of which there is one or more."""
    lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
    for words in struct.iter_unpack("<4Q", data[:len(data) & ~31]):
        lanes = [mixed(lane, word) for lane, word in zip(lanes, words)]
    value = sum(rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    for lane in lanes:
        value = ((value ^ mixed(0, lane)) * P1 + P4) & MASK
    return value


def xxh64(data):
    """The XXH64 of `data` with seed 0 (xxHash's specification), as 16 hexadecimal digits."""
    try:
        import xxhash
        return xxhash.xxh64_hexdigest(data)
    except ImportError:
        pass
    value = ((stripes(data) if len(data) >= 32 else P5) + len(data)) & MASK
    position = len(data) & ~31
    while len(data) - position >= 8:
        word = int.from_bytes(data[position:position + 8], "little")
        value = (rotated(value ^ mixed(0, word), 27) * P1 + P4) & MASK
        position += 8
    if len(data) - position >= 4:
        word = int.from_bytes(data[position:position + 4], "little")
        value = (rotated(value ^ word * P1 & MASK, 23) * P2 + P3) & MASK
        position += 4
    for byte in data[position:]:
        value = rotated(value ^ byte * P5 & MASK, 11) * P1 & MASK
    value = (value ^ value >> 33) * P2 & MASK
    value = (value ^ value >> 29) * P3 & MASK
    return f"{value ^ value >> 32:016x}"


# --- zstd ---------------------------------------------------------------------------------------


def frame_size(data, offset, rule="R9"):
    """Checks a frame's form; the content size that it states and where it ends."""
    require(data[offset:offset + 4] == b"\x28\xb5\x2f\xfd", rule, "a zstd data frame")
    require(len(data) >= offset + 6, rule, "a whole frame header")
    descriptor = data[offset + 4]
    require(not descriptor & 0x08, rule, "the reserved bit clear")
    require(descriptor & 0x04, rule, "a content checksum")
    require(not descriptor & 0x03, rule, "no dictionary")
    position, flag, single = offset + 5, descriptor >> 6, descriptor & 0x20
    if not single:
        exponent, mantissa = data[position] >> 3, data[position] & 7
        limit((1 << (10 + exponent)) * (8 + mantissa) <= 8 << 23, "a window of at most 2^23 bytes")
        position += 1
    width = {0: 1 if single else 0, 1: 2, 2: 4, 3: 8}[flag]
    require(width > 0, rule, "a content size")
    require(len(data) >= position + width, rule, "a whole frame header")
    content = int.from_bytes(data[position:position + width], "little")
    content += 256 if width == 2 else 0
    position += width
    last = False
    while not last:
        require(len(data) >= position + 3, rule, "a whole block header")
        header = int.from_bytes(data[position:position + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        require(kind != 3, rule, "a known block type")
        position += 3 + (1 if kind == 1 else size)
    require(len(data) >= position + 4, rule, "a whole frame")
    return content, position + 4


def decompressor():
    """A function from a frame (or frames) and their content size to the content."""
    try:
        from compression import zstd
        return lambda frame, size: zstd.decompress(frame)
    except ImportError:
        pass
    try:
        import zstandard
        return lambda frame, size: b"".join(
            zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(part)
            for part in [frame])
    except ImportError:
        pass

    def program(frame, size):
        done = subprocess.run(
            ["zstd", "-d", "-q", "-c", "-M128MB"], input=frame, capture_output=True, check=False)
        require(done.returncode == 0, "R9", "frames that decode: " + done.stderr.decode().strip())
        return done.stdout
    return program


DECOMPRESS = decompressor()


def decode(frames, sizes, rule):
    """The contents of `frames`, one after another, each `sizes` bytes long in the file."""
    position, plain = 0, 0
    for size, content in sizes:
        stated, end = frame_size(frames, position, rule)
        require(end == position + size, rule, f"a frame of {size} bytes")
        require(stated == content, rule, f"a content size of {content}, found {stated}")
        position, plain = end, plain + content
    require(position == len(frames), rule, "nothing behind the frames")
    try:
        result = DECOMPRESS(frames, plain)
    except Refused:
        raise
    except Exception as error:  # the modules have error classes of their own
        raise Refused(rule, f"frames that decode: {error}") from error
    require(len(result) == plain, rule, f"{plain} bytes of content, found {len(result)}")
    return result


# --- JSON that keeps its numbers as they are written ----------------------------------------------


class Number(str):
    """A number's text."""


def pairs(members):
    names = [name for name, _ in members]
    require(len(set(names)) == len(names), "R5", "each member once")
    return dict(members)


def bad_constant(text):
    raise Refused("R5", f"JSON, found {text}")


def parse(text):
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=pairs, parse_int=Number, parse_float=Number,
            parse_constant=bad_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("R5", f"JSON: {error}") from error


def quoted(text):
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(
        escapes.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def written(value):
    """The text of `value` without white space."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return "{" + ",".join(f"{quoted(k)}:{written(v)}" for k, v in value.items()) + "}"


def integer(value, what):
    require(isinstance(value, Number) and re.fullmatch(r"-?\d+", value), "R5", f"{what}: an integer")
    return int(value)


def natural(value, what):
    number = integer(value, what)
    require(0 <= number < 1 << 63, "R5", f"{what}: a number from 0 on")
    return number


def text(value, what):
    require(isinstance(value, str) and not isinstance(value, Number), "R5", f"{what}: a string")
    return value


def members(value, what, required, optional=()):
    require(isinstance(value, dict), "R5", f"{what}: an object")
    for name in required:
        require(name in value, "R5", f"{what}.{name}: a value")
    for name in value:
        require(name in required or name in optional, "R5", f"{what}.{name}: no such member")
    return value


def array(value, what):
    require(isinstance(value, list), "R5", f"{what}: an array")
    return value


def checksum(value, what):
    require(re.fullmatch("[0-9a-f]{16}", text(value, what)), "R5", f"{what}: 16 hexadecimal digits")
    return value


def digest(value, what):
    require(re.fullmatch("[0-9a-f]{64}", text(value, what)), "R5", f"{what}: 64 hexadecimal digits")
    return value


# --- the file -------------------------------------------------------------------------------------


class ImgcFile:
    """An open native file."""

    def __init__(self, path, may_need_teacher=True):
        self.path, self.may_need_teacher = path, may_need_teacher
        self.file = open(path, "rb")
        self.size = os.fstat(self.file.fileno()).st_size
        require(self.size >= 96, "R1", "at least 96 bytes")
        header = struct.pack("<II4sHH", 0x184D2A5C, 8, b"IMGC", 2, 0)
        require(self.bytes(0, 16) == header, "R1", "the header of version 2")
        self.document = parse(self.manifest_text())
        self.check_manifest()

    def bytes(self, offset, count):
        self.file.seek(offset)
        data = self.file.read(count)
        require(len(data) == count, "R2", "a file that is not cut short")
        return data

    def manifest_text(self):
        (magic, size, self.offset, stored, plain, sha, file_size, version, flags, name) = (
            struct.unpack("<IIQQQ32sQHH4s", self.bytes(self.size - 80, 80)))
        require((magic, size) == (0x184D2A5D, 72), "R2", "the footer's frame")
        require((version, flags, name) == (2, 0, b"CGMI"), "R2", "the footer of version 2")
        require(file_size == self.size, "R2", f"a file of {file_size} bytes")
        require(self.offset >= 16 and self.offset + stored + 80 == self.size, "R3",
                "a manifest before the footer")
        limit(plain <= 512 << 20 and plain <= (64 << 20) + 200 * stored, "a manifest of that size")
        frame = self.bytes(self.offset, stored)
        require(hashlib.sha256(frame).digest() == sha, "R4", "the manifest's digest")
        return decode(frame, [(stored, plain)], "R4")

    def check_manifest(self):
        root = members(self.document, "manifest",
                       ("format", "version", "contentDigest", "components", "blobs"),
                       ("files", "provenance", "teacher"))
        require(root["format"] == "imgc", "R5", 'format: "imgc"')
        require(integer(root["version"], "version") == 2, "R5", "version: 2")
        self.blobs = [self.blob(b, f"blobs[{i}]") for i, b in enumerate(array(root["blobs"], "blobs"))]
        self.check_layout()
        self.check_bases()
        self.teacher = self.open_teacher(root.get("teacher"))
        self.used = set()
        self.components = [
            self.component(c, f"components[{i}]")
            for i, c in enumerate(array(root["components"], "components"))]
        labels = [(c.get("role"), c["name"]) for c in self.components]
        require(len(set(labels)) == len(labels), "R5", "each role and name once")
        self.files = array(root.get("files", []), "files")
        for entry in self.files:
            members(entry, "files", ("path", "blob"))
            text(entry["path"], "path")
            self.reference(entry["blob"], "files")
        require(len(self.used) == len(self.blobs), "R6", "a user for every blob")
        for step in array(root.get("provenance", []), "provenance"):
            self.check_step(step)
        found = hashlib.sha256(self.content_text().encode("utf-8", "surrogatepass")).hexdigest()
        require(found == digest(root["contentDigest"], "contentDigest"), "R13",
                f"the content digest, found {found}")

    def blob(self, value, what):
        members(value, what, ("size", "sha256", "width", "rotate", "chunks"),
                ("base", "teacherBlob"))
        size, width = natural(value["size"], what), natural(value["width"], what)
        rotate = natural(value["rotate"], what)
        require((width, rotate) in set(WIDTHS.values()) | {(1, 0)}, "R7", f"{what}: a known layout")
        chunks = array(value["chunks"], what)
        require(len(chunks) == -(-size // CHUNK), "R7", f"{what}: {-(-size // CHUNK)} chunks")
        require(size % width == 0, "R7", f"{what}: whole elements")
        for chunk in chunks:
            members(chunk, what, ("offset", "planes", "xxh64"), ("difference",))
            require(chunk.get("difference", False) in (True, False), "R5", f"{what}: true or false")
            checksum(chunk["xxh64"], what)
            chunk["offset"] = natural(chunk["offset"], what)
            chunk["planes"] = [natural(p, what) for p in array(chunk["planes"], what)]
            require(len(chunk["planes"]) == width, "R7", f"{what}: {width} planes")
        base = natural(value["base"], what) if "base" in value else None
        outside = digest(value["teacherBlob"], what) if "teacherBlob" in value else None
        return {"size": size, "width": width, "rotate": rotate, "chunks": chunks, "base": base,
                "outside": outside,
                "sha256": digest(value["sha256"], what)}

    def check_bases(self):
        for number, blob in enumerate(self.blobs):
            require(blob["base"] is None or blob["outside"] is None, "R7",
                    f"blobs[{number}]: one base")
            if blob["base"] is None:
                require(blob["outside"] or not any(c.get("difference") for c in blob["chunks"]), "R7",
                        f"blobs[{number}]: a base for differences")
                continue
            require(blob["base"] < number, "R7", f"blobs[{number}]: an earlier base")
            base = self.blobs[blob["base"]]
            require(base["base"] is None and base["outside"] is None and all(
                base[key] == blob[key] for key in ("size", "width", "rotate")), "R7",
                    f"blobs[{number}]: a base of its size and layout")

    def open_teacher(self, value):
        """The blobs of the file that this one's are differences to, by digest."""
        wanted = [b for b in self.blobs if b["outside"]]
        require((value is not None) == bool(wanted), "R7", "a teacher exactly where one is needed")
        if value is None:
            return None
        members(value, "teacher", ("name", "contentDigest"))
        name, content = text(value["name"], "teacher"), digest(value["contentDigest"], "teacher")
        require(name not in ("", ".", "..") and not set(name) & set("/\0"), "R15", "a plain name")
        require(self.may_need_teacher, "R15", "a teacher's file that needs none itself")
        folders = [os.path.dirname(self.path) or "."]
        folders += filter(None, os.environ.get("IMGCONV_PATH", "").split(":"))
        for folder in folders:
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                continue
            try:
                teacher = ImgcFile(path, may_need_teacher=False)
            except Refused:
                continue
            if teacher.document["contentDigest"] == content:
                break
        else:
            raise Refused("R15", f"{name} with content {content}")
        plain = {}
        for blob in teacher.blobs:
            if blob["base"] is None:
                plain.setdefault(blob["sha256"], blob)
        for blob in wanted:
            base = plain.get(blob["outside"])
            require(base and all(base[k] == blob[k] for k in ("size", "width", "rotate")), "R15",
                    f"a blob {blob['outside']} of this size and layout in {name}")
        self.teacher_blobs = plain
        return teacher

    def check_layout(self):
        position = 16
        for number, blob in enumerate(self.blobs):
            for chunk in blob["chunks"]:
                require(chunk["offset"] == position, "R6", f"blobs[{number}]: frames from {position}")
                position += sum(chunk["planes"])
        require(position == self.offset, "R6", "frames up to the manifest")

    def reference(self, value, what):
        number = natural(value, what)
        require(number < len(self.blobs), "R5", f"{what}: a blob's number")
        self.used.add(number)
        return number

    def component(self, value, what):
        members(value, what, ("name", "tensors"),
                ("role", "config", "metadata", "graphs", "quantization"))
        text(value["name"], what)
        require(value.get("role", "teacher") in ("teacher", "student"), "R5", f"{what}: a role")
        if "config" in value:
            self.reference(value["config"], what)
        for key in members(value.get("metadata", {}), what, (), value.get("metadata", {})).values():
            text(key, what)
        tensors = {}
        for entry in array(value["tensors"], what):
            self.check_tensor(entry, what)
            require(entry["name"] not in tensors, "R5", f"{what}: {entry['name']} once")
            tensors[entry["name"]] = entry
        for entry in array(value.get("quantization", []), what):
            self.check_quantization(entry, tensors, what)
        for graph in array(value.get("graphs", []), what):
            self.check_graph(graph, tensors, what)
        return value

    def check_tensor(self, entry, what):
        members(entry, what, ("name", "dtype", "shape", "blob"))
        what = f"{what} {text(entry['name'], what)}"
        dtype = text(entry["dtype"], what)
        require(dtype in BITS or dtype == "string", "R5", f"{what}: an element type")
        shape = [natural(n, what) for n in array(entry["shape"], what)]
        limit(len(shape) <= 64, "at most 64 axes")
        count = 1
        for extent in shape:
            count *= extent
        blob = self.blobs[self.reference(entry["blob"], what)]
        if dtype != "string":
            require(-(-count * BITS[dtype] // 8) == blob["size"], "R10", f"{what}: the blob's size")
        if blob["size"]:
            require((blob["width"], blob["rotate"]) == WIDTHS.get(dtype, (1, 0)), "R10",
                    f"{what}: the blob's layout")

    def check_quantization(self, entry, tensors, what):
        members(entry, what, ("tensor", "originalType", "granularity", "scale", "symmetric"),
                ("zeroPoint",))
        what = f"{what} {entry['tensor']}"
        require(entry["tensor"] in tensors, "R12", f"{what}: a tensor of that name")
        shape = [int(n) for n in tensors[entry["tensor"]]["shape"]]
        granularity = entry["granularity"]
        if granularity == "tensor":
            wanted = []
        elif "channel" in granularity:
            axis = natural(members(granularity, what, ("channel",))["channel"], what)
            require(axis < len(shape), "R12", f"{what}: an axis below {len(shape)}")
            wanted = [shape[axis]]
        else:
            members(granularity, what, ("group", "size"))
            axis, size = natural(granularity["group"], what), natural(granularity["size"], what)
            require(axis < len(shape) and size >= 1, "R12", f"{what}: an axis below {len(shape)}")
            wanted = shape[:axis] + [-(-shape[axis] // size)] + shape[axis + 1:]
        scale = tensors.get(entry["scale"])
        require(scale and scale["dtype"] in FLOATS and [int(n) for n in scale["shape"]] == wanted,
                "R12", f"{what}: a scale of shape {wanted}")
        if "zeroPoint" in entry:
            zero = tensors.get(entry["zeroPoint"])
            require(zero and zero["dtype"] == tensors[entry["tensor"]]["dtype"]
                    and [int(n) for n in zero["shape"]] == wanted, "R12",
                    f"{what}: a zero point of shape {wanted}")
        require(entry["symmetric"] in (True, False), "R5", f"{what}: true or false")

    def check_graph(self, graph, tensors, what):
        members(graph, what, ("name",),
                ("opsets", "inputs", "outputs", "values", "initializers", "nodes"))
        for entry in array(graph.get("initializers", []), what):
            members(entry, what, ("name", "dtype", "shape"), ("weight", "data", "strings"))
            if "weight" in entry:
                tensor = tensors.get(entry["weight"])
                require(tensor and (tensor["dtype"], tensor["shape"]) == (
                    entry["dtype"], entry["shape"]), "R14", f"{what}: the tensor {entry['weight']}")
            elif "data" in entry:
                base64.b64decode(entry["data"], validate=True)
        for node in array(graph.get("nodes", []), what):
            members(node, what, ("op",), ("name", "domain", "inputs", "outputs", "attributes"))
            for attribute in array(node.get("attributes", []), what):
                for inner in [attribute.get("graph")] + attribute.get("graphs", []):
                    if inner is not None:
                        self.check_graph(inner, tensors, what)

    @staticmethod
    def check_step(step):
        members(step, "provenance", ("action", "tool"), ("options", "inputs", "notes", "timestamp"))
        for entry in array(step.get("inputs", []), "provenance"):
            members(entry, "provenance", ("name", "sha256", "size"))
            digest(entry["sha256"], "provenance")

    def content_text(self):
        """The text whose SHA-256 is the content digest."""
        def named(number):
            return self.blobs[int(number)]["sha256"]
        components = []
        for component in self.document["components"]:
            component = dict(component)
            if "config" in component:
                component["config"] = named(component["config"])
            component["tensors"] = [dict(t, blob=named(t["blob"])) for t in component["tensors"]]
            components.append(component)
        files = [{"path": f["path"], "sha256": named(f["blob"])} for f in self.files]
        return written({"components": components, "files": files})

    def read(self, number):
        """The plain bytes of a blob, every digest checked."""
        blob = self.blobs[number]
        data = b"".join(self.chunk(blob, index) for index in range(len(blob["chunks"])))
        require(hashlib.sha256(data).hexdigest() == blob["sha256"], "R11", f"blob {number}: its digest")
        return data

    def chunk(self, blob, index):
        """The plain bytes of a chunk."""
        chunk, width = blob["chunks"][index], blob["width"]
        count = min(CHUNK, blob["size"] - index * CHUNK) // width
        stored = self.bytes(chunk["offset"], sum(chunk["planes"]))
        require(xxh64(stored) == chunk["xxh64"], "R8",
                f"the checksum of the chunk at {chunk['offset']}")
        planes = decode(stored, [(size, count) for size in chunk["planes"]], "R9")
        if not chunk.get("difference"):
            return joined(planes, count, width, blob["rotate"])
        if blob["outside"]:
            base = self.teacher.chunk(self.teacher_blobs[blob["outside"]], index)
        else:
            base = self.chunk(self.blobs[blob["base"]], index)
        return added(joined(planes, count, width, 0), base, width, blob["rotate"])

    def verify(self):
        """Reads everything; the values of R12."""
        for component in self.components:
            entries = component.get("quantization", [])
            scales = {e["scale"] for e in entries}
            symmetric = {e["tensor"] for e in entries if e["symmetric"]}
            if "config" in component:
                self.read(int(component["config"]))
            for tensor in component["tensors"]:
                data, name = self.read(int(tensor["blob"])), tensor["name"]
                if name in scales and tensor["dtype"] == "float32":
                    values = struct.unpack(f"<{len(data) // 4}f", data)
                    require(all(0 < v < float("inf") for v in values), "R12",
                            f"tensor {name}: scales that are finite and above 0")
                if name in symmetric and tensor["dtype"] == "int8":
                    require(0x80 not in data, "R12", f"tensor {name}: no -128")
                if name in symmetric and tensor["dtype"] == "int4":
                    require(not any(b & 15 == 8 or b >> 4 == 8 for b in data), "R12",
                            f"tensor {name}: no -8")
                if tensor["dtype"] == "bool":
                    require(not data.strip(b"\0\1"), "values", f"tensor {name}: 0 or 1")
        for entry in self.files:
            self.read(int(entry["blob"]))


def joined(planes, count, width, rotate):
    """Elements out of their planes: plane p holds byte p of each, rotated left by `rotate`."""
    if width == 1:
        return planes
    data = bytearray(count * width)
    for plane in range(width):
        data[plane::width] = planes[plane * count:(plane + 1) * count]
    if rotate == 0:
        return bytes(data)
    # Rotating back by one bit: each byte takes the lowest bit of the byte above it.
    low = [bytes(value >> 1 for value in range(256)), bytes((value & 1) << 7 for value in range(256))]
    shifted = int.from_bytes(bytes(data).translate(low[0]), "little")
    carried = bytearray(count * width)
    for plane in range(width):
        source = data[(plane + 1) % width::width]
        carried[plane::width] = bytes(source).translate(low[1])
    return (shifted | int.from_bytes(bytes(carried), "little")).to_bytes(count * width, "little")


def added(differences, base, width, rotate):
    """Elements out of their differences to `base`: 2d for d >= 0, -2d - 1 below."""
    code = f"<{len(base) // width}{ {1: 'B', 2: 'H', 4: 'I', 8: 'Q'}[width]}"
    bits, mask = 8 * width, (1 << 8 * width) - 1
    result = []
    for z, b in zip(struct.unpack(code, differences), struct.unpack(code, base)):
        rotated = (b << rotate | b >> (bits - rotate)) & mask
        value = (rotated + (z >> 1 ^ -(z & 1))) & mask
        result.append((value >> rotate | value << (bits - rotate)) & mask)
    return struct.pack(code, *result)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--tensor")
    arguments = parser.parse_args()
    try:
        file = ImgcFile(arguments.file)
        if arguments.verify:
            file.verify()
        if arguments.tensor is not None:
            for component in file.components:
                for tensor in component["tensors"]:
                    if tensor["name"] == arguments.tensor:
                        sys.stdout.buffer.write(file.read(int(tensor["blob"])))
                        return 0
            raise Refused("usage", f"a tensor called {arguments.tensor}")
        tensors = [
            {"component": c["name"], "role": c.get("role"), "name": t["name"], "dtype": t["dtype"],
             "shape": [int(n) for n in t["shape"]], "sha256": file.blobs[int(t["blob"])]["sha256"]}
            for c in file.components for t in c["tensors"]]
        print(json.dumps({"contentDigest": file.document["contentDigest"], "tensors": tensors}))
        return 0
    except Refused as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 4 if error.is_limit else 2


if __name__ == "__main__":
    sys.exit(main())
