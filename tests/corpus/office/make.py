#!/usr/bin/env python3
"""Makes the encrypted variants that LibreOffice does not write, from its plain files here.

Run after libreoffice.py. Needs python3-olefile and python3-cryptography.
The password is "weir"; files named velvet-* have the one that Excel tries by itself. Nothing here
is random: a second run gives the same bytes.
"""
import hashlib
import os
import struct
import zipfile

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import cfb

SALT, VERIFIER = bytes(range(16)), bytes(range(100, 116))
VELVET = "VelvetSweatshop"


def rc4(key, data):
    return Cipher(algorithms.ARC4(key), None).encryptor().update(data)


def ecb(key, data):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)


def save(name, data):
    with open(name, "wb") as out:
        out.write(data)


def load(name):
    with open(name, "rb") as file:
        return file.read()


# 2.3.4.5 to 2.3.4.9
def standard(source, password, name):
    state = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    for i in range(50000):
        state = hashlib.sha1(struct.pack("<I", i) + state).digest()
    state = hashlib.sha1(state + b"\0\0\0\0").digest()
    key = hashlib.sha1(bytes(a ^ 0x36 for a in state.ljust(64, b"\0"))).digest()[:16]
    plain = load(source)
    header = struct.pack("<IIIIIIII", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + \
        "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    info = struct.pack("<HHII", 4, 2, 0x24, len(header)) + header
    info += struct.pack("<I", 16) + SALT + ecb(key, VERIFIER) + struct.pack("<I", 20)
    info += ecb(key, hashlib.sha1(VERIFIER).digest().ljust(32, b"\0"))
    package = struct.pack("<Q", len(plain)) + ecb(key, plain + b"\0" * (-len(plain) % 16))
    save(name, cfb.write({"EncryptionInfo": info, "EncryptedPackage": package}))


def crypto_api_block(password, bits, number):
    first = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    key = hashlib.sha1(first + struct.pack("<I", number)).digest()[:bits // 8]
    return key.ljust(16, b"\0") if bits == 40 else key


def crypto_api_info(password, bits):
    header = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + \
        "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16-le")
    sealed = rc4(crypto_api_block(password, bits, 0), VERIFIER + hashlib.sha1(VERIFIER).digest())
    info = struct.pack("<HHII", 2, 2, 4, len(header)) + header
    return info + struct.pack("<I", 16) + SALT + sealed[:16] + struct.pack("<I", 20) + sealed[16:]


PLAIN_RECORDS = (0x0809, 0x002F, 0x0194, 0x0195, 0x00E1, 0x0196, 0x0138)


def records(stream):
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4:at + 4 + size]
        at += 4 + size


def with_file_pass(workbook, body):
    """Each offset of a sheet moves by the length of the record put in."""
    pass_record = struct.pack("<HH", 0x2F, len(body)) + body
    out = []
    for i, (kind, data) in enumerate(records(workbook)):
        if kind == 0x85:
            data = struct.pack("<I", struct.unpack_from("<I", data)[0] + len(pass_record)) + data[4:]
        out.append((kind, data))
        if i == 0:
            out.append((0x2F, body))
    return out


def encrypt_workbook(source, body, cipher, name):
    streams = cfb.rewritten(source)
    at, result = 0, b""
    for kind, data in with_file_pass(streams["Workbook"], body):
        keep = len(data) if kind in PLAIN_RECORDS else 4 if kind == 0x85 else 0
        at += 4
        data = data[:keep] + cipher(data[keep:], at + keep, len(data))
        result += struct.pack("<HH", kind, len(data)) + data
        at += len(data)
    streams["Workbook"] = result
    save(name, cfb.write(streams))


def xls_crypto_api(source, password, bits, name):
    def cipher(data, at, _):
        out = b""
        while data:
            number, within = divmod(at, 1024)
            now = data[:1024 - within]
            out += rc4(crypto_api_block(password, bits, number), b"\0" * within + now)[within:]
            data, at = data[len(now):], at + len(now)
        return out
    encrypt_workbook(source, struct.pack("<H", 1) + crypto_api_info(password, bits), cipher, name)


