//! Which route a request takes.
//!
//! Airflow's router looks at the decoded path, one route after the other, so that a key may hold
//! slashes and still be followed by `/item/2`. A `match` on the parts of the path says the same.

use axum::http::Method;
use strum::IntoStaticStr;

use crate::auth::{Scope, Token};
use crate::refusal::Refusal;
use crate::version::ApiVersion;

/// A route with what its path holds.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
pub(crate) enum Endpoint {
    Health,
    Ping,
    AssetByName,
    AssetByUri,
    AssetsByAlias,
    EventsByAsset,
    EventsByAlias,
    StartConnectionTest(String),
    FinishConnectionTest(String),
    GetConnection(String),
    RunCallback(String),
    /// The route of older versions.
    PreviousDagRunOf(String),
    GetDagRun(Run),
    TriggerDagRun(Run),
    ClearDagRun(Run),
    DagRunState(Run),
    DagRunCount,
    PreviousDagRun,
    GetDag(String),
    Run(String),
    UpdateState(String),
    SkipDownstream(String),
    Heartbeat(String),
    SetRenderedFields(String),
    SetRenderedMapIndex(String),
    PreviousSuccessfulDagRun(String),
    ValidateAssets(String),
    SetDagRunNote(String),
    TaskInstanceCount,
    PreviousTaskInstance {
        dag_id: String,
        task_id: String,
    },
    TaskStates,
    Breadcrumbs,
    RescheduleStartDate(String),
    VariableKeys,
    GetVariable(String),
    PutVariable(String),
    DeleteVariable(String),
    XComItem(XCom, String),
    XComSlice(XCom),
    XComCount(XCom),
    GetXCom(XCom),
    SetXCom(XCom),
    DeleteXCom(XCom),
    CreateHitl(String),
    UpdateHitl(String),
    GetHitl(String),
    GetTaskState(String, String),
    SetTaskState(String, String),
    DeleteTaskState(String, String),
    ClearTaskState(String),
    GetAssetState(AssetBy),
    SetAssetState(AssetBy),
    DeleteAssetState(AssetBy),
    ClearAssetState(AssetBy),
}

/// A Dag run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
}

/// Where an XCom is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct XCom {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) key: String,
}

/// What an asset is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssetBy {
    Name,
    Uri,
}

/// What there is for a method and a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This.
    Endpoint(Endpoint),
    /// Something, but not for this method; the first route has this one.
    OtherMethod(&'static str),
    /// Nothing, but something with or without a slash at the end.
    Elsewhere(String),
    /// Nothing.
    Nothing,
}

/// Looks for the route of a path below `/execution`, such as `/dags/d`.
///
/// Some routes are told apart by no version: they are as in the Airflow of the `newest` one.
pub(crate) fn find(method: &Method, path: &str, version: ApiVersion, newest: ApiVersion) -> Found {
    let routes = |path: &str| match connection(path, newest) {
        Some(routes) => routes,
        None => self::routes(path, version),
    };
    let found = routes(path);
    if let Some((first, _)) = found.first() {
        let first = *first;
        let fitting = found.into_iter().find(|(own, _)| *own == method.as_str());
        return fitting.map_or(Found::OtherMethod(first), |(_, endpoint)| {
            Found::Endpoint(endpoint)
        });
    }
    let other = match path.strip_suffix('/') {
        Some(shorter) => shorter.trim_end_matches('/').to_owned(),
        None => format!("{path}/"),
    };
    if routes(&other).is_empty() {
        Found::Nothing
    } else {
        Found::Elsewhere(other)
    }
}

/// Since Airflow 3.4 the id of a Connection may hold slashes.
fn connection(path: &str, newest: ApiVersion) -> Option<Routes> {
    let id = path.strip_prefix("/connections/")?;
    (newest >= ApiVersion::V2026_10_30).then(|| vec![(GET, Endpoint::GetConnection(own(id)))])
}

