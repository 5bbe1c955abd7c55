#!/usr/bin/env python3
"""Measures peers against each other, interleaved (A B C A B C ...), and prints medians and ratios.

  run.py [--peers squid,haproxy,...] [--scenarios keepalive,newconn,...] [--rounds 5] [--out FILE]
  run.py --report FILE... [--quiet 0.3]      prints the tables of earlier runs again
Every run is one JSON line in --out.  Ratios are formed within a round, then their median is taken.
"""
import argparse, collections, glob, json, os, statistics, subprocess, sys, time

DIR = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
# name: (mode, arguments for gen, what one unit is)
SCEN = {
    "keepalive":    ("bump", "--conns 64 --warm --duration {d} --requests 0 --path /1k.bin"),
    "newconn":      ("bump", "--newconn --conns 16 --duration {d} --requests 0 --path /1k.bin"),
    "newconn-full": ("bump", "--newconn --no-resume --conns 16 --duration {d} --requests 0 --path /1k.bin"),
    "newhost":      ("bump", "--newconn --conns 8 --requests 150 --host h%d.hosts.test --path /1k.bin"),
    "bulk1":        ("bump", "--conns 1 --requests 1 --path /1g.bin"),
    "bulk8":        ("bump", "--conns 8 --requests 16 --path /100m.bin"),
    "mid64k":       ("bump", "--conns 16 --warm --duration {d} --requests 0 --path /64k.bin"),
    "h2small":      ("bump", "--h2 --conns 1 --streams 100 --warm --duration {d} --requests 0 --path /1k.bin"),
    "h2bulk":       ("bump", "--h2 --conns 1 --streams 4 --requests 4 --path /100m.bin"),
    "tunnel8":      ("tunnel", "--conns 8 --requests 16 --path /100m.bin"),
    "tunnel-newconn": ("tunnel", "--newconn --conns 16 --duration {d} --requests 0 --path /1k.bin"),
    "scan":         ("scan", "--conns 4 --requests 60 --path /exe/%d.bin"),
    "scan-small":   ("scan", "--conns 16 --warm --duration {d} --requests 0 --path /page.html"),
    "idle":         ("bump", "--conns {idle} --hold 60 --path /1k.bin"),
}
DEFAULT = "keepalive newconn newconn-full newhost mid64k bulk1 bulk8 h2small h2bulk tunnel8 tunnel-newconn scan scan-small idle"


# ---------------------------------------------------------------- processes
def tree(roots):
    kids = collections.defaultdict(list)
    for p in glob.glob("/proc/[0-9]*/stat"):
        try:
            s = open(p).read()
        except OSError:
            continue
        f = s[s.rindex(")") + 2:].split()
        kids[int(f[1])].append(int(s.split(" ", 1)[0]))
    out, todo = [], list(roots)
    while todo:
        p = todo.pop()
        if p not in out:
            out.append(p)
            todo += kids[p]
    return out


def cpu(pids):
    t = 0
    for p in pids:
        try:
            s = open(f"/proc/{p}/stat").read()
        except OSError:
            continue
        f = s[s.rindex(")") + 2:].split()
        t += sum(map(int, f[11:15]))  # its own and that of the children it has waited for
    return t / TICK


def mem(pids, field):
    """MiB: a field of /proc/PID/status (VmHWM, VmRSS) or Pss, summed over the processes."""
    t = 0
    for p in pids:
        try:
            src = open(f"/proc/{p}/" + ("smaps_rollup" if field == "Pss" else "status")).read()
        except OSError:
            continue
        for line in src.splitlines():
            if line.startswith(field + ":"):
                t += int(line.split()[1])
    return t / 1024


def reset_peak(pids):
    for p in pids:
        try:
            open(f"/proc/{p}/clear_refs", "w").write("5")
        except OSError:
            pass


def busy():
    f = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(f[:8]) - f[3] - f[4]) / TICK


