/// Markdown for a pull request: the verdict, what breaks a limit, the tables folded away.
enum MarkdownTemplate {
  static let text = """
    ### {{mark}} imgconv verify: {{verdict}}

    **{{candidate.name}}** ({{candidate.size}}, `{{candidate.shortDigest}}`) against \
    **{{reference.name}}** (`{{reference.shortDigest}}`); {{settings}}.

    {{verdictText}}
    {{#breaches}}

    - **{{place}}**: {{text}}
    {{/breaches}}
    {{#waived}}

    - {{.}}
    {{/waived}}
    {{#drift}}

    {{text}}
    {{/drift}}
    {{#recipe}}

    {{title}}

        {{line}}
    {{/recipe}}
    {{#notes}}

    > {{.}}
    {{/notes}}
    {{#sections}}

    <details><summary>{{title}}</summary>

    weights {{precision}}; gate {{gate}}

    |{{#columns}} {{title}} |{{/columns}}
    |{{#columns}}{{rule}}|{{/columns}}
    {{#rows}}
    |{{#cells}} {{.}} |{{/cells}}
    {{/rows}}

    </details>
    {{/sections}}

    """
}