# 2.3.7.1 and 2.3.7.2, as a shift register
def xor_array(password):
    def step(state):
        return (state << 1 ^ (0x1021 if state & 0x8000 else 0)) & 0xFFFF
    text = password.encode()
    key, element, verifier = 0xFFFF, 0x1021, 0
    for _ in range(8 * len(text)):
        key = step(key)
    for byte in reversed(text):
        for bit in range(7):
            key ^= element if byte >> bit & 1 else 0
            element = step(element)
    for byte in reversed(text):
        verifier = (verifier << 1 & 0x7FFF | verifier >> 14) ^ byte
    verifier = (verifier << 1 & 0x7FFF | verifier >> 14) ^ len(text) ^ 0xCE4B
    padding = bytes.fromhex("bbffffbaffffb98000be0f00bf0f00")
    mixed = [b ^ (key >> 8 if i % 2 else key & 255)
             for i, b in enumerate((text + padding)[:16])]
    return key, verifier, bytes((b >> 1 | b << 7) & 255 for b in mixed)


def xls_xor(source, password, name):
    key, verifier, array = xor_array(password)

    def cipher(data, at, size):
        return bytes(((b << 5 | b >> 3) & 255) ^ array[(at + i + size) % 16]
                     for i, b in enumerate(data))
    encrypt_workbook(source, struct.pack("<HHH", 0, key, verifier), cipher, name)


# The table stream begins with the header of the encryption; its content does not matter here.
def doc_crypto_api(source, password, name):
    streams = cfb.rewritten(source)
    fib = bytearray(streams["WordDocument"])
    info = crypto_api_info(password, 128)
    struct.pack_into("<H", fib, 10, struct.unpack_from("<H", fib, 10)[0] | 0x100)
    struct.pack_into("<I", fib, 14, len(info))
    table = "1Table" if fib[11] & 2 else "0Table"
    for number in range(0, (len(fib) + 511) // 512):
        begin = max(68, number * 512)
        key = crypto_api_block(password, 128, number)
        end = min(len(fib), number * 512 + 512)
        fib[begin:end] = rc4(key, b"\0" * (begin - number * 512) + fib[begin:end])[begin - number * 512:]
    streams["WordDocument"], streams[table] = bytes(fib), info + streams[table]
    save(name, cfb.write(streams))


# [MS-OVBA] 2.4.1, literals and one kind of copy: as far as a test of the reader needs it.
def compressed(text):
    out = b"\x01"
    for begin in range(0, len(text), 4096):
        chunk, body, at = text[begin:begin + 4096], b"", 0
        while at < len(chunk):
            flags, tokens = 0, b""
            for bit in range(8):
                if at >= len(chunk):
                    break
                bits = max(4, (at - 1).bit_length() if at else 4)
                most = min(len(chunk) - at, (0xFFFF >> bits) + 3)
                length, back = 0, 0
                for distance in range(1, min(at, 1 << bits) + 1):
                    n = 0
                    while n < most and chunk[at - distance + n] == chunk[at + n]:
                        n += 1
                    if n > length:
                        length, back = n, distance
                if length >= 3:
                    flags |= 1 << bit
                    tokens += struct.pack("<H", back - 1 << 16 - bits | length - 3)
                    at += length
                else:
                    tokens += chunk[at:at + 1]
                    at += 1
            body += bytes([flags]) + tokens
        out += struct.pack("<H", 0xB000 | len(body) - 1) + body
    return out


def record(kind, data):
    return struct.pack("<HI", kind, len(data)) + data


def vba_dir(modules):
    out = record(1, struct.pack("<I", 1)) + record(2, struct.pack("<I", 1033))
    out += record(0x14, struct.pack("<I", 1033)) + record(3, struct.pack("<H", 1252))
    out += record(4, b"VBAProject") + record(5, b"") + record(0x40, b"")
    out += record(6, b"") + record(0x3D, b"") + record(7, struct.pack("<I", 0))
    out += record(8, struct.pack("<I", 0)) + record(9, struct.pack("<I", 1)) + struct.pack("<H", 1)
    out += record(0x0C, b"") + record(0x3C, b"")
    out += record(0x0F, struct.pack("<H", len(modules))) + record(0x13, b"\xff\xff")
    for name, offset in modules:
        utf = name.encode("utf-16-le")
        out += record(0x19, name.encode()) + record(0x47, utf) + record(0x1A, name.encode())
        out += record(0x32, utf) + record(0x1C, b"") + record(0x48, b"")
        out += record(0x31, struct.pack("<I", offset)) + record(0x1E, struct.pack("<I", 0))
        out += record(0x2C, b"\xff\xff") + record(0x21, b"") + record(0x2B, b"")
    return out + record(0x10, b"")


MACRO = ('Attribute VB_Name = "Module1"\r\nSub Auto_Open()\r\n' +
         '  MsgBox "weir macro"\r\n' * 300 + "End Sub\r\n").encode()


def with_macros(source, name):
    streams = cfb.rewritten(source)
    compiled = bytes(range(64))
    base = "_VBA_PROJECT_CUR/"
    streams[base + "PROJECT"] = b'ID="{00000000-0000-0000-0000-000000000000}"\r\nModule=Module1\r\n'
    streams[base + "VBA/dir"] = compressed(vba_dir([("Module1", len(compiled))]))
    streams[base + "VBA/_VBA_PROJECT"] = b"\xcc\x61\xff\xff\0\0\0"
    streams[base + "VBA/Module1"] = compiled + compressed(MACRO)
    save(name, cfb.write(streams))


def ole_native(name, data):
    body = struct.pack("<H", 2) + name + b"\0" + b"C:\\" + name + b"\0" + struct.pack("<HH", 0, 3)
    path = b"C:\\Temp\\" + name + b"\0"
    body += struct.pack("<I", len(path)) + path + struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(body)) + body


