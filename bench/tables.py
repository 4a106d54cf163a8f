"""Raw figures into the tables of docs/performance-figures.md. A ratio is of medians of one run."""

from scaling import KINDS
from servers import WASMTIME_RUST, summary


def middle(value):
    return value["median"]


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def spread(value):
    return f"{number(value['from'])} to {number(value['to'])}"


def ratio(value):
    return f"{value:.2f}"


def mib(value):
    return f"{value / 1048576:.1f}"


def table(columns, rows):
    return {"columns": columns, "rows": rows}


EVENTS = (("engine_wasi_us", "new instance, the engine's own WASI"),
          ("new_us", "new instance, our WASI"),
          ("kept_signal_us", "kept instance reset, pages found by signal"),
          ("kept_userfault_us", "kept instance reset, pages found by userfaultfd"))


def events(raw):
    base = middle(raw["engine_wasi_us"]) if "engine_wasi_us" in raw else None
    new = middle(raw["new_us"])
    return {"events": table(
        ["C `hello`, one event in the process", "CPU µs", "middle half",
         "times less than the engine's WASI", "of a new instance"],
        [[words, number(middle(raw[key])), spread(raw[key]),
          ratio(base / middle(raw[key])) if base else "", ratio(middle(raw[key]) / new)]
         for key, words in EVENTS if key in raw])}


def snapshots(raw):
    rows = []
    for name, forms in raw.items():
        base = middle(forms["as it is"]["new_us"])
        for form in ("as it is", "snapshot"):
            if form not in forms:
                rows.append([f"`{name}`", form, "refused", forms["refused"], ""])
                continue
            new, kept = middle(forms[form]["new_us"]), middle(forms[form]["kept_us"])
            rows.append([f"`{name}`", form, number(new), number(kept), ratio(base / kept)])
    return {"snapshots": table(["function", "module", "new instance, µs", "kept, µs",
                                "kept: times faster than a new one as it is"], rows)}


def serve(raw):
    servers = raw["servers"]
    control = middle(servers["control"]["cpu_us"])
    rate = middle(servers["control"]["per_second"])
    wasmtime = servers.get("wasmtime serve, Rust")
    rows, costs = [], []
    for name, seen in servers.items():
        cpu, per = middle(seen["cpu_us"]), middle(seen["per_second"])
        rows.append([name, number(per), spread(seen["per_second"]), ratio(per / rate),
                     ratio(control / cpu),
                     ratio(per / middle(wasmtime["per_second"])) if wasmtime else "",
                     number(middle(seen["p50_us"])), number(middle(seen["p99_us"])),
                     number(middle(seen["p999_us"]))])
        costs.append([name, number(cpu), spread(seen["cpu_us"]), ratio(middle(seen["faults"])),
                      "" if seen["syscalls"] is None else ratio(seen["syscalls"]),
                      mib(middle(seen["rss"])), mib(middle(seen["pss"]))])
    return {"serve": table(["server", "requests/s", "middle half", "of the control",
                            "of the control, by CPU", "of `wasmtime serve`, Rust", "p50 µs", "p99 µs",
                            "p99.9 µs"], rows),
            "costs": table(["server", "CPU µs a request", "middle half", "page faults a request",
                            "system calls a request", "RSS MiB", "PSS MiB"], costs),
            "missing": table(["server", "why it is not measured"],
                             [list(each) for each in raw["missing"].items()] or [["none", ""]])}


def default(raw):
    native = raw["native Go"]
    rows = [[name, number(middle(seen["per_second"])), spread(seen["per_second"]),
             ratio(middle(seen["per_second"]) / middle(native["per_second"])),
             ratio(middle(native["cpu_us"]) / middle(seen["cpu_us"])),
             ratio(middle(seen["per_second"]) / middle(raw[WASMTIME_RUST]["per_second"]))
             if WASMTIME_RUST in raw else "",
             number(middle(seen["cpu_us"])), number(middle(seen["p50_us"])),
             number(middle(seen["p99_us"]))] for name, seen in raw.items()]
    return {"default": table(["server", "requests/s", "middle half", "of native Go",
                              "of native Go, by CPU", "of `wasmtime serve`, Rust",
                              "CPU µs a request", "p50 µs", "p99 µs"], rows)}


def first(raw):
    rows = [[name, f"{middle(seen['wall_us']) / 1e3:.0f}",
             f"{seen['wall_us']['from'] / 1e3:.0f} to {seen['wall_us']['to'] / 1e3:.0f}",
             f"{middle(seen['cpu_us']) / 1e3:.0f}" if "ferry run" in name else ""]
            for name, seen in raw.items()]
    return {"first": table(["hello-go.wasm, 3.4 MB, compiled by nobody yet", "ms to the first answer",
                            "middle half", "CPU ms of its own"], rows)}