type Routes = Vec<(&'static str, Endpoint)>;

const GET: &str = "GET";
const HEAD: &str = "HEAD";
const POST: &str = "POST";
const PUT: &str = "PUT";
const PATCH: &str = "PATCH";
const DELETE: &str = "DELETE";

/// Every route of a path, in Airflow's order.
fn routes(path: &str, version: ApiVersion) -> Routes {
    let Some(path) = path.strip_prefix('/') else {
        return Vec::new();
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["health"] => vec![(GET, Endpoint::Health)],
        ["health", "ping"] => vec![(GET, Endpoint::Ping)],
        ["assets", rest] => assets(rest, version),
        ["asset-events", "by-asset"] => vec![(GET, Endpoint::EventsByAsset)],
        ["asset-events", "by-asset-alias"] => vec![(GET, Endpoint::EventsByAlias)],
        ["connection-tests", rest @ ..] if version >= ApiVersion::V2026_06_30 => {
            connection_tests(rest)
        }
        ["connections", id] => filled(&[id], || vec![(GET, Endpoint::GetConnection(own(id)))]),
        ["callbacks", id, "run"] if version >= ApiVersion::V2026_10_30 => {
            filled(&[id], || vec![(PATCH, Endpoint::RunCallback(own(id)))])
        }
        ["dag-runs", rest @ ..] => dag_runs(rest, version),
        ["dags", id] if version >= ApiVersion::V2026_04_06 => {
            filled(&[id], || vec![(GET, Endpoint::GetDag(own(id)))])
        }
        ["task-instances", rest @ ..] => task_instances(rest, version),
        ["task-reschedules", id, "start_date"] => filled(&[id], || {
            vec![(GET, Endpoint::RescheduleStartDate(own(id)))]
        }),
        ["variables", key @ ..] if !key.is_empty() => variables(key, version),
        ["xcoms", dag, run, task, key @ ..] if !key.is_empty() => {
            filled(&[dag, run, task], || xcoms([dag, run, task], key))
        }
        ["hitlDetails", id] => filled(&[id], || {
            vec![
                (POST, Endpoint::CreateHitl(own(id))),
                (PATCH, Endpoint::UpdateHitl(own(id))),
                (GET, Endpoint::GetHitl(own(id))),
            ]
        }),
        ["store", "ti", id, key @ ..] if version >= ApiVersion::V2026_06_30 => {
            filled(&[id], || task_state(id, key))
        }
        ["store", "asset", by, what] if version >= ApiVersion::V2026_06_30 => asset_state(by, what),
        _ => Vec::new(),
    }
}

/// A parameter that is not the rest of a path has at least one character.
fn filled(parameters: &[&str], routes: impl FnOnce() -> Routes) -> Routes {
    if parameters.iter().any(|text| text.is_empty()) {
        return Vec::new();
    }
    routes()
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn assets(rest: &str, version: ApiVersion) -> Routes {
    match rest {
        "by-name" => vec![(GET, Endpoint::AssetByName)],
        "by-uri" => vec![(GET, Endpoint::AssetByUri)],
        "by-alias" if version >= ApiVersion::V2026_06_30 => vec![(GET, Endpoint::AssetsByAlias)],
        _ => Vec::new(),
    }
}

fn connection_tests(rest: &[&str]) -> Routes {
    match rest {
        [id, "connection"] => filled(&[id], || {
            vec![(GET, Endpoint::StartConnectionTest(own(id)))]
        }),
        [id] => filled(&[id], || {
            vec![(PATCH, Endpoint::FinishConnectionTest(own(id)))]
        }),
        _ => Vec::new(),
    }
}

fn dag_runs(rest: &[&str], version: ApiVersion) -> Routes {
    let run = |dag: &str, run: &str| Run {
        dag_id: own(dag),
        run_id: own(run),
    };
    let moved = version >= ApiVersion::V2026_04_06;
    match rest {
        ["count"] => vec![(GET, Endpoint::DagRunCount)],
        ["previous"] if moved => vec![(GET, Endpoint::PreviousDagRun)],
        [dag, id] => filled(&[dag, id], || {
            let mut routes = Vec::new();
            if *id == "previous" && !moved && version >= ApiVersion::V2025_08_10 {
                routes.push((GET, Endpoint::PreviousDagRunOf(own(dag))));
            }
            if moved {
                routes.push((GET, Endpoint::GetDagRun(run(dag, id))));
            }
            routes.push((POST, Endpoint::TriggerDagRun(run(dag, id))));
            routes
        }),
        [dag, id, "clear"] => filled(&[dag, id], || {
            vec![(POST, Endpoint::ClearDagRun(run(dag, id)))]
        }),
        [dag, id, "state"] => filled(&[dag, id], || {
            vec![(GET, Endpoint::DagRunState(run(dag, id)))]
        }),
        _ => Vec::new(),
    }
}

fn task_instances(rest: &[&str], version: ApiVersion) -> Routes {
    match rest {
        ["count"] => vec![(GET, Endpoint::TaskInstanceCount)],
        ["states"] => vec![(GET, Endpoint::TaskStates)],
        ["breadcrumbs"] => vec![(GET, Endpoint::Breadcrumbs)],
        ["previous", dag, task] => filled(&[dag, task], || {
            let (dag_id, task_id) = (own(dag), own(task));
            vec![(GET, Endpoint::PreviousTaskInstance { dag_id, task_id })]
        }),
        [id, what] => filled(&[id], || {
            let id = own(id);
            let route = match *what {
                "run" => (PATCH, Endpoint::Run(id)),
                "state" => (PATCH, Endpoint::UpdateState(id)),
                "skip-downstream" => (PATCH, Endpoint::SkipDownstream(id)),
                "heartbeat" => (PUT, Endpoint::Heartbeat(id)),
                "rtif" => (PUT, Endpoint::SetRenderedFields(id)),
                "rendered-map-index" => (PATCH, Endpoint::SetRenderedMapIndex(id)),
                "previous-successful-dagrun" => (GET, Endpoint::PreviousSuccessfulDagRun(id)),
                "validate-inlets-and-outlets" => (GET, Endpoint::ValidateAssets(id)),
                "dag-run-note" if version >= ApiVersion::V2026_10_30 => {
                    (PATCH, Endpoint::SetDagRunNote(id))
                }
                _ => return Vec::new(),
            };
            vec![route]
        }),
        _ => Vec::new(),
    }
}

fn variables(key: &[&str], version: ApiVersion) -> Routes {
    let mut routes = Vec::new();
    if *key == ["keys"] && version >= ApiVersion::V2026_06_30 {
        routes.push((GET, Endpoint::VariableKeys));
    }
    let key = key.join("/");
    routes.extend([
        (GET, Endpoint::GetVariable(key.clone())),
        (PUT, Endpoint::PutVariable(key.clone())),
        (DELETE, Endpoint::DeleteVariable(key)),
    ]);
    routes
}

fn xcoms([dag, run, task]: [&str; 3], rest: &[&str]) -> Routes {
    let at = |key: &[&str]| XCom {
        dag_id: own(dag),
        run_id: own(run),
        task_id: own(task),
        key: key.join("/"),
    };
    let mut routes = Vec::new();
    match rest {
        [key @ .., "item", offset] if !key.is_empty() && !offset.is_empty() => {
            routes.push((GET, Endpoint::XComItem(at(key), own(offset))));
        }
        [key @ .., "slice"] if !key.is_empty() => {
            routes.push((GET, Endpoint::XComSlice(at(key))));
        }
        _ => {}
    }
    routes.extend([
        (HEAD, Endpoint::XComCount(at(rest))),
        (GET, Endpoint::GetXCom(at(rest))),
        (POST, Endpoint::SetXCom(at(rest))),
        (DELETE, Endpoint::DeleteXCom(at(rest))),
    ]);
    routes
}

fn task_state(id: &str, key: &[&str]) -> Routes {
    if key.is_empty() {
        return vec![(DELETE, Endpoint::ClearTaskState(own(id)))];
    }
    let key = key.join("/");
    vec![
        (GET, Endpoint::GetTaskState(own(id), key.clone())),
        (PUT, Endpoint::SetTaskState(own(id), key.clone())),
        (DELETE, Endpoint::DeleteTaskState(own(id), key)),
    ]
}

fn asset_state(by: &str, what: &str) -> Routes {
    let by = match by {
        "by-name" => AssetBy::Name,
        "by-uri" => AssetBy::Uri,
        _ => return Vec::new(),
    };
    match what {
        "value" => vec![
            (GET, Endpoint::GetAssetState(by)),
            (PUT, Endpoint::SetAssetState(by)),
            (DELETE, Endpoint::DeleteAssetState(by)),
        ],
        "clear" => vec![(DELETE, Endpoint::ClearAssetState(by))],
        _ => Vec::new(),
    }
}

impl Endpoint {
    /// Whether anybody may ask.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Health | Self::Ping)
    }

    /// Whether only the latest try of a task instance may ask: it changes something, and does not
    /// look for itself. Since 2026-10-30.
    pub(crate) fn is_for_latest_try(&self, method: &Method, version: ApiVersion) -> bool {
        version >= ApiVersion::V2026_10_30
            && ![Method::GET, Method::HEAD].contains(method)
            && !matches!(
                self,
                Self::UpdateState(_)
                    | Self::Heartbeat(_)
                    | Self::FinishConnectionTest(_)
                    | Self::RunCallback(_)
            )
    }

    /// Whether a callback that runs may ask: the path names no task instance.
    pub(crate) fn is_for_callbacks(&self) -> bool {
        self.owner().is_none()
    }

    /// The name in metrics and logs. It holds nothing of the path.
    pub(crate) fn name(&self) -> &'static str {
        self.into()
    }

    /// Refuses a token with the wrong scope, or of somebody else.
    pub(crate) fn check(&self, token: &Token) -> Result<(), Refusal> {
        let allowed = self.scopes();
        if !allowed.contains(&token.scope) {
            let names: Vec<_> = allowed.iter().map(|scope| scope.as_str()).collect();
            return Err(forbidden(format!(
                "Token type '{}' not allowed for this endpoint. Allowed types: {}",
                token.scope,
                names.join(", ")
            )));
        }
        match self.owner() {
            // The text counts: an id in capitals is somebody else's.
            Some((id, what)) if *id != token.id.to_string() => {
                Err(forbidden(format!("Token subject does not match {what} ID")))
            }
            _ => Ok(()),
        }
    }

    fn scopes(&self) -> &'static [Scope] {
        match self {
            Self::Run(_) => &[Scope::Execution, Scope::Workload],
            Self::StartConnectionTest(_) | Self::FinishConnectionTest(_) => &[Scope::Workload],
            Self::RunCallback(_) => &[Scope::Callback],
            _ => &[Scope::Execution],
        }
    }

    /// Who alone may ask.
    fn owner(&self) -> Option<(&String, &'static str)> {
        match self {
            Self::StartConnectionTest(id) | Self::FinishConnectionTest(id) => {
                Some((id, "connection test"))
            }
            Self::RunCallback(id) => Some((id, "callback")),
            Self::Run(id)
            | Self::UpdateState(id)
            | Self::SkipDownstream(id)
            | Self::Heartbeat(id)
            | Self::SetRenderedFields(id)
            | Self::SetRenderedMapIndex(id)
            | Self::PreviousSuccessfulDagRun(id)
            | Self::ValidateAssets(id)
            | Self::SetDagRunNote(id)
            | Self::RescheduleStartDate(id)
            | Self::CreateHitl(id)
            | Self::UpdateHitl(id)
            | Self::GetHitl(id)
            | Self::GetTaskState(id, _)
            | Self::SetTaskState(id, _)
            | Self::DeleteTaskState(id, _)
            | Self::ClearTaskState(id) => Some((id, "task instance")),
            _ => None,
        }
    }
}

