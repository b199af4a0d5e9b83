//! From a request to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body as HttpBody, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::answer::json_response;
use crate::auth::{Auth, Scope, Token};
use crate::call::Call;
use crate::endpoint::{Endpoint, Found, find};
use crate::metrics::Metrics;
use crate::operation::perform;
use crate::python_parts::PythonParts;
use crate::refusal::Refusal;
use crate::request::{Body, Query};
use crate::store::{Store, StoreStatus};
use crate::unread::Discard;
use crate::upstream::{Forwarded, Upstream, may_delegate};
use crate::version::{self, ApiVersion, Asked};

/// The header of a token that takes the place of the request's.
const REFRESHED_TOKEN: HeaderName = HeaderName::from_static("refreshed-api-token");
const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");
const PREFIX: &str = "/execution";

/// How the routes behave.
#[derive(Debug, Clone)]
pub struct RouterSettings {
    /// Who may ask.
    pub auth: Auth,
    /// The newest version that is served: that of the Airflow whose database this is.
    pub newest: ApiVersion,
    /// The longest body, in bytes.
    pub body_limit: usize,
    /// How long one request may take.
    pub time_limit: Duration,
    /// How many requests are served at the same time. One more is answered with 503 at once.
    pub max_in_flight: usize,
    /// Who does what the store cannot.
    pub upstream: Option<Upstream>,
    /// What the configuration gives to Python classes, which the store cannot ask.
    pub python_parts: PythonParts,
    /// What is counted.
    pub metrics: Metrics,
}

impl RouterSettings {
    /// Airflow 3.3, bodies of 64 MiB, half a minute, 512 requests at a time, no upstream.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            newest: ApiVersion::AIRFLOW_3_3,
            body_limit: 64 << 20,
            time_limit: Duration::from_secs(30),
            max_in_flight: 512,
            upstream: None,
            python_parts: PythonParts::default(),
            metrics: Metrics::new(),
        }
    }
}

struct App {
    store: Arc<dyn Store>,
    settings: RouterSettings,
    places: Semaphore,
}

/// The routes of the Execution API below `/execution`, `/health/live`, `/health/ready` and
/// `/metrics`, in front of a store.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use aileron_execution_api::ExecutionApi;
/// # fn api_of(ti_id: uuid::Uuid) -> Arc<dyn ExecutionApi> { unimplemented!() }
/// use aileron_server::auth::{Auth, AuthSettings};
/// use aileron_server::{RouterSettings, router};
///
/// let auth = Auth::new(&AuthSettings::with_secret("a secret of 64 characters or more"))?;
/// let routes = router(Arc::new(api_of), RouterSettings::new(auth));
/// # drop(routes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn router(store: Arc<dyn Store>, settings: RouterSettings) -> Router {
    let app = Arc::new(App {
        places: Semaphore::new(settings.max_in_flight),
        store,
        settings,
    });
    Router::new()
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .fallback(serve)
        .with_state(app)
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    if let Some(problem) = app.settings.auth.problem().await {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response();
    }
    match app.store.status().await {
        StoreStatus::Ready => "ready\n".into_response(),
        StoreStatus::Away(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
        }
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, TYPE)], app.settings.metrics.text()).into_response()
}

async fn serve(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let started = Instant::now();
    let asked = Asked::of(request.headers().get(version::HEADER), app.settings.newest);
    let correlation = request.headers().get(&CORRELATION_ID).cloned();
    let discard = Discard::after(request.headers(), app.settings.body_limit);
    let (route, mut response) = answer(&app, &asked, &mut request).await;
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(version::HEADER), asked.echo);
    if let Some(id) = &correlation {
        headers.insert(CORRELATION_ID, id.clone());
    }
    let (status, took) = (response.status(), started.elapsed());
    app.settings.metrics.answered(route, status.as_u16(), took);
    log(route, status, took, correlation.as_ref());
    if !request.body().is_end_stream() {
        // What the answer has left of the time.
        let patience = app.settings.time_limit.saturating_sub(took);
        let body = request.body_mut();
        Box::pin(discard.rest_of(body, patience, response.headers_mut())).await;
    }
    response
}

