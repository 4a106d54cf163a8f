// The looks of the page; light or dark as the reader's machine is set. Private to page.cc.
#pragma once

namespace ferry::compare {

inline constexpr char kPageStyle[] = R"css(
:root{--ink:#1c1e26;--soft:#5b6070;--paper:#fbfaf8;--card:#fff;--rule:#e4e2dd;--stripe:#f5f3ef;
--wasmtime:#5a46d8;--wasmer:#e2711d;--single:#e9b44c;--lucet:#0e9384;--wasmi:#c2255c;--native:#6b7280;
--other:#2f80c2;--p1:#3b2fa0;--p2:#6f5ce6;--p3:#a99bf5;--p4:#f0a35e;--p5:#e2711d;--p6:#c9c5bd}
@media (prefers-color-scheme:dark){:root{--ink:#ecebf0;--soft:#a3a7b5;--paper:#15161b;--card:#1d1f26;
--rule:#31343f;--stripe:#23252d;--wasmtime:#9c8cff;--wasmer:#ff9a52;--single:#f3cd7a;--lucet:#4fd1c0;
--wasmi:#ff6f9f;--native:#a0a6b4;--other:#6fb4ea;--p1:#7466f0;--p2:#978af5;--p3:#c3bafc;--p4:#f5bd8a;
--p5:#ff9a52;--p6:#555a68}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,
"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:48px 24px 80px}
h1{font-size:40px;line-height:1.1;letter-spacing:-.02em;margin:0 0 8px}
h2{font-size:26px;letter-spacing:-.01em;margin:56px 0 4px}
h3{font-size:16px;margin:28px 0 2px}
p{margin:4px 0 12px;max-width:76ch}.soft,footer{color:var(--soft)}.small{font-size:14px}
section.card{background:var(--card);border:1px solid var(--rule);border-radius:14px;
padding:20px 24px 16px;margin:16px 0}
section.card h3:first-child{margin-top:0}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin:10px 0 4px;padding:0;list-style:none;font-size:14px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:50%;margin-right:7px;background:currentColor}
.legend i.square{border-radius:3px}.legend span{color:var(--ink)}
svg{display:block;width:100%;height:auto;font:13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--ink)}svg .tick,svg .side{fill:var(--soft)}svg .middle{text-anchor:middle}
svg .end{text-anchor:end}svg .total{font-weight:600}svg .side{font-style:italic}
svg .grid{stroke:var(--rule)}svg .one{stroke:var(--ink);stroke-width:1.5}
svg .range{stroke:currentColor;stroke-width:2.5;opacity:.4;stroke-linecap:round}
svg circle{fill:currentColor;stroke:var(--card);stroke-width:1.2}svg .stripe{fill:var(--stripe);opacity:.6}
.e-wasmtime{color:var(--wasmtime)}.e-wasmer{color:var(--wasmer)}.e-wasmer-singlepass{color:var(--single)}
.e-lucet{color:var(--lucet)}.e-wasmi{color:var(--wasmi)}.e-native{color:var(--native)}
[class^="e-"]:not(.e-wasmtime):not(.e-wasmer):not(.e-wasmer-singlepass):not(.e-lucet):not(.e-wasmi)
:not(.e-native){color:var(--other)}
.p1{fill:var(--p1);color:var(--p1)}.p2{fill:var(--p2);color:var(--p2)}.p3{fill:var(--p3);color:var(--p3)}
.p4{fill:var(--p4);color:var(--p4)}.p5{fill:var(--p5);color:var(--p5)}.p6{fill:var(--p6);color:var(--p6)}
.narrow{display:none}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}thead th{border-bottom:2px solid var(--rule)}
td small{color:var(--soft)}td.best{font-weight:700}details summary{cursor:pointer;color:var(--soft);margin-top:10px}
@media (max-width:760px){main{padding:32px 14px 60px}h1{font-size:32px}section.card{padding:16px 14px 12px}
.wide{display:none}.narrow{display:block}p,li{overflow-wrap:anywhere}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper);white-space:normal;min-width:110px;
max-width:130px}}
.wrong{border-left:4px solid var(--wasmi);padding:2px 12px}code{font-size:.92em;overflow-wrap:anywhere}
)css";

}  // namespace ferry::compare