fn forbidden(message: String) -> Refusal {
    Refusal::new(axum::http::StatusCode::FORBIDDEN, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(method: Method, path: &str, version: ApiVersion) -> Found {
        find(&method, path, version, ApiVersion::V2026_10_30)
    }

    fn newest(method: Method, path: &str) -> Found {
        at(method, path, ApiVersion::V2026_10_30)
    }

    fn xcom(key: &str) -> XCom {
        XCom {
            dag_id: "d".into(),
            run_id: "r".into(),
            task_id: "t".into(),
            key: key.into(),
        }
    }

    #[test]
    fn the_key_of_an_xcom_may_hold_slashes() {
        for (path, endpoint) in [
            ("/xcoms/d/r/t/a/b", Endpoint::GetXCom(xcom("a/b"))),
            (
                "/xcoms/d/r/t/a/b/item/2",
                Endpoint::XComItem(xcom("a/b"), "2".into()),
            ),
            ("/xcoms/d/r/t/a/slice", Endpoint::XComSlice(xcom("a"))),
            ("/xcoms/d/r/t/item/2", Endpoint::GetXCom(xcom("item/2"))),
            (
                "/xcoms/d/r/t//item/2",
                Endpoint::XComItem(xcom(""), "2".into()),
            ),
            ("/xcoms/d/r/t/slice", Endpoint::GetXCom(xcom("slice"))),
            ("/xcoms/d/r/t/", Endpoint::GetXCom(xcom(""))),
        ] {
            assert_eq!(
                newest(Method::GET, path),
                Found::Endpoint(endpoint),
                "{path}"
            );
        }
    }

    #[test]
    fn keys_are_listed_only_where_the_version_has_it() {
        let path = "/variables/keys";
        assert_eq!(
            at(Method::GET, path, ApiVersion::V2026_04_06),
            Found::Endpoint(Endpoint::GetVariable("keys".into()))
        );
        assert_eq!(
            newest(Method::GET, path),
            Found::Endpoint(Endpoint::VariableKeys)
        );
        assert_eq!(
            newest(Method::DELETE, path),
            Found::Endpoint(Endpoint::DeleteVariable("keys".into()))
        );
    }

    #[test]
    fn the_previous_run_has_moved() {
        let old = "/dag-runs/d/previous";
        assert_eq!(
            at(Method::GET, old, ApiVersion::V2025_11_05),
            Found::Endpoint(Endpoint::PreviousDagRunOf("d".into()))
        );
        assert_eq!(
            at(Method::GET, old, ApiVersion::V2025_05_20),
            Found::OtherMethod("POST")
        );
        assert!(matches!(
            newest(Method::GET, old),
            Found::Endpoint(Endpoint::GetDagRun(_))
        ));
        assert_eq!(
            newest(Method::GET, "/dag-runs/previous"),
            Found::Endpoint(Endpoint::PreviousDagRun)
        );
    }

    #[test]
    fn a_slash_too_many_or_too_few_leads_elsewhere() {
        assert_eq!(
            newest(Method::GET, "/assets/by-name/"),
            Found::Elsewhere("/assets/by-name".into())
        );
        assert_eq!(
            newest(Method::GET, "/variables"),
            Found::Elsewhere("/variables/".into())
        );
        assert_eq!(newest(Method::GET, "/nothing"), Found::Nothing);
        assert_eq!(newest(Method::GET, "/dags/"), Found::Nothing);
    }

    #[test]
    fn another_method_is_not_allowed() {
        assert_eq!(
            newest(Method::POST, "/variables/x"),
            Found::OtherMethod("GET")
        );
        assert_eq!(
            newest(Method::PUT, "/xcoms/d/r/t/k"),
            Found::OtherMethod("HEAD")
        );
    }

    #[test]
    fn the_name_of_a_route_holds_nothing_of_its_path() {
        assert_eq!(Endpoint::GetVariable("secret".into()).name(), "GetVariable");
        assert_eq!(Endpoint::Health.name(), "Health");
    }

    proptest::proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "(/[a-z-]{0,9}){0,7}|.*") {
            for version in ApiVersion::ALL {
                let _ = at(Method::GET, &path, *version);
            }
        }
    }
}
