//! What does not compile, and says why.

#[test]
fn mistakes_are_compile_errors_a_person_can_read() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/pass_*.rs");
    cases.compile_fail("tests/compile_fail/fail_*.rs");
}
