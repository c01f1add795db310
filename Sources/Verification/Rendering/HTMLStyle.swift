/// The style of a report's page: readable on a phone, in light and in dark.
enum HTMLStyle {
  static let text = """
    :root{--ink:#1b1f24;--paper:#fff;--faint:#6b7280;--edge:#d8dde3;--band:#f4f6f8;--pass:#12733a;\
    --fail:#b3261e;--undecided:#8a5a00;--a:#0b63c5;--b:#b3261e;--c:#12733a;--d:#8a5a00}
    @media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--paper:#14171a;--faint:#9aa3ad;\
    --edge:#333a42;--band:#1d2227;--pass:#1e8a4a;--fail:#d0473e;--undecided:#b07a10;--a:#6cb0ff;\
    --b:#ff8f85;--c:#6fd694;--d:#e7b04d}}
    *{box-sizing:border-box}
    body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
    header{padding:1.2rem max(1rem,calc(50% - 29rem));color:#fff}
    header.pass{background:var(--pass)}header.fail{background:var(--fail)}
    header.undecided{background:var(--undecided)}
    header h1{margin:.1rem 0;font-size:1.5rem;overflow-wrap:anywhere}header p{margin:0}
    .verdict{font-weight:700;letter-spacing:.08em}
    main{max-width:60rem;margin:0 auto;padding:0 1rem 3rem}
    h2{font-size:1.15rem;margin:1.8rem 0 .4rem;overflow-wrap:anywhere}
    .lead{font-size:1.05rem}
    .findings{padding-left:1.2rem}.findings li{overflow-wrap:anywhere}
    .findings .fail::marker{color:var(--fail)}
    .findings .waived{color:var(--faint)}
    pre,code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
    pre{background:var(--band);padding:.6rem;overflow-x:auto;white-space:pre-wrap}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.9rem}
    th,td{padding:.35rem .6rem;border-bottom:1px solid var(--edge);text-align:right;\
    white-space:nowrap}
    th:first-child,td:first-child{text-align:left}
    th{color:var(--faint);font-weight:600}
    tr.fail td{color:var(--fail);font-weight:600}
    figure{margin:0 0 1.2rem}
    .pair{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.5rem;max-width:44rem}
    .pair img{width:100%;display:block;image-rendering:pixelated;border:1px solid var(--edge)}
    .pair span{font-size:.8rem;color:var(--faint)}
    figcaption{font-size:.9rem}
    svg{width:100%;height:auto;font:12px system-ui,sans-serif}
    svg text{fill:var(--faint)}svg .axis line{stroke:var(--edge)}
    svg path{fill:none;stroke-width:2}
    svg .line0 path{stroke:var(--a)}svg .line0 circle{fill:var(--a)}
    svg .line1 path{stroke:var(--b)}svg .line1 circle{fill:var(--b)}
    svg .line2 path{stroke:var(--c)}svg .line2 circle{fill:var(--c)}
    svg .line3 path{stroke:var(--d)}svg .line3 circle{fill:var(--d)}
    .legend{margin:.2rem 0;font-size:.85rem}.legend span::before{content:"— ";font-weight:700}
    .legend .line0::before{color:var(--a)}.legend .line1::before{color:var(--b)}
    .legend .line2::before{color:var(--c)}.legend .line3::before{color:var(--d)}
    dt{font-weight:600}dd{margin:0 0 .6rem;overflow-wrap:anywhere}ol{margin:.2rem 0;padding-left:1.4rem}
    @media (max-width:36rem){body{font-size:15px}th,td{padding:.3rem .4rem}}
    """
}
