//! What does not compile, and says why.

#[test]
fn mistakes_are_compile_errors_a_person_can_read() {
    // No program here is run, so the dependencies are checked and not compiled: what compiles is in `every_shape_of_task.rs`.
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/mistakes/*.rs");
}
