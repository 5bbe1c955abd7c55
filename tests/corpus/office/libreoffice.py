#!/usr/bin/env python3
"""Makes plain.*, password.*, velvet-rc4.xls and sheet-protected.* with LibreOffice 7.4 over UNO.

Usage: libreoffice.py FOLDER. Needs libreoffice-writer-nogui, libreoffice-calc-nogui, python3-uno.
"""
import os
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue

PORT = 2402


def option(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def connect():
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(60):
        try:
            there = resolver.resolve(
                f"uno:socket,host=127.0.0.1,port={PORT};urp;StarOffice.ComponentContext")
            return there.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", there)
        except Exception:
            time.sleep(1)
    sys.exit("LibreOffice does not answer")


def save(folder, document, name, form, **options):
    document.storeToURL(f"file://{folder}/{name}", (option("FilterName", form),) + tuple(
        option(key, value) for key, value in options.items()))


def make(desktop, folder):
    def new(kind):
        return desktop.loadComponentFromURL("private:factory/" + kind, "_blank", 0,
                                            (option("Hidden", True),))
    text = new("swriter")
    text.Text.String = "An invoice for weir. " * 5
    for name, form in (("plain.doc", "MS Word 97"), ("plain.docx", "MS Word 2007 XML"),
                       ("plain.odt", "writer8"), ("plain.rtf", "Rich Text Format")):
        save(folder, text, name, form)
    save(folder, text, "password.doc", "MS Word 97", Password="weir")
    save(folder, text, "password.odt", "writer8", Password="weir")
    text.close(True)
    table = new("scalc")
    sheet = table.Sheets.getByIndex(0)
    for i in range(10):
        sheet.getCellByPosition(0, i).String = f"row {i} of weir"
    save(folder, table, "plain.xls", "MS Excel 97")
    save(folder, table, "plain.xlsx", "Calc MS Excel 2007 XML")
    save(folder, table, "password.xls", "MS Excel 97", Password="weir")
    save(folder, table, "velvet-rc4.xls", "MS Excel 97", Password="VelvetSweatshop")
    sheet.protect("secret")
    save(folder, table, "sheet-protected.xls", "MS Excel 97")
    save(folder, table, "sheet-protected.xlsx", "Calc MS Excel 2007 XML")
    table.close(True)


def main():
    with tempfile.TemporaryDirectory() as profile:
        office = subprocess.Popen(
            ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{profile}",
             f"--accept=socket,host=127.0.0.1,port={PORT};urp;"])
        desktop = connect()
        make(desktop, os.path.abspath(sys.argv[1]))
        try:
            desktop.terminate()
        except Exception:
            pass
        office.wait(30)


if __name__ == "__main__":
    main()
