"""Writes a compound file ([MS-CFB], version 3 or 4) from {path: bytes}; paths have '/' between names."""
import struct

FREE, END, FATSECT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def chain(count, first):
    return [first + i + 1 for i in range(count - 1)] + [END] if count else []


def pad(data, size):
    return data + b"\0" * (-len(data) % size)


def write(streams, version=3):
    size_of_sector = 512 if version == 3 else 4096
    entries = [["Root Entry", 5, None, [], b""]]  # name, type, parent, children, data
    index = {"": 0}
    for path, data in streams.items():
        parent = ""
        parts = path.split("/")
        for i, part in enumerate(parts):
            here = "/".join(parts[: i + 1])
            if here not in index:
                kind = 2 if i == len(parts) - 1 and data is not None else 1
                index[here] = len(entries)
                entries.append([part, kind, index[parent], [], data if kind == 2 else b""])
                entries[index[parent]][3].append(index[here])
            parent = here
    mini, mini_fat, big = b"", [], []
    place = {}
    for i, entry in enumerate(entries):
        data = entry[4]
        if entry[1] != 2:
            continue
        if len(data) < 4096:
            count = (len(data) + 63) // 64
            place[i] = len(mini_fat) if count else END
            mini_fat += chain(count, len(mini_fat))
            mini += pad(data, 64)
        else:
            big.append(i)
    sectors, fat = [], []

    def add(data):
        data = pad(data, size_of_sector)
        count, first = len(data) // size_of_sector, len(sectors)
        sectors.extend(data[k:k + size_of_sector] for k in range(0, len(data), size_of_sector))
        fat.extend(chain(count, first))
        return first if count else END

    for i in big:
        place[i] = add(entries[i][4])
    mini_start = add(mini)
    mini_fat_start = add(b"".join(struct.pack("<I", x) for x in mini_fat))
    directory = b""
    for i, (name, kind, _, children, data) in enumerate(entries):
        siblings = entries[entries[i][2]][3] if i else []
        right = FREE
        if i and siblings.index(i) + 1 < len(siblings):
            right = siblings[siblings.index(i) + 1]
        child = children[0] if children else FREE
        utf = name.encode("utf-16-le") + b"\0\0"
        start = mini_start if i == 0 else place.get(i, 0)
        size = len(mini) if i == 0 else len(data)
        directory += struct.pack("<64sHBBIII16sIQQIQ", utf, len(utf), kind, 1, FREE, right, child,
                                 b"", 0, 0, 0, start, size)
    directory_start = add(directory)
    count = 1
    while (len(fat) + count) * 4 > count * size_of_sector:
        count += 1
    fat_start = len(sectors)
    fat += [FATSECT] * count
    table = b"".join(struct.pack("<I", x) for x in fat)
    table += b"\xff" * (count * size_of_sector - len(table))
    header = struct.pack("<8s16sHHHHH6sIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, version,
                         0xFFFE, size_of_sector.bit_length() - 1, 6, b"", 0, count, directory_start, 0, 4096, mini_fat_start,
                         (len(mini_fat) * 4 + size_of_sector - 1) // size_of_sector, END, 0)
    difat = [fat_start + i for i in range(count)]
    difat += [FREE] * (109 - count)
    header += b"".join(struct.pack("<I", x) for x in difat)
    return pad(header, size_of_sector) + b"".join(sectors) + table


def rewritten(path):
    """The streams of an existing file, as write() takes them."""
    import olefile
    with olefile.OleFileIO(path) as ole:
        return {"/".join(name): ole.openstream(name).read() for name in ole.listdir()}
