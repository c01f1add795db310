/// JUnit XML, as continuous integration reads it: a suite for each section of a report.
enum JUnitTemplate {
  static let text = """
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="imgconv verify" tests="{{totalCount}}" failures="{{failureCount}}">
    {{#sections}}
      <testsuite name="{{title}}" tests="{{count}}" failures="{{failures}}" errors="0" skipped="0">
        <properties>
          <property name="candidate" value="{{candidate.name}} {{candidate.digest}}"/>
          <property name="reference" value="{{reference.name}} {{reference.digest}}"/>
          <property name="gate" value="{{gate}}"/>
        </properties>
    {{#rows}}
        <testcase classname="{{title}}" name="{{name}}">
    {{#failure}}
          <failure type="gate" message="{{text}}">{{text}}</failure>
    {{/failure}}
        </testcase>
    {{/rows}}
      </testsuite>
    {{/sections}}
    {{#faults}}
      <testsuite name="fault" tests="1" failures="1" errors="0" skipped="0">
        <testcase classname="fault" name="layers, sampler, number of samples">
          <failure type="gate" message="{{text}}">{{text}}</failure>
        </testcase>
      </testsuite>
    {{/faults}}
    </testsuites>

    """
}