def workers(raw):
    counts = sorted(raw, key=int)
    one = raw[counts[0]]
    return {"workers": table(
        ["workers", "requests/s", "CPU µs a request", "middle half",
         "CPU of one worker / CPU here", "p50 µs", "p99 µs", "p99.9 µs"],
        [[count, number(middle(raw[count]["per_second"])), number(middle(raw[count]["cpu_us"])),
          spread(raw[count]["cpu_us"]),
          ratio(middle(one["cpu_us"]) / middle(raw[count]["cpu_us"])),
          *(number(middle(raw[count][key])) for key in ("p50_us", "p99_us", "p999_us"))]
         for count in counts])}


def scaling(raw):
    cores = raw["cores"]
    rows = []

    def row(words, rounds, key):
        seen = {each: summary([one[each] for one in rounds]) for each in rounds[0]}
        cpu = "one_cpu_us" in seen
        rows.append([words, number(middle(seen["one_per_second"])),
                     number(middle(seen[f"{key}_per_second"])), ratio(middle(seen[f"{key}_ratio"])),
                     spread(seen[f"{key}_ratio"]),
                     number(middle(seen["one_cpu_us"])) if cpu else "",
                     number(middle(seen[f"{key}_cpu_us"])) if cpu else ""])

    for name, rounds in raw["rounds"].items():
        if name in KINDS:
            row(KINDS[name], rounds, "all")
        else:
            row(f"{name}: a server on each core", rounds, "apart")
            row(f"{name}: one server, a worker for each core", rounds, "all")
            row(f"{name}: the same with `--pin`", rounds, "pinned")
    return {"scaling": table(["what", "a second, one core", f"a second, {cores} cores",
                              f"of {cores} times one core", "middle half",
                              "CPU µs a request, one core", f"{cores} cores"], rows)}


def start(raw):
    rows = []
    for name, seen in raw.items():
        native = raw.get("native Go program" if name.startswith("ferry run") else "native Go server")
        beside = native if native and name.startswith("ferry") else None
        rows.append([name, number(middle(seen["wall_us"]) / 1000),
                     number(middle(seen["cpu_us"]) / 1000),
                     ratio(middle(seen["wall_us"]) / middle(beside["wall_us"])) if beside else "",
                     ratio(middle(seen["cpu_us"]) / middle(beside["cpu_us"])) if beside else ""])
    return {"start": table(["program", "ms to the first answer", "CPU ms", "of native Go, time",
                            "of native Go, CPU"], rows)}


def spin(raw):
    rows = [[words, *(number(middle(raw[f"{key}_{p}"])) for p in ("p50_us", "p99_us", "p999_us"))]
            for key, words in (("alone", "`hello` alone"),
                               ("beside", "beside a function that spins for a second"))]
    rows.append(["p99, of alone", "", ratio(middle(raw["p99_ratio"])), ""])
    return {"spin": table(["one worker, 4 connections", "p50 µs", "p99 µs", "p99.9 µs"], rows)}


def soak(raw):
    mib = 1 << 20
    return {"soak": table(["one worker", "measured"], [
        ["events", f"{raw['events']:,}"],
        ["of them such that end badly or write too much", f"{raw['hostile']:,}"],
        ["wrong answers", raw["wrong"]],
        ["lines of the log", f"{raw['lines']:,}"],
        ["lines at another's event", raw["mixed"]],
        ["events of which lines are missing", raw["missing"]],
        ["resident memory before, after a minute without events, MiB",
         f"{raw['rss_before'] / mib:.1f}"],
        ["at the end of the events, MiB", f"{raw['rss_busy'] / mib:.1f}"],
        ["a minute later, MiB", f"{raw['rss'] / mib:.1f}"],
        ["a minute later, of that before", ratio(raw["rss"] / raw["rss_before"])],
        ["descriptors, before and after",
         f"{raw['descriptors_before']}, {raw['descriptors']}"],
        ["seconds", f"{raw['seconds']:,.0f}"]])}


def many(raw):
    others = raw["functions"] - 1

    def each(key):
        return f"{(raw[key] - raw['pss_one']) / others / 1024:.1f}"

    return {"many": table(["one server", "measured"], [
        ["functions", f"{raw['functions']:,}"],
        ["a function that was loaded and never called keeps, KiB (PSS)", each("pss_loaded")],
        ["after its first call, KiB", each("pss_after_first")],
        ["idle again, KiB", each("pss_idle")],
        ["the server's CPU for a first call, µs", number(raw["first_call_us"])],
        ["for a fifth call, which finds a kept instance, µs", number(raw["fifth_call_us"])],
        ["in the process: the first call of each in turn, µs", number(raw["first_us"])],
        ["a later call of each in turn, with a new instance, µs", number(raw["later_us"])],
        ["first call, of that", ratio(raw["first_us"] / raw["later_us"])],
        ["one function again and again, with a new instance each time, µs",
         number(raw["in_a_row_us"])],
        ["first call, of that", ratio(raw["first_us"] / raw["in_a_row_us"])],
        ["descriptors", raw["descriptors"]]])}