fn log(route: &str, status: StatusCode, took: Duration, correlation: Option<&HeaderValue>) {
    let correlation_id = correlation.and_then(|id| id.to_str().ok());
    let (status, ms) = (status.as_u16(), took.as_secs_f64() * 1000.0);
    if status >= 500 {
        tracing::warn!(route, status, ms, correlation_id, "request");
    } else {
        tracing::debug!(route, status, ms, correlation_id, "request");
    }
}

/// The name of the route and the answer. The body stays in the request unless it was needed.
async fn answer(app: &App, asked: &Asked, request: &mut Request) -> (&'static str, Response) {
    let endpoint = match route(asked, app.settings.newest, request) {
        Ok(endpoint) => endpoint,
        Err(response) => return ("none", *response),
    };
    let name = endpoint.name();
    if endpoint.is_open() {
        return (name, Box::pin(open(app, &endpoint)).await);
    }
    let Ok(_place) = app.places.try_acquire() else {
        app.settings.metrics.turned_away();
        let busy = Refusal::unavailable("overloaded", "Too many requests at once; try again");
        return (name, busy.into_response());
    };
    let _counted = app.settings.metrics.in_flight();
    let limit = app.settings.time_limit;
    let served = tokio::time::timeout(limit, authenticated(app, asked, &endpoint, request));
    let response = match served.await {
        Ok(response) => response,
        Err(_) => {
            Refusal::unavailable("timeout", "The request took too long; try again").into_response()
        }
    };
    (name, response)
}

/// Which route it is, or the answer that there is none.
fn route(asked: &Asked, newest: ApiVersion, request: &Request) -> Result<Endpoint, Box<Response>> {
    let refused = |refusal: Refusal| Box::new(refusal.into_response());
    let (Some(version), Some(path)) = (asked.version, below_prefix(request)) else {
        return Err(refused(Refusal::not_found()));
    };
    match find(request.method(), &path, version, newest) {
        Found::Endpoint(endpoint) => match asked.check() {
            Ok(()) => Ok(endpoint),
            Err(refusal) => Err(refused(refusal)),
        },
        Found::OtherMethod(method) => Err(refused(Refusal::not_allowed(method))),
        Found::Nothing => Err(refused(Refusal::not_found())),
        Found::Elsewhere(path) => Err(Box::new(redirect(&path, request))),
    }
}

/// The decoded path below `/execution`.
fn below_prefix(request: &Request) -> Option<String> {
    let path = request.uri().path().strip_prefix(PREFIX)?;
    path.starts_with('/')
        .then(|| percent_decode_str(path).decode_utf8_lossy().into_owned())
}

fn redirect(path: &str, request: &Request) -> Response {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    let path = percent_encoding::utf8_percent_encode(path, KEPT);
    let query = request.uri().query().map(|query| format!("?{query}"));
    let location = format!("{PREFIX}{path}{}", query.unwrap_or_default());
    let mut response = Response::new(HttpBody::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What anybody may ask.
async fn open(app: &App, endpoint: &Endpoint) -> Response {
    if *endpoint == Endpoint::Health {
        return json_response(StatusCode::OK, &json!({"status": "healthy"}));
    }
    let mut failing = serde_json::Map::new();
    let mut ok = Vec::new();
    match app.settings.auth.problem().await {
        None => ok.push("tokens"),
        Some(problem) => {
            failing.insert("tokens".into(), problem.into());
        }
    }
    match app.store.status().await {
        StoreStatus::Ready => ok.push("store"),
        StoreStatus::Away(reason) => {
            failing.insert("store".into(), reason.into());
        }
    }
    let status = if failing.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    json_response(status, &json!({"ok": ok, "failing": failing}))
}

async fn authenticated(
    app: &App,
    asked: &Asked,
    endpoint: &Endpoint,
    request: &mut Request,
) -> Response {
    let token = match token_of(app, request.headers()).await {
        Ok(token) => token,
        Err(refusal) => return refusal.into_response(),
    };
    let renewed = app.settings.auth.renew(&token);
    // A request that only starts a task gets the token that the task goes on with.
    let swapped = matches!(
        (token.scope, endpoint),
        (Scope::Workload, Endpoint::Run(_)) | (Scope::Callback, Endpoint::RunCallback(_))
    )
    .then(|| app.settings.auth.execution_token(&token))
    .flatten();
    let mut response = match checked(app, asked, endpoint, token, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    let new = if response.status().is_success() {
        swapped.or(renewed)
    } else {
        renewed
    };
    if let Some(new) = new.and_then(|token| HeaderValue::try_from(token).ok()) {
        // An upstream that was asked has swapped the token itself; one is as good as the other.
        response.headers_mut().insert(REFRESHED_TOKEN, new);
    }
    response
}

async fn token_of(app: &App, headers: &HeaderMap) -> Result<Arc<Token>, Refusal> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, text)| kind.eq_ignore_ascii_case("bearer") && !text.is_empty());
    let Some((_, text)) = given else {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "Missing auth token"));
    };
    let is_known = |token: &Arc<Token>| {
        token.scope != Scope::Callback || app.settings.newest >= ApiVersion::V2026_10_30
    };
    app.settings
        .auth
        .token(text)
        .await
        .filter(is_known)
        .ok_or_else(|| Refusal::new(StatusCode::FORBIDDEN, "Invalid auth token"))
}

