/// The page of a report: the verdict first, nothing loaded from elsewhere, no script.
enum HTMLTemplate {
  static let text = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{verdict}}: {{candidate.name}}</title>
    <style>\(HTMLStyle.text)</style>
    </head>
    <body>
    <header class="{{verdictClass}}">
    <p class="verdict">{{verdict}}</p>
    <h1>{{candidate.name}}</h1>
    <p>against {{reference.name}}; {{settings}}</p>
    </header>
    <main>
    <section>
    <p class="lead">{{verdictText}}</p>
    <ul class="findings">
    {{#breaches}}
    <li class="fail"><b>{{place}}</b>: {{text}}</li>
    {{/breaches}}
    {{#waived}}
    <li class="waived">{{.}}</li>
    {{/waived}}
    {{#drift}}
    <li class="fail">{{text}}</li>
    {{/drift}}
    {{#notes}}
    <li>{{.}}</li>
    {{/notes}}
    </ul>
    {{#recipe}}
    <p>{{title}}</p>
    <pre>{{line}}</pre>
    {{/recipe}}
    </section>
    {{#hasImages}}
    <section>
    <h2>Images, the worst first</h2>
    {{/hasImages}}
    {{#images}}
    <figure>
    <div class="pair">
    <div><img alt="reference, sample {{sample}}" src="data:image/png;base64,{{reference}}">\
    <span>reference</span></div>
    <div><img alt="candidate, sample {{sample}}" src="data:image/png;base64,{{candidate}}">\
    <span>candidate</span></div>
    <div><img alt="difference, sample {{sample}}" src="data:image/png;base64,{{difference}}">\
    <span>difference (white: {{white}})</span></div>
    </div>
    <figcaption>{{label}}, sample {{sample}}: {{psnr}}</figcaption>
    </figure>
    {{/images}}
    {{#hasImages}}
    </section>
    {{/hasImages}}
    {{#charts}}
    <section>
    <h2>{{title}}</h2>
    {{{svg}}}
    <p class="legend">{{#names}}<span class="line{{line}}">{{name}}</span> {{/names}}</p>
    </section>
    {{/charts}}
    {{#sections}}
    <section>
    <h2>{{title}}</h2>
    <p>weights {{precision}}; gate {{gate}}</p>
    {{#isLong}}
    <details><summary>{{count}} rows</summary>
    {{/isLong}}
    <div class="scroll"><table>
    <thead><tr>{{#columns}}<th>{{title}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr class="{{class}}">{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody></table></div>
    {{#isLong}}
    </details>
    {{/isLong}}
    </section>
    {{/sections}}
    {{#hasWorst}}
    <section>
    <h2>Worst samples</h2>
    <div class="scroll"><table>
    <thead><tr><th>what</th><th>sample</th><th>seed</th><th>PSNR</th></tr></thead>
    <tbody>
    {{/hasWorst}}
    {{#worst}}
    <tr><td>{{subject}}</td><td>{{sample}}</td><td>{{seed}}</td><td>{{psnr}}</td></tr>
    {{/worst}}
    {{#hasWorst}}
    </tbody></table></div>
    </section>
    {{/hasWorst}}
    <section>
    <h2>Gate</h2>
    <ul>{{#rules}}<li>{{.}}</li>{{/rules}}</ul>
    </section>
    <section>
    <h2>Provenance</h2>
    <dl>
    <dt>candidate</dt><dd>{{candidate.name}}, {{candidate.size}}<br><code>{{candidate.digest}}</code>
    <ol>{{#candidate.history}}<li>{{.}}</li>{{/candidate.history}}</ol></dd>
    <dt>reference</dt><dd>{{reference.name}}, {{reference.size}}<br><code>{{reference.digest}}</code>
    <ol>{{#reference.history}}<li>{{.}}</li>{{/reference.history}}</ol></dd>
    </dl>
    <p>{{tool}}</p>
    </section>
    </main>
    </body>
    </html>

    """
}
