//! Which argument goes where, without a process around it.

use aileron_wire::message::{LiteralArgBinding, TaskArgBinding, XComArgBinding};
use serde_json::json;

use super::*;
use crate::dag::private::{BoundParam, bind, describe, keep_returned, unset};
use crate::{DagOptions, TaskOptions};

fn literal(name: &str, value: Value) -> TaskArgBinding {
    let mut binding = LiteralArgBinding::new(name);
    binding.value = value;
    TaskArgBinding::Literal(binding)
}

fn default(name: &str, value: Value) -> TaskArgBinding {
    let mut binding = LiteralArgBinding::new(name);
    binding.value = value;
    binding.from_default = true;
    TaskArgBinding::Literal(binding)
}

fn xcom(name: &str, task_id: &str) -> TaskArgBinding {
    TaskArgBinding::XCom(XComArgBinding::new(name, task_id))
}

fn task(task_id: &str) -> Source {
    Source::Task {
        task_id: task_id.to_owned(),
    }
}

fn passed(value: Value) -> Source {
    Source::Literal {
        origin: "the Dag file",
        value,
    }
}

/// A Dag whose last task, `two`, has the parameters `country`, `maxRows` and `rows`.
fn dag() -> Dag {
    let mut dag = Dag::new("d", DagOptions::default());
    let one = dag.external::<i64>("one");
    let mapped = dag.external_mapped::<i64>("mapped");
    let params: Vec<BoundParam> = vec![
        bind::<String>("country", "String", "uk"),
        bind::<i64>("max_rows", "i64", one),
        bind::<Vec<i64>>("rows", "Vec<i64>", mapped),
        unset("title", "Option<String>"),
    ];
    let options = TaskOptions::default();
    dag.add(describe::<()>(
        "two",
        options,
        None,
        params,
        |context, _| Box::pin(async move { keep_returned(&context, ()).await }),
    ));
    dag
}

fn positions(bindings: &[TaskArgBinding]) -> Result<Vec<Source>> {
    let dag = dag();
    by_position(&dag, dag.node("two").unwrap(), bindings)
}

fn names(bindings: &[TaskArgBinding]) -> Result<Vec<Source>> {
    let dag = dag();
    by_name(&dag, dag.node("two").unwrap(), bindings)
}

#[test]
fn bindings_go_to_parameters_by_position_whatever_their_names() {
    let sources = positions(&[
        literal("country_", json!("de")),
        xcom("whatever", "other"),
        xcom("rows", "mapped"),
        literal("title", json!(null)),
        default("extra", json!(5)),
    ])
    .unwrap();
    let mapped = Source::MappedTask {
        task_id: "mapped".to_owned(),
    };
    assert_eq!(
        sources,
        [
            passed(json!("de")),
            task("other"),
            mapped,
            passed(Value::Null)
        ]
    );
}

#[test]
fn an_argument_too_many_is_refused_and_one_too_few_is_told_to_its_parameter() {
    let all = ["a", "b", "c", "d", "e"].map(|name| literal(name, json!(1)));
    assert_eq!(
        positions(&all).unwrap_err().to_string(),
        "the Dag file passes 5 arguments (`a`, `b`, `c`, `d`, `e`), and task `two` takes 4 arguments (`country`, \
         `max_rows`, `rows`, `title`)"
    );
    let sources = positions(&all[..1]).unwrap();
    let Source::Nowhere { reason } = &sources[1] else {
        panic!("{sources:?}")
    };
    assert!(
        reason.contains("passes 1 argument (`a`), and task `two` takes 4"),
        "{reason}"
    );
}

#[test]
fn names_are_found_whatever_their_case_and_underscores() {
    let sources = names(&[
        xcom("maxRows", "other"),
        literal("COUNTRY_", json!("de")),
        default("rows", Value::Null),
        default("unknown", json!(1)),
    ])
    .unwrap();
    let mapped = Source::MappedTask {
        task_id: "mapped".to_owned(),
    };
    assert_eq!(sources[..3], [passed(json!("de")), task("other"), mapped]);
    assert!(
        matches!(&sources[3], Source::Nowhere { reason } if reason.contains("`maxRows`")),
        "{:?}",
        sources[3]
    );
}

#[test]
fn a_name_that_no_parameter_has_and_one_that_comes_twice_are_refused() {
    assert_eq!(
        names(&[literal("limti", json!(1))])
            .unwrap_err()
            .to_string(),
        "the Dag file passes the argument `limti`, which task `two` does not have; it has `country`, `max_rows`, `rows`, \
         `title`"
    );
    let error = names(&[literal("country", json!(1)), literal("Country", json!(1))]).unwrap_err();
    assert!(
        error.to_string().contains("both `country` and `Country`"),
        "{error}"
    );
}