# ---------------------------------------------------------------- peers
class Peer:
    def __init__(self, name, mode):
        self.name, self.mode = name, mode
        self.env = dict(os.environ, B_MODE=mode)
        self.info = {}
        for line in self.sh("info").splitlines():
            k, _, v = line.partition("=")
            self.info[k] = v

    def sh(self, verb, **kw):
        return subprocess.run([f"{DIR}/peers/{self.name}.sh", verb], env=self.env, text=True,
                              stdout=subprocess.PIPE, timeout=120, **kw).stdout

    def can(self):
        return self.mode in self.info.get("modes", "").split()

    def start(self):
        r = subprocess.run([f"{DIR}/peers/{self.name}.sh", "start"], env=self.env, timeout=120)
        return r.returncode == 0

    def stop(self):
        self.sh("stop")

    def pids(self):
        return tree([int(x) for x in self.sh("pid").split()])

    def gen(self, args):
        addr = self.info["addr"]
        if "hosts.test" in args and "hosts_addr" in self.info:
            addr = self.info["hosts_addr"]
        ca = self.info["ca"] if self.mode != "tunnel" else os.environ["B_PKI"] + "/origin-ca.pem"
        how = "--proxy" if self.info["kind"] == "proxy" else "--direct"
        return [os.environ["B_GEN"], how, addr, "--ca", ca, "--root", os.environ["B_WWW"]] + args.split()


def origin_pids():
    return tree([int(open(os.environ["B_TMP"] + "/nginx.pid").read())])


def eicar_blocked(peer):
    """True if EICAR does not come through, in the clear and zipped, and a clean file does."""
    www, out = os.environ["B_WWW"], os.environ["B_TMP"] + "/eicar.out"
    res = {}
    for f in ("eicar.com", "eicar.zip", "real.elf", "real.zip", "real.pdf"):
        if os.path.exists(out):
            os.unlink(out)
        via = ["-x", "http://" + peer.info["addr"]]
        subprocess.run(["curl", "-s", "-m", "20", "-o", out, "--cacert", peer.info["ca"]] + via + [f"https://origin.test/{f}"])
        same = os.path.exists(out) and open(out, "rb").read() == open(f"{www}/{f}", "rb").read()
        res[f] = "delivered" if same else "blocked"
    ok = res["eicar.com"] == res["eicar.zip"] == "blocked" and all(v == "delivered" for k, v in res.items() if "eicar" not in k)
    return ok, res


next_first = collections.Counter()


def one(peer, scen, args, timeout):
    if "%d" in args:
        args += f" --first {next_first[peer.name] + 1}"
        n = int(args.split("--requests ")[1].split()[0])
        limit = 590 if "/exe/" in args else 3900
        next_first[peer.name] = (next_first[peer.name] + n) if next_first[peer.name] + 2 * n < limit else 0
    pids, opids = peer.pids(), origin_pids()
    reset_peak(pids)
    c0, o0, b0, t0 = cpu(pids), cpu(opids), busy(), time.time()
    p = subprocess.run(peer.gen(args + f" --timeout {timeout}"), stdout=subprocess.PIPE, text=True, timeout=timeout + 60)
    pids = peer.pids()
    c, o, b, t = cpu(pids) - c0, cpu(opids) - o0, busy() - b0, time.time() - t0
    g = json.loads(p.stdout.splitlines()[-1])
    n, gb = max(g["ok"], 1), max(g["bytes"], 1) / 1e9
    return dict(gen=g, cpu_s=round(c, 3), origin_cpu_s=round(o, 3), cpu_us_req=round(c / n * 1e6, 1), cpu_s_gb=round(c / gb, 3),
                cores=round(c / max(t, .01), 2), other_cpu_s=round(b - c - o - g["gen_cpu_s"], 2), total_s=round(t, 2),
                peak_mib=round(mem(pids, "VmHWM"), 1), nproc=len(pids))