def irm(source, name):
    sealed = b"\0" * 8 + hashlib.sha256(load(source)).digest() * 64
    spaces = "\x06DataSpaces/"
    save(name, cfb.write({"EncryptedPackage": sealed, spaces + "Version": b"\x3c\0\0\0",
                          spaces + "DataSpaceInfo/DRMEncryptedDataSpace": b"\x08\0\0\0",
                          spaces + "TransformInfo/DRMEncryptedTransform/\x06Primary": b"\0" * 64}))


def hwp(name, flags):
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags)
    save(name, cfb.write({"FileHeader": header.ljust(256, b"\0"), "DocInfo": b"\0" * 64,
                          "BodyText/Section0": b"\0" * 128}))


def manifest_zip(name, members, manifest):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as out:
        for member, data in members.items():
            out.writestr(zipfile.ZipInfo(member), data)
        if manifest:
            out.writestr(zipfile.ZipInfo("META-INF/manifest.xml"), manifest)


def odf_manifest(path, algorithm, extra=""):
    head = '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    return (head + f'{extra}<m:file-entry m:full-path="/" m:media-type="x"/>'
            f'<m:file-entry m:full-path="{path}" m:size="9"><m:encryption-data m:checksum="">'
            f'<m:algorithm m:algorithm-name="{algorithm}" m:initialisation-vector=""/>'
            f'</m:encryption-data></m:file-entry></m:manifest>')


MIME = "application/vnd.oasis.opendocument.text"


