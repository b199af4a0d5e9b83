//! Routes in front of an empty database.
#![allow(dead_code, clippy::unwrap_used)] // not every test uses everything

use std::sync::Arc;

use aileron_execution_api::ExecutionApi;
use aileron_metastore::Metastore;
use aileron_metastore::database::Missing;
use aileron_server::auth::{Auth, AuthSettings, Scope};
use aileron_server::{RouterSettings, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Routes in front of a database that goes with this.
pub(crate) struct Server {
    pub(crate) routes: Router,
    pub(crate) auth: Auth,
    _directory: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    pub(crate) async fn with(change: impl FnOnce(RouterSettings) -> RouterSettings) -> Self {
        Self::with_auth(&AuthSettings::with_secret(SECRET), change).await
    }

    pub(crate) async fn with_auth(
        auth: &AuthSettings,
        change: impl FnOnce(RouterSettings) -> RouterSettings,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("airflow.db");
        let metastore = Metastore::open(&path, Missing::Create).await.unwrap();
        let store = move |ti_id| Arc::new(metastore.task(ti_id)) as Arc<dyn ExecutionApi>;
        let auth = Auth::new(auth).unwrap();
        Self {
            routes: router(Arc::new(store), change(RouterSettings::new(auth.clone()))),
            auth,
            _directory: directory,
        }
    }

    pub(crate) fn token(&self, id: Uuid) -> String {
        self.auth.issue(id, Scope::Execution).unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Came {
        send(&self.routes, request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Came {
        self.call("GET", path, None).await
    }

    /// A request of some task instance.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&str>) -> Came {
        self.send(self.request(method, path, body)).await
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&str>) -> Request<Body> {
        self.request_of(Uuid::from_u128(7), method, path, body)
    }

    pub(crate) fn request_of(
        &self,
        id: Uuid,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Request<Body> {
        let builder = Request::builder()
            .method(method)
            .uri(format!("/execution{path}"))
            .header("authorization", format!("Bearer {}", self.token(id)));
        match body {
            None => builder.body(Body::empty()),
            Some(text) => builder
                .header("content-type", "application/json")
                .body(Body::from(text.to_owned())),
        }
        .unwrap()
    }
}

pub(crate) async fn send(routes: &Router, request: Request<Body>) -> Came {
    let response = routes.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Came {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}
