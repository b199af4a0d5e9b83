//! Questions: what their parameters may be, and how the answers look.

use super::asked::{Asked, gets};

pub(crate) fn requests() -> Vec<Asked> {
    let mut requests = gets([
        "/assets/by-name",
        "/assets/by-name?name=orders",
        "/assets/by-name?name=a&name=orders",
        "/assets/by-name?name=nothing",
        "/assets/by-uri?uri=file:///orders",
        "/assets/by-uri",
        "/assets/by-alias?alias_name=any",
        "/assets/by-alias?alias_name=nothing",
        "/asset-events/by-asset",
        "/asset-events/by-asset?name=orders",
        "/asset-events/by-asset?name=&uri=",
        "/asset-events/by-asset?name=orders&uri=&limit=x&ascending=maybe&after=x&before=2026-01-01",
        "/asset-events/by-asset?name=nothing&uri=",
        "/asset-events/by-asset-alias",
        "/asset-events/by-asset-alias?name=any",
        "/connections/nothing",
        "/connections/shop",
        "/dags/execution_api",
        "/dags/nothing",
        "/dag-runs/execution_api/run",
        "/dag-runs/execution_api/nothing",
        "/dag-runs/execution_api/run/state",
        "/dag-runs/execution_api/nothing/state",
        "/dag-runs/count",
        "/dag-runs/count?dag_id=execution_api",
        "/dag-runs/count?dag_id=execution_api&states=running&states=failed&run_ids=run",
        "/dag-runs/count?dag_id=execution_api&logical_dates=x",
        "/dag-runs/previous",
        "/dag-runs/previous?dag_id=execution_api&logical_date=2030-01-01T00:00:00Z",
        "/dag-runs/previous?dag_id=execution_api&logical_date=2030-01-01T00:00:00%2B02:00&state=success",
        "/dag-runs/previous?dag_id=execution_api&logical_date=2030-01-01&state=nothing",
        "/task-instances/breadcrumbs",
        "/task-instances/breadcrumbs?dag_id=execution_api&run_id=run",
        "/task-instances/previous/execution_api/one",
        "/task-instances/previous/execution_api/nothing",
        "/task-instances/previous/execution_api/one?map_index=x&state=foo&logical_date=2026-01-01",
        "/task-instances/previous/execution_api/mapped?map_index=1&state=queued",
        "/task-instances/{one}/previous-successful-dagrun",
        "/task-instances/{one}/validate-inlets-and-outlets",
        "/task-reschedules/{one}/start_date",
        "/hitlDetails/{one}",
        "/variables/keys?limit=0",
        "/variables/keys?limit=10001&offset=-1",
        "/variables/keys?limit=x&offset=&prefix=a",
    ]);
    for filter in [
        "",
        "?dag_id=execution_api",
        "?dag_id=",
        "?dag_id=nothing",
        "?dag_id=execution_api&map_index=x",
        "?dag_id=execution_api&map_index=1",
        "?dag_id=execution_api&map_index=",
        "?dag_id=execution_api&task_ids=one&task_ids=two&states=running&states=null",
        "?dag_id=execution_api&run_ids=run&states=queued",
        "?dag_id=execution_api&logical_dates=x&logical_dates=2026-01-01T00:00:00Z",
        "?dag_id=execution_api&unknown=1",
    ] {
        requests.push(Asked::new("GET", format!("/task-instances/count{filter}")));
        requests.push(Asked::new("GET", format!("/task-instances/states{filter}")));
    }
    requests
}
