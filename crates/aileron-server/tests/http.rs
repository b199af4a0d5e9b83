//! What every route has in common: versions, routes, refusals, limits.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use aileron_execution_api::ExecutionApi;
use aileron_server::{PythonParts, RouterSettings, Upstream, router};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use support::{SECRET, Server, send};

#[tokio::test]
async fn health_needs_no_token() {
    let server = Server::new().await;
    let request = Request::get("/execution/health")
        .body(Body::empty())
        .unwrap();
    let came = server.send(request).await;
    assert_eq!(came.status, StatusCode::OK);
    assert_eq!(came.body, r#"{"status":"healthy"}"#);
    assert_eq!(came.header("airflow-api-version"), Some("2026-06-30"));
    for path in ["/health/live", "/health/ready", "/execution/health/ping"] {
        let came = server
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(came.status, StatusCode::OK, "{path}: {}", came.body);
    }
}

#[tokio::test]
async fn the_version_that_was_asked_for_is_repeated() {
    let server = Server::new().await;
    for (version, status) in [
        ("2025-04-11", StatusCode::NOT_FOUND),
        ("2026-06-30", StatusCode::OK),
        ("2030-01-01", StatusCode::OK),
        ("garbage", StatusCode::UNPROCESSABLE_ENTITY),
        ("2020-01-01", StatusCode::NOT_FOUND),
    ] {
        let mut request = server.request("GET", "/variables/keys", None);
        request
            .headers_mut()
            .insert("airflow-api-version", version.parse().unwrap());
        let came = server.send(request).await;
        assert_eq!(came.status, status, "{version}: {}", came.body);
        assert_eq!(came.header("airflow-api-version"), Some(version));
    }
}

#[tokio::test]
async fn the_correlation_id_comes_back() {
    let server = Server::new().await;
    let mut request = server.request("GET", "/variables/x", None);
    request
        .headers_mut()
        .insert("correlation-id", "c-1".parse().unwrap());
    let came = server.send(request).await;
    assert_eq!(came.header("correlation-id"), Some("c-1"));
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let server = Server::new().await;
    let came = server.get("/nothing").await;
    assert_eq!(
        (came.status, came.body.as_str()),
        (StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#)
    );
    let came = server.call("POST", "/variables/x", None).await;
    assert_eq!(came.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(came.header("allow"), Some("GET"));
    let came = server.get("/assets/by-name/?name=a").await;
    assert_eq!(came.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(
        came.header("location"),
        Some("/execution/assets/by-name?name=a")
    );
}

#[tokio::test]
async fn a_value_comes_back_as_it_went_in() {
    let server = Server::new().await;
    let came = server
        .call(
            "PUT",
            "/variables/a%2Fb",
            Some(r#"{"val": "é", "description": null}"#),
        )
        .await;
    assert_eq!(came.status, StatusCode::CREATED, "{}", came.body);
    assert_eq!(came.body, r#"{"message":"Variable successfully set"}"#);
    let came = server.get("/variables/a/b").await;
    assert_eq!(came.body, r#"{"key":"a/b","value":"é"}"#);
    let came = server.get("/variables/keys?prefix=a").await;
    assert_eq!(came.body, r#"{"keys":["a/b"],"total_entries":1}"#);
    let came = server.call("DELETE", "/variables/a/b", None).await;
    assert_eq!(
        (came.status, came.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    let came = server.get("/variables/a/b").await;
    assert_eq!(came.status, StatusCode::NOT_FOUND);
    assert_eq!(came.json()["detail"]["reason"], "not_found");
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let server = Server::new().await;
    let came = server.get("/variables/keys?limit=0&offset=x").await;
    assert_eq!(came.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        came.json(),
        json!({"detail": [
            {"type": "greater_than_equal", "loc": ["query", "limit"],
             "msg": "Input should be greater than or equal to 1", "input": "0", "ctx": {"ge": 1}},
            {"type": "int_parsing", "loc": ["query", "offset"],
             "msg": "Input should be a valid integer, unable to parse string as an integer", "input": "x"},
        ]})
    );
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let server = Server::with(|settings| RouterSettings {
        body_limit: 10,
        ..settings
    })
    .await;
    let came = server
        .call("PUT", "/variables/x", Some(r#"{"val": "0123456789"}"#))
        .await;
    assert_eq!(came.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn one_request_too_many_is_turned_away_at_once() {
    let server = Server::with(|settings| RouterSettings {
        max_in_flight: 0,
        ..settings
    })
    .await;
    let came = server.get("/variables/x").await;
    assert_eq!(came.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(came.header("retry-after"), Some("1"));
    let health = Request::get("/execution/health")
        .body(Body::empty())
        .unwrap();
    assert_eq!(server.send(health).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let server = Server::with(|settings| RouterSettings {
        time_limit: Duration::from_secs(1),
        ..settings
    })
    .await;
    // No time passes in this test but by jumps.
    tokio::time::pause();
    // A body that never ends.
    let body = Body::from_stream(futures_util::stream::pending::<
        Result<bytes::Bytes, std::io::Error>,
    >());
    let mut request = server.request("PUT", "/variables/x", None);
    *request.body_mut() = body;
    let came = server.send(request).await;
    assert_eq!(came.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(came.json()["detail"]["reason"], "timeout");
}

#[tokio::test]
async fn what_the_store_cannot_do_is_said_clearly() {
    let server = Server::new().await;
    let came = server
        .get("/xcoms/d/r/t/k?offset=1&include_prior_dates=true")
        .await;
    assert_eq!(came.status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(came.json()["detail"]["reason"], "not_supported");
}

#[tokio::test]
async fn what_the_store_cannot_do_is_sent_on_when_there_is_somebody() {
    let upstream = axum::Router::new().fallback(|request: Request<Body>| async move {
        let token = request.headers().contains_key("authorization");
        format!("{} {} {token}", request.method(), request.uri())
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, upstream).await });
    let upstream = Upstream::new(&format!("http://{address}/execution")).unwrap();
    let server = Server::with(|settings| RouterSettings {
        upstream: Some(upstream),
        ..settings
    })
    .await;
    let path = "/xcoms/d/r/t/a%20b?offset=1&include_prior_dates=true";
    let came = server.get(path).await;
    assert_eq!(came.status, StatusCode::OK, "{}", came.body);
    assert_eq!(came.body, format!("GET /execution{path} true"));
    task.abort();
}

#[tokio::test]
async fn what_a_python_class_is_configured_for_is_not_answered_from_the_database() {
    let server = Server::with(|settings| RouterSettings {
        python_parts: PythonParts {
            secrets_backend: true,
            state_backend: true,
        },
        ..settings
    })
    .await;
    let id = uuid::Uuid::from_u128(7);
    for (path, option) in [
        ("/variables/x".to_owned(), "[secrets] backend"),
        ("/connections/x".to_owned(), "[secrets] backend"),
        (format!("/store/ti/{id}/x"), "[state_store] backend"),
    ] {
        let came = server.get(&path).await;
        assert_eq!(came.status, StatusCode::NOT_IMPLEMENTED, "{path}");
        assert!(came.body.contains(option), "{path}: {}", came.body);
        assert_eq!(came.json()["detail"]["reason"], "not_supported");
    }
    let came = server.get("/variables/keys").await;
    assert_eq!(came.status, StatusCode::OK, "{}", came.body);
    // Who may not ask learns nothing about it.
    let request = Request::get("/execution/variables/x").body(Body::empty());
    let came = server.send(request.unwrap()).await;
    assert_eq!(came.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let server = Server::new().await;
    server.get("/variables/x").await;
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let came = server.send(request).await;
    assert!(
        came.body
            .contains(r#"aileron_requests_total{route="GetVariable",status="404"} 1"#),
        "{}",
        came.body
    );
}

#[tokio::test]
async fn a_closure_is_a_store() {
    let auth =
        aileron_server::auth::Auth::new(&aileron_server::auth::AuthSettings::with_secret(SECRET));
    let nobody = |_: uuid::Uuid| -> Arc<dyn ExecutionApi> { unreachable!("no request needs it") };
    let routes = router(Arc::new(nobody), RouterSettings::new(auth.unwrap()));
    let request = Request::get("/execution/health")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&routes, request).await.status, StatusCode::OK);
}
