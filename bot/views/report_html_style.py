"""How does the page look? Light and dark, on a screen and on paper; colours never say what words do not."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a1f26;--soft:#565f6b;--line:#d9dee5;--link:#0a58ca;
--alarm:#b42318;--alarm-bg:#fef1f0;--doubt:#8a5300;--doubt-bg:#fff7e5;--calm:#136c37;--calm-bg:#eaf7ef;
--b1:#fff3e0;--b1i:#5b3a00;--b2:#ffd59e;--b2i:#4a2a00;--b3:#c2410c;--b3i:#fff;--b4:#7a1212;--b4i:#fff;
--u:#e3e7ec;--ui:#414a56;--code:#f1f3f6}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#161a21;--ink:#e7eaee;--soft:#a0a9b4;--line:#2c333d;--link:#7db3ff;
--alarm:#ff9a8f;--alarm-bg:#2a1615;--doubt:#f0c36b;--doubt-bg:#292112;--calm:#78d69c;--calm-bg:#12251a;
--b1:#33271a;--b1i:#f3d8b0;--b2:#633c12;--b2i:#ffe6c4;--b3:#cc4408;--b3i:#fff;--b4:#ffb8a6;--b4i:#3a0a02;
--u:#2a313b;--ui:#b9c2cd;--code:#1f252e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Lato,Arial,sans-serif}
header,main{max-width:1200px;margin:0 auto}main{padding:0 0 1px}
header{margin-top:24px;padding:20px 24px;border:1px solid var(--line);border-left:6px solid;border-radius:10px}
.alarm{border-left-color:var(--alarm);background:var(--alarm-bg)}.alarm h1,.sign{color:var(--alarm)}
.doubt{border-left-color:var(--doubt);background:var(--doubt-bg)}.doubt h1,.doubt .sign{color:var(--doubt)}
.calm{border-left-color:var(--calm);background:var(--calm-bg)}.calm h1,.calm .sign{color:var(--calm)}
h1{margin:.1em 0 .25em;font-size:28px;line-height:1.2;letter-spacing:-.01em}
h2{margin:36px 0 10px;font-size:19px;letter-spacing:-.005em}
h3{margin:0;font-size:15px;font-weight:600;line-height:1.4}
p{margin:.35em 0}ul,ol{margin:.4em 0;padding-left:1.4em}
a{color:var(--link)}a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
code{font:.92em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;unicode-bidi:isolate;overflow-wrap:anywhere}
.kicker,.soft,.lead{color:var(--soft)}.kicker{margin:0}
.lead{margin-top:-4px}
.tiles{display:flex;flex-wrap:wrap;gap:1px;margin:16px 0 0;border:1px solid var(--line);border-radius:8px;overflow:hidden;background:var(--line)}
.tiles div{flex:1 1 215px;padding:10px 14px;background:var(--card)}.tiles dd{margin:0}
dt{font-size:12px;color:var(--soft)}
.suspects{list-style:none;padding:0;display:grid;gap:10px}
.suspects>li{padding:12px 16px;border:1px solid var(--line);border-left:4px solid var(--alarm);border-radius:8px;background:var(--card)}
.suspects code,.finding code{overflow-wrap:anywhere}.suspects h3{font-size:16px;display:flex;justify-content:space-between;gap:16px}
.bits{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}
table{border-collapse:collapse;font-size:14px}caption{text-align:left;color:var(--soft);font-size:12px;padding:0 0 6px}
th{text-align:left;font-weight:600}th,td{vertical-align:top}
.gaps,.lines{width:100%;background:var(--card);border:1px solid var(--line);border-radius:8px}
.gaps th,.gaps td,.lines th,.lines td{padding:7px 12px;border-bottom:1px solid var(--line)}.gaps td:last-child{min-width:160px}.gaps tbody th{font-weight:400;white-space:nowrap}
thead th{font-size:12px;color:var(--soft);font-weight:600}
.scroll{overflow:auto;max-height:85vh;border:1px solid var(--line);border-radius:8px;background:var(--card)}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;list-style:none;padding:0;margin:0 0 10px;font-size:13px;color:var(--soft)}
.legend span{display:inline-block;min-width:38px;padding:1px 6px;text-align:center;border-radius:4px;font-variant-numeric:tabular-nums}
.legend .none{border:1px solid var(--line)}
.map{border-collapse:separate;border-spacing:2px;font-size:13px}
.map caption{padding:8px 10px 0;position:sticky;left:0}
.map thead th{position:sticky;top:0;z-index:2;background:var(--card);vertical-align:bottom;padding:6px 4px}
.map thead span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:170px;line-height:1.15}
.map tbody th,.map thead th:first-child{position:sticky;left:0;background:var(--card);padding:2px 12px 2px 10px;white-space:nowrap;font-weight:400}
.map tbody th{z-index:1}.map thead th:first-child{z-index:3}.map .out th{font-weight:600}
.map td{min-width:44px;height:26px;padding:2px 4px;text-align:center;vertical-align:middle;border-radius:4px;background:color-mix(in srgb,var(--line) 28%,transparent);font-variant-numeric:tabular-nums}
.map td:nth-child(2){background:none;color:var(--soft);text-align:right;padding-right:8px}
.map td a{display:block;color:inherit;text-decoration:none}.map td a:hover{text-decoration:underline}
.map tbody tr:hover th{background:var(--code)}
.map .silent td,.silent{background:repeating-linear-gradient(135deg,var(--u) 0 6px,transparent 6px 12px)}
.map .silent td[colspan]{text-align:left;padding-left:10px;color:var(--ui)}.map .silent td:nth-child(2){background:none}
.b1{background:var(--b1)!important;color:var(--b1i)}.b2{background:var(--b2)!important;color:var(--b2i)}
.b3{background:var(--b3)!important;color:var(--b3i)}.b4{background:var(--b4)!important;color:var(--b4i)}
.m{font-weight:700;box-shadow:inset 0 0 0 2px var(--ink)}
.u{background:repeating-linear-gradient(135deg,var(--u) 0 4px,transparent 4px 8px)!important;color:var(--ui)}
.finding{margin:0 0 10px;border:1px solid var(--line);border-radius:8px;background:var(--card);overflow:hidden;scroll-margin-top:12px}
.finding:target::details-content{content-visibility:visible;block-size:auto}
.finding.marks{border-left:4px solid var(--alarm)}.finding:target,tr:target{outline:2px solid var(--link)}
.finding>summary{display:flex;gap:12px;align-items:baseline;padding:10px 16px;cursor:pointer;list-style:none}
.finding>summary::-webkit-details-marker{display:none}
.finding>summary h3{flex:1;overflow-wrap:anywhere}
.finding>summary::after{content:"▸";color:var(--soft)}.finding[open]>summary::after{content:"▾"}
.number{min-width:1.6em;color:var(--soft);font-variant-numeric:tabular-nums}
.who{font-weight:400;color:var(--soft);margin-left:6px}.who code{white-space:nowrap}.finding[open]>summary .who{display:none}
.finding:not(.marks)>summary h3{font-weight:400}
.meta{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0;padding:0 16px 8px 52px;font-size:13px;color:var(--soft)}
.meta .on{flex-basis:100%;color:var(--ink)}
.tag{font-variant-numeric:tabular-nums;margin-right:6px}.flag{display:inline-block;padding:0 7px;border:1px solid var(--doubt);border-radius:10px;color:var(--doubt);font-size:12px}
.body{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:8px 32px;padding:6px 16px 14px 52px}
.body table{width:100%}.body th,.body td{padding:3px 10px 3px 0;border-top:1px solid var(--line)}.body thead th,.body thead td{border-top:0}
.row tbody th{width:1%;white-space:nowrap;font-weight:400;color:var(--soft)}.row b{color:var(--alarm)}
.parts tbody th{font-weight:400}.parts td{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.parts .bar{width:34%;padding-right:0;text-align:left}.bar i{display:inline-block;height:9px;border-radius:2px;background:var(--b3)}.bar .less{background:var(--calm)}
.parts tfoot th,.parts tfoot td{font-weight:700}
.shared{padding:0 16px 14px 52px}.facts{width:100%}.facts th,.facts td{padding:3px 12px 3px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}.facts thead th{border-top:0}.facts tbody th{font-weight:400}.facts thead th:last-child,.facts td:last-child{white-space:nowrap}.facts td:last-child{text-align:right;font-variant-numeric:tabular-nums}
.raw{padding:0 16px 14px 52px}.raw summary{cursor:pointer;color:var(--link);font-size:13px}.raw .scroll{margin-top:8px}.raw th,.raw td{padding:3px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
.about{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:10px 32px;margin:0 0 14px}.about dd{margin:0}
#provenance{padding-bottom:48px}
@media(max-width:1248px){header,main{max-width:none}main{padding:0 24px}header{margin:16px 24px 0}}
@media(max-width:760px){main{padding:0 12px}header{margin:10px;padding:14px}h1{font-size:23px}.body{grid-template-columns:1fr;padding-left:16px}.meta,.shared{padding:0 16px 14px 52px}.facts{width:100%}.facts th,.facts td{padding:3px 12px 3px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}.facts thead th{border-top:0}.facts tbody th{font-weight:400}.facts td:last-child{text-align:right;font-variant-numeric:tabular-nums}
.raw{padding-left:16px}}
@media print{body{background:#fff;font-size:11px}header,main{max-width:none;margin:0;padding:0 8px}h1{font-size:20px}h2{margin:18px 0 6px;font-size:14px}h3,.suspects h3{font-size:12px}table{font-size:10px}h2,.legend,caption{break-after:avoid}.tiles div{flex-basis:120px}.body{grid-template-columns:3fr 2fr;padding-left:40px}.meta,.raw,.shared{padding-left:40px}.scroll{overflow:visible;max-height:none;border:0}
.map thead th,.map tbody th,.map caption{position:static}.map td{min-width:0}.map{font-size:9px}.finding,.suspects>li,tr{break-inside:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