async fn checked(
    app: &App,
    asked: &Asked,
    endpoint: &Endpoint,
    token: Arc<Token>,
    request: &mut Request,
) -> Result<Response, Refusal> {
    endpoint.check(&token)?;
    let bytes = Limited::new(request.body_mut(), app.settings.body_limit)
        .collect()
        .await
        .map_err(|_| too_large(app.settings.body_limit))?
        .to_bytes();
    let (parts, _) = std::mem::take(request).into_parts();
    if let Some(option) = app.settings.python_parts.option_for(endpoint) {
        let refusal = Refusal::unsupported(format!(
            "{option} names a Python class, which only Airflow's own server can ask: see --upstream"
        ));
        return Box::pin(delegate(app, endpoint, refusal, parts, bytes)).await;
    }
    let is_for_latest_try =
        endpoint.is_for_latest_try(&parts.method, asked.version.unwrap_or(app.settings.newest));
    let call = Call {
        version: asked.version.unwrap_or(app.settings.newest),
        newest: app.settings.newest,
        api: app.store.task(token.id),
        connection_tests: app.store.connection_tests(),
        callbacks: app.store.callbacks(),
        token,
        query: Query::parse(parts.uri.query()),
        body: Body::new(bytes.clone(), &parts.headers),
    };
    // Without an upstream nobody needs the request again: the buffer that it was read into goes before the database is asked.
    let kept = app.settings.upstream.is_some().then_some((parts, bytes));
    if is_for_latest_try {
        call.api
            .check_is_latest_try(endpoint.is_for_callbacks())
            .await?;
    }
    match (perform(endpoint, &call).await, kept) {
        (Ok(answer), _) => Ok(answer.into_response()),
        (Err(refusal), Some((parts, bytes)))
            if refusal.is_unsupported() && may_delegate(endpoint) =>
        {
            Box::pin(delegate(app, endpoint, refusal, parts, bytes)).await
        }
        (Err(refusal), _) => Err(refusal),
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::because(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("The body is longer than {limit} bytes, or was not sent to its end"),
    )
}

/// What is done seldom lies in a box of its own, here and elsewhere: a request that waits for the database takes the memory
/// of all that it might still do.
async fn delegate(
    app: &App,
    endpoint: &Endpoint,
    refusal: Refusal,
    parts: axum::http::request::Parts,
    body: Bytes,
) -> Result<Response, Refusal> {
    let Some(upstream) = &app.settings.upstream else {
        return Err(refusal);
    };
    tracing::debug!(route = endpoint.name(), "sent on to the upstream server");
    app.settings.metrics.delegated();
    let below = parts.uri.path_and_query().map(|path| path.as_str());
    let below = below.and_then(|path| path.strip_prefix(PREFIX));
    let forwarded = Forwarded {
        method: parts.method,
        path_and_query: below.unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    upstream.forward(forwarded).await
}