# [MS-OXMSG]: one message with an attachment, and one more with a file in it.
def message(name):
    inner = "__attach_version1.0_#00000001/__substg1.0_3701000D/"
    save(name, cfb.write({
        "__properties_version1.0": b"\0" * 32,
        "__substg1.0_1000001F": "Hello weir".encode("utf-16-le"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"first attachment" * 400,
        "__attach_version1.0_#00000000/__substg1.0_3704001E": b"OFFER~1.ZIP",
        "__attach_version1.0_#00000000/__substg1.0_3707001F": "offer \u00e4.zip".encode("utf-16-le"),
        inner + "__attach_version1.0_#00000000/__substg1.0_37010102": b"inner attachment",
        inner + "__attach_version1.0_#00000000/__substg1.0_3704001E": b"run.vbs\0"}, version=4))


def msi_name(text, table):
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
    out = "\u4840" if table else ""
    for i in range(0, len(text), 2):
        codes = [alphabet.index(c) for c in text[i:i + 2]]
        out += chr(0x3800 + codes[0] + codes[1] * 64 if len(codes) == 2 else 0x4800 + codes[0])
    return out


def ppt_record(kind, body):
    return struct.pack("<HHI", 0, kind, len(body)) + body


# [MS-PPT] 2.3: one object, encrypted under its persist id, and what describes the encryption.
def presentation(name, password):
    body = ppt_record(0x03E8, "slides of weir".encode("utf-16-le"))
    token = 0xE391C05F
    objects, session = [(1, 0)], b""
    if password:
        body = rc4(crypto_api_block(password, 128, 1), body)
        token = 0xF3D1C4DF
        session = ppt_record(0x2F14, crypto_api_info(password, 128))
        objects.append((2, len(body)))
    document = body + session
    directory_at = len(document)
    document += ppt_record(0x1772, b"".join(
        struct.pack("<II", 1 << 20 | number, offset) for number, offset in objects))
    edit_at = len(document)
    edit = struct.pack("<IIIIIII", 0, 0, 0, directory_at, 1, len(objects), 0)
    document += ppt_record(0x0FF5, edit + (struct.pack("<I", 2) if password else b""))
    user = ppt_record(0x0FF6, struct.pack("<III", 0x14, token, edit_at) + b"\0" * 12)
    save(name, cfb.write({"PowerPoint Document": document, "Current User": user}))


# [MS-ONESTORE]: the header, one list of file nodes, files in between.
def section(name, files, encrypted):
    guid = bytes.fromhex
    head = bytearray(1024)
    head[:16] = guid("e4525c7b8cd8a74daeb15378d02996d3")
    head[48:64] = guid("3fdd9a101b91f549a5d01791edc8aed8")

    def fragment(nodes, size):
        body = struct.pack("<QII", 0xA4567AB1F5F7F4C4, 0x10, 0) + nodes
        return body.ljust(size - 20, b"\0") + struct.pack("<QIQ", 0xFFFFFFFFFFFFFFFF, 0,
                                                          0x8BC215C38233BA4B)
    # A reference to a second list: 8 bytes of place, 4 of size.
    node = struct.pack("<IQI", 0x08 | 16 << 10 | 2 << 27, 1280, 256)
    kind = 0x7C if encrypted else 0x1C
    root, second = fragment(node, 256), fragment(struct.pack("<I", kind | 4 << 10), 256)
    struct.pack_into("<QI", head, 172, 1024, 256)
    out = bytes(head) + root + second
    for data in files:
        out += guid("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<QIQ", len(data), 0, 0)
        out += data + b"\0" * (-len(data) % 8) + guid("22a7fb71790f0b4abb13899256426b24")
    save(name, out)


def tnef(name):
    def attribute(level, kind, data):
        return struct.pack("<BII", level, kind, len(data)) + data + struct.pack(
            "<H", sum(data) & 0xFFFF)
    long_name = "long name.docx\0".encode("utf-16-le")
    properties = struct.pack("<I", 2) + struct.pack("<HHI", 3, 0x0E20, 5)
    properties += struct.pack("<HHII", 0x1F, 0x3707, 1, len(long_name)) + long_name + b"\0" * 2
    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    out += attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, b"LONGNA~1.DOC\0")
    out += attribute(2, 0x0006800F, b"first file") + attribute(2, 0x00069005, properties)
    out += attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, b"second.txt\0")
    save(name, out + attribute(2, 0x0006800F, b"second file"))