def idle(peer, args):
    pids = peer.pids()
    m0 = mem(pids, "Pss")
    c0 = cpu(pids)
    p = subprocess.Popen(peer.gen(args + " --timeout 100"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = p.stdout.readline().split()
    held = int(line[1]) if line[:1] == ["READY"] else 0
    c1 = cpu(peer.pids())
    time.sleep(3)
    pids = peer.pids()
    m1 = mem(pids, "Pss")
    c2 = cpu(pids)
    time.sleep(5)
    c3 = cpu(peer.pids())
    out, _ = p.communicate("\n", timeout=120)
    g = json.loads(out.splitlines()[-1])
    return dict(gen=g, held=held, base_mib=round(m0, 1), full_mib=round(m1, 1), setup_cpu_s=round(c1 - c0, 2),
                kib_conn=round((m1 - m0) * 1024 / max(held, 1), 1), idle_cores=round((c3 - c2) / 5, 4),
                threads=sum(len(os.listdir(f"/proc/{q}/task")) for q in peer.pids()))


# ---------------------------------------------------------------- report
def med(xs):
    xs = [x for x in xs if x is not None]
    return statistics.median(xs) if xs else float("nan")


def report(rows, ref, ceiling):
    by = collections.OrderedDict()
    for r in rows:
        by.setdefault(r["scenario"], collections.OrderedDict()).setdefault(r["peer"], []).append(r)
    for sc, peers in by.items():
        n = max(len(v) for v in peers.values())
        print(f"\n### {sc}   (`{SCEN[sc][1] if sc in SCEN else ''}`; up to {n} runs a peer)\n")
        if sc == "idle":
            print("| peer | held | memory before -> after MiB (PSS) | KiB per connection | idle cores | setup conn/s | setup CPU ms/conn | threads |")
            print("|---|---|---|---|---|---|---|---|")
            for p, rs in peers.items():
                h = med([r["held"] for r in rs])
                print(f"| {p} | {h:.0f} | {med([r['base_mib'] for r in rs]):.0f} -> {med([r['full_mib'] for r in rs]):.0f} | "
                      f"{med([r['kib_conn'] for r in rs]):.1f} | {med([r['idle_cores'] for r in rs]):.3f} | "
                      f"{med([r['held'] / r['gen']['setup_s'] for r in rs]):.0f} | "
                      f"{med([r['setup_cpu_s'] * 1e3 / max(r['held'], 1) for r in rs]):.2f} | {med([r['threads'] for r in rs]):.0f} |")
            continue
        bulk = any(k in sc for k in ("bulk", "tunnel8", "mid", "scan")) and "small" not in sc
        unit = "MB/s" if bulk else "req/s"
        val = (lambda r: r["gen"]["mb_s"]) if bulk else (lambda r: r["gen"]["rps"])
        cost = (lambda r: r["cpu_s_gb"]) if bulk else (lambda r: r["cpu_us_req"])
        print(f"| peer | {unit} | p50 ms | p90 | p99 | p99.9 | {'CPU s/GB' if bulk else 'CPU us/req'} | cores | peak MiB | errors | resumed | "
              f"rate / {ref} | rate / {ceiling} | CPU / {ref} | CPU / {ceiling} | other cores |")
        print("|" + "---|" * 16)
        for p, rs in peers.items():
            def ratio(other, f):
                m = {r["round"]: r for r in peers.get(other, [])}
                xs = [f(r) / f(m[r["round"]]) for r in rs if r["round"] in m and f(m[r["round"]]) > 0]
                return f"{med(xs):.2f}" if xs else "-"
            g = [r["gen"] for r in rs]
            cells = [p, f"{med([val(r) for r in rs]):.0f}"]
            cells += [f"{med([x[k] for x in g]):.2f}" for k in ("p50_ms", "p90_ms", "p99_ms", "p999_ms")]
            cells += [f"{med([cost(r) for r in rs]):.{2 if bulk else 0}f}", f"{med([r['cores'] for r in rs]):.2f}",
                      f"{med([r['peak_mib'] for r in rs]):.0f}", f"{sum(x['errors'] for x in g)}",
                      f"{100 * med([x['resumed'] / max(x['handshakes'], 1) for x in g]):.0f}%",
                      ratio(ref, val), ratio(ceiling, val), ratio(ref, cost), ratio(ceiling, cost),
                      f"{max(0, med([r['other_cpu_s'] / r['total_s'] for r in rs])):.2f}"]
            print("| " + " | ".join(cells) + " |")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--peers", default="squid,haproxy,weir,direct")
    ap.add_argument("--scenarios", default=DEFAULT.replace(" ", ","))
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=3, help="length of the timed scenarios")
    ap.add_argument("--idle", type=int, default=5000, help="connections of the idle scenario")
    ap.add_argument("--timeout", type=int, default=30, help="limit of one run, seconds")
    ap.add_argument("--out", default=None)
    ap.add_argument("--ref", default="squid")
    ap.add_argument("--ceiling", default="haproxy")
    ap.add_argument("--report", nargs="+")
    ap.add_argument("--quiet", type=float, help="with --report: only runs during which others used at most this many cores")
    a = ap.parse_args()
    if a.report:
        rows = []
        for f in a.report:
            for r in map(json.loads, open(f)):
                r["round"] = f"{f} {r['round']}"
                if a.quiet is None or "other_cpu_s" not in r or r["other_cpu_s"] / r["total_s"] <= a.quiet:
                    rows.append(r)
        return report(rows, a.ref, a.ceiling)
    if not os.environ.get("B_IN_NS"):
        os.execv(f"{DIR}/ns.sh", [f"{DIR}/ns.sh", sys.executable] + sys.argv)
    a.out = a.out or os.path.join(os.environ["B_TMP"], "results.jsonl")
    scens = a.scenarios.split(",")
    rows = []

    def note(peer, sc, rnd, rec):
        rec = dict(time=time.strftime("%FT%T"), peer=peer.name, version=peer.info.get("version"), mode=peer.mode, scenario=sc, round=rnd, **rec)
        rows.append(rec)
        with open(a.out, "a") as f:
            f.write(json.dumps(rec) + "\n")
        g = rec["gen"]
        print(f"{rec['time']} {sc:14} #{rnd} {peer.name:14} {g['rps']:9.0f}/s {g['mb_s']:8.1f} MB/s p50 {g['p50_ms']:.2f} p99 {g['p99_ms']:.2f} ms "
              f"cpu {rec.get('cpu_us_req', 0):.0f} us/req err {g['errors']} {g['error_kinds'] or ''}", file=sys.stderr, flush=True)

    for mode in ("bump", "tunnel", "scan"):
        todo = [s for s in scens if SCEN[s][0] == mode and s != "idle"]
        if not todo:
            continue
        up = []
        for n in a.peers.split(","):
            p = Peer(n, mode)
            if p.can():
                if p.start():
                    up.append(p)
                    next_first[n] = 0
                else:
                    print(f"{n}: did not start for {mode}", file=sys.stderr)
                    p.stop()
        if mode == "scan":
            for p in up:
                ok, res = eicar_blocked(p)
                print(f"scan check {p.name}: {'OK' if ok else 'NOT OK'} {res}", file=sys.stderr)
        for sc in todo:
            args = SCEN[sc][1].format(d=a.seconds, idle=a.idle)
            able = [p for p in up if not ("--h2" in args and p.info.get("h2") != "yes")]
            for rnd in range(a.rounds):
                for i in range(len(able)):
                    p = able[(i + rnd) % len(able)]          # rotate who goes first
                    try:
                        note(p, sc, rnd, one(p, sc, args, a.timeout))
                    except (subprocess.TimeoutExpired, IndexError, ValueError) as e:
                        print(f"{sc} {p.name}: {e!r}", file=sys.stderr)
        for p in up:
            p.stop()
    if "idle" in scens:
        for n in a.peers.split(","):                         # alone and freshly started: memory matters here
            p = Peer(n, "bump")
            if not p.can() or p.info.get("role") == "none":
                continue
            if n == "e2guardian":
                p.env["E2G_WORKERS"] = str(a.idle + 200)      # a thread for every connection
            if p.start():
                try:
                    note(p, "idle", 0, idle(p, SCEN["idle"][1].format(d=a.seconds, idle=a.idle)))
                except (subprocess.TimeoutExpired, IndexError, ValueError) as e:
                    print(f"idle {n}: {e!r}", file=sys.stderr)
            p.stop()
    report(rows, a.ref, a.ceiling)


if __name__ == "__main__":
    main()