def rtf_objects(name):
    native = ole_native(b"run.js", b"WScript.Echo(1)")[4:]

    def ole1(kind, data):
        return struct.pack("<III", 0x501, 2, len(kind)) + kind + b"\0" * 8 + struct.pack(
            "<I", len(data)) + data
    package = ole1(b"Package\0", native).hex()
    hidden = package[:9] + "\r\n{\\*\\junk 41 42}" + package[9:20] + "\\'ab {\\b " + package[20:41] + "}"
    hidden += package[41:]
    raw = ole1(b"Word.Document.8\0", b"not a compound file")
    text = "{\\rtf1 weir {\\object\\objemb{\\*\\objclass Package}{\\*\\objdata " + package + "}}"
    text += "{\\object{\\*\\objdata " + hidden + "}}"
    out = text.encode() + b"{\\object{\\*\\objdata\\bin%d " % len(raw) + raw + b"}}"
    save(name, out + b"{\\object{\\*\\objdata 000102}}}")


def main():
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    standard("plain.docx", "weir", "standard.docx")
    standard("plain.xlsx", VELVET, "velvet-standard.xlsx")
    save("extensible.docx", cfb.write({
        "EncryptionInfo": struct.pack("<HHI", 3, 3, 0x10) + b"\0" * 64,
        "EncryptedPackage": hashlib.sha256(b"weir").digest() * 200}))
    xls_crypto_api("plain.xls", "weir", 128, "cryptoapi.xls")
    xls_crypto_api("plain.xls", VELVET, 40, "velvet-cryptoapi.xls")
    xls_xor("plain.xls", "weir", "xor.xls")
    xls_xor("plain.xls", VELVET, "velvet-xor.xls")
    doc_crypto_api("plain.doc", "weir", "cryptoapi.doc")
    with_macros("plain.xls", "macro.xls")
    irm("plain.docx", "irm.docx")
    save("irm.doc", cfb.write({"WordDocument": b"\0" * 600, "\x09DRMContent": b"\1" * 5000}))
    hwp("plain.hwp", 1)
    hwp("password.hwp", 3)
    hwp("drm.hwp", 0x11)
    manifest_zip("blowfish.odt", {"mimetype": MIME, "content.xml": b"\1" * 9},
                 odf_manifest("content.xml", "Blowfish CFB"))
    manifest_zip("package.odt", {"mimetype": MIME, "encrypted-package": b"\1" * 9},
                 odf_manifest("encrypted-package", "http://www.w3.org/2009/xmlenc11#aes256-gcm"))
    manifest_zip("pgp.odt", {"mimetype": MIME, "encrypted-package": b"\1" * 9},
                 odf_manifest("encrypted-package", "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
                              "<m:keyinfo><m:encrypted-key><m:PGPData/></m:encrypted-key></m:keyinfo>"))
    manifest_zip("plain.pages", {"Index/Document.iwa": b"\0" * 9}, None)
    manifest_zip("password.pages", {"Index/Document.iwa": b"\1" * 9, ".iwpv2": b"\2" * 9,
                                    ".iwph": b"hint"}, None)
    message("message.msg")
    save("names.msi", cfb.write({msi_name("File", True): b"\0" * 8, msi_name("Data.cab", False):
                                 b"MSCF" * 2, "\x05SummaryInformation": b"\0" * 8}))
    presentation("plain.ppt", "")
    presentation("cryptoapi.ppt", "weir")
    presentation("velvet.ppt", "/01Hannes Ruescher/01")
    section("plain.one", [b"first file", b"second file!"], False)
    section("password.one", [], True)
    tnef("winmail.dat")
    rtf_objects("objects.rtf")
    streams = cfb.rewritten("plain.doc")
    streams["ObjectPool/_1/\x01Ole10Native"] = ole_native(b"run.cmd", b"echo weir\r\n")
    streams["ObjectPool/_2/EncryptedPackage"] = b"\1" * 64
    save("embedded.doc", cfb.write(streams))


if __name__ == "__main__":
    main()
